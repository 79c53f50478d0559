"""Two real Kubernetes clusters, and what they need, on one machine: `python -m deploy.lab up`. Standard library only."""
