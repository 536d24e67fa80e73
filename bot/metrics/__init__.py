"""What Prometheus reads at /metrics; every name begins with `sitrep_`, no label names a person."""
