"""The commands of `dougong`: each parses, asks `client` or `join`, and prints."""
