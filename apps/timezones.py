"""The names of the IANA time zones, as the locked package tzdata lists them: not as the machine happens to have them.

Read once, when it is imported. Pure otherwise.
"""

from __future__ import annotations

from importlib.resources import files

ZONES = frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
