"""Measurements. Each module is a program of its own; `make bench` runs them against a running demo."""
