"""The IANA time zones, as the locked package tzdata has them: not as the machine happens to have them.

Names are read once, when it is imported, each zone when it is first asked for. Pure otherwise.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

ZONES = frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of one of the names. ValueError for another."""
    if name not in ZONES:
        raise ValueError(f"there is no time zone {name}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
