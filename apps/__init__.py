"""Applications: what teams declare, rendered for clusters and kept as rows."""
