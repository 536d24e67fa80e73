"""The status page's own process: it reads a snapshot directory and needs nothing else."""
