"""Generic delivery: clusters, what is wanted on them, and the loop that gets it there."""
