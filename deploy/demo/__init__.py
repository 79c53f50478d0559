"""The demo: two clusters, the control plane, and a sample application on both, by one command."""
