"""What a CronJob takes as its schedule: five fields, read as strictly as its controller reads them. Pure."""

from __future__ import annotations

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    # Not 7 for Sunday: the controller refuses it.
    ("day of the week", 0, 6, WEEKDAYS),
)
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?P<first>\*|[0-9]{1,2}|[a-z]{3})(-(?P<last>[0-9]{1,2}|[a-z]{3}))?(/(?P<step>[0-9]{1,2}))?")


def check(expression: str) -> None:
    """ValueError says why it is no schedule, or one that never comes."""
    texts = expression.split(" ")
    if len(texts) != len(FIELDS):
        raise ValueError(f"{len(texts)} fields")
    _, _, days, months, _ = (_values(text, *field) for text, field in zip(texts, FIELDS, strict=True))
    # A day of the week that is given is enough by itself, so only the days of a month can contradict each other.
    if texts[4] == "*" and all(min(days) > LONGEST_MONTHS[month - 1] for month in months):
        raise ValueError(f"no such day as {min(days)} in these months")


def _values(text: str, what: str, least: int, most: int, names: tuple[str, ...]) -> set[int]:
    """The values a field stands for."""
    found: set[int] = set()
    for part in text.lower().split(","):
        matched = _PART.fullmatch(part)
        if matched is None or (matched["first"] == "*" and matched["last"]):
            raise ValueError(f"{part or 'nothing'} as the {what}")
        step = int(matched["step"] or 1)
        if matched["first"] == "*":
            first, last = least, most
        else:
            first = _value(matched["first"], what, least, names)
            # As the controller has it, 5/10 is 5-59/10.
            last = (
                _value(matched["last"], what, least, names) if matched["last"] else most if matched["step"] else first
            )
        if not least <= first <= last <= most or not step:
            raise ValueError(f"{part} as the {what}, which goes from {least} to {most}")
        found.update(range(first, last + 1, step))
    return found


def _value(text: str, what: str, least: int, names: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    if text not in names:
        raise ValueError(f"{text} as the {what}")
    return names.index(text) + least
