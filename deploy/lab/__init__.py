"""Two real Kubernetes clusters on one machine: `python -m deploy.lab up`. Needs the standard library only."""
