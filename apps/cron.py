"""What a CronJob takes as its schedule: five fields, read as strictly as its controller reads them; and when that is.

A time of day that a clock change skips comes when the clock has been changed, one that comes twice is meant the first
time: so each comes once on each of its days. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from apps.wording import marked as _
from apps.wording import worded

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    (_("minute"), 0, 59, ()),
    (_("hour"), 0, 23, ()),
    (_("day of the month"), 1, 31, ()),
    (_("month"), 1, 12, MONTHS),
    # Not 7 for Sunday: the controller refuses it.
    (_("day of the week"), 0, 6, WEEKDAYS),
)
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?P<first>\*|[0-9]{1,2}|[a-z]{3})(-(?P<last>[0-9]{1,2}|[a-z]{3}))?(/(?P<step>[0-9]{1,2}))?")


LONGEST = timedelta(days=8 * 366)
"""From one 29 February to the next, around a year that has none."""


@dataclass(frozen=True, slots=True)
class _Times:
    """The values of an expression, sorted; days as cron has it: with both kinds given, either is enough."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    by_either: bool

    def has(self, day: date) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (of_month or of_week if self.by_either else of_month and of_week)

    @property
    def a_day(self) -> int:
        """How many there are on a day."""
        return len(self.hours) * len(self.minutes)

    def instant(self, day: date, zone: ZoneInfo, number: int) -> datetime:
        """One of those of a day, by its number from 0, in UTC."""
        hour, minute = divmod(number, len(self.minutes))
        return _instant(datetime(day.year, day.month, day.day, self.hours[hour], self.minutes[minute], tzinfo=zone))

    def passed(self, day: date, zone: ZoneInfo, moment: datetime) -> int:
        """How many of those of a day are not after the moment; they are in order."""
        return bisect_right(range(self.a_day), moment, key=lambda number: self.instant(day, zone, number))


def last(expression: str, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The last time the expression told, the moment included; None where there was none in eight years."""
    times = _times(expression)
    for day in _days(times, moment.astimezone(zone).date(), back=True):
        if passed := times.passed(day, zone, moment):
            return times.instant(day, zone, passed - 1)
    return None


def following(expression: str, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The next time the expression tells after the moment; None where there is none in eight years."""
    times = _times(expression)
    for day in _days(times, moment.astimezone(zone).date(), back=False):
        if (passed := times.passed(day, zone, moment)) < times.a_day:
            return times.instant(day, zone, passed)
    return None


def check(expression: str) -> None:
    """ValueError says why it is no schedule, or one that never comes."""
    texts = expression.split(" ")
    if len(texts) != len(FIELDS):
        raise ValueError(worded(_("%(count)s fields"), count=len(texts)))
    days, months = [_values(text, *field) for text, field in zip(texts, FIELDS, strict=True)][2:4]
    # A day of the week that is given is enough by itself, so only the days of a month can contradict each other.
    if texts[4] == "*" and all(min(days) > LONGEST_MONTHS[month - 1] for month in months):
        raise ValueError(worded(_("no such day as %(day)s in these months"), day=min(days)))


def _values(text: str, what: str, least: int, most: int, names: tuple[str, ...]) -> set[int]:
    """The values a field stands for."""
    found: set[int] = set()
    for part in text.lower().split(","):
        matched = _PART.fullmatch(part)
        if matched is None or (matched["first"] == "*" and matched["last"]):
            raise ValueError(_as_the(part or worded(_("nothing")), what))
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
            template = _("%(part)s as the %(field)s, which goes from %(least)s to %(most)s")
            raise ValueError(worded(template, part=part, field=worded(what), least=least, most=most))
        found.update(range(first, last + 1, step))
    return found


def _as_the(part: str, what: str) -> str:
    return worded(_("%(part)s as the %(field)s"), part=part, field=worded(what))


def _value(text: str, what: str, least: int, names: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    if text not in names:
        raise ValueError(_as_the(text, what))
    return names.index(text) + least


@cache
def _times(expression: str) -> _Times:
    texts = expression.split(" ")
    minutes, hours, days, months, weekdays = (_values(text, *each) for text, each in zip(texts, FIELDS, strict=True))
    by_either = texts[2] != "*" and texts[4] != "*"
    return _Times(
        tuple(sorted(minutes)), tuple(sorted(hours)), frozenset(days), frozenset(months), frozenset(weekdays), by_either
    )


def _days(times: _Times, first: date, *, back: bool) -> Iterator[date]:
    """The days that have times, from the first on or back, for eight years."""
    day = first
    while abs(day - first) <= LONGEST:
        if times.has(day):
            yield day
        day = _next_day(times, day, back=back)


def _next_day(times: _Times, day: date, *, back: bool) -> date:
    """The day after it or before it; over the whole month where nothing is in it."""
    if day.month in times.months:
        return day + timedelta(days=-1 if back else 1)
    edge = day.replace(day=1)
    return edge - timedelta(days=1) if back else (edge + timedelta(days=31)).replace(day=1)


def _instant(wall: datetime) -> datetime:
    """When a clock on the wall shows it first; where none ever does, when it has been put forward past it."""
    found = wall.astimezone(UTC)
    if found.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    early, late = wall.replace(fold=1).astimezone(UTC), found
    after = late.astimezone(wall.tzinfo).utcoffset()
    while late - early > timedelta(minutes=1):
        middle = early + timedelta(minutes=(late - early) // timedelta(minutes=2))
        if middle.astimezone(wall.tzinfo).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late
