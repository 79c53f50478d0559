"""How the console writes moments, in every language the same way and in the reader's zone: as logs and people do."""
