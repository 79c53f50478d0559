"""The one error that a person of the lab is meant to read: it is printed as it is, without a traceback."""


class LabError(Exception):
    """Something that the lab can't do, and why."""
