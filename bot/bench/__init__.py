"""The project's own benchmarks: rates measured side by side in one run."""
