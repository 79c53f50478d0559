"""The REST API of people, teams and tokens."""
