"""Measurements: `make bench` runs them all, `python -m bench` some of them. README.md tells how."""
