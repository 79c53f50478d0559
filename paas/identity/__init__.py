"""People, teams, their roles and tokens."""
