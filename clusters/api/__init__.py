"""The REST API of the fleet and of what is delivered to it."""
