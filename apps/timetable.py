"""By which bounds a scaler scales at a moment: those of the windows that are open then, else its own.

A timetable stands in an annotation of its HorizontalPodAutoscaler, put there by `scaling`; `services.submit` asks what
holds when something is delivered, `services.timetable` when a window begins or ends. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps import cron
from apps.timezones import zone
from clusters.manifests import Body, Manifest

ANNOTATION_TIMETABLE = "dougong.dev/timetable"
SCALER = "HorizontalPodAutoscaler"
MOST_EDGES = 200
"""So many beginnings and ends are looked at in one go: a cron expression may tell each minute."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest and the most replicas."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A window: cron expressions of its beginning and end, in a time zone."""

    name: str
    start: str
    end: str
    time_zone: str
    bounds: Bounds

    def is_open(self, moment: datetime) -> bool:
        """Whether it has begun since it last ended; its end does not belong to it."""
        began = cron.last(self.start, zone(self.time_zone), moment)
        ended = cron.last(self.end, zone(self.time_zone), moment)
        return began is not None and (ended is None or began > ended)

    def next_edge(self, moment: datetime) -> datetime | None:
        """Its next beginning or end after the moment."""
        edges = (cron.following(each, zone(self.time_zone), moment) for each in (self.start, self.end))
        return min(filter(None, edges), default=None)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The bounds outside all windows, and the windows."""

    bounds: Bounds
    windows: tuple[Opening, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Timetable | None:
        """That of a scaler, None where it has none."""
        text = (body["metadata"].get("annotations") or {}).get(ANNOTATION_TIMETABLE)
        if body["kind"] != SCALER or text is None:
            return None
        found = json.loads(text)
        windows = ({**each, "bounds": Bounds(*each["bounds"])} for each in found["windows"])
        return cls(Bounds(*found["bounds"]), tuple(Opening(**each) for each in windows))

    def open_at(self, moment: datetime) -> tuple[Opening, ...]:
        """The windows that are open."""
        return tuple(each for each in self.windows if each.is_open(moment))

    def at(self, moment: datetime) -> Bounds:
        """What holds: of several open windows the greatest of each bound, so that their order does not matter."""
        found = [each.bounds for each in self.open_at(moment)] or [self.bounds]
        return Bounds(max(each.least for each in found), max(each.most for each in found))

    def next_change(self, moment: datetime) -> tuple[datetime, Bounds] | None:
        """When other bounds hold than at the moment, and which; None where nothing ever begins or ends.

        They are the same where nothing changes at so many edges in a row (`MOST_EDGES`): then it is to be asked again.
        """
        now, at = self.at(moment), moment
        for _ in range(MOST_EDGES):
            following = min(filter(None, (each.next_edge(at) for each in self.windows)), default=None)
            if following is None:
                return None
            at = following
            if (then := self.at(at)) != now:
                return at, then
        return at, now


def in_force(body: Mapping[str, Any]) -> Bounds:
    """The bounds that a scaler has."""
    return Bounds(body["spec"]["minReplicas"], body["spec"]["maxReplicas"])


def turned(manifests: Iterable[Manifest], moment: datetime) -> tuple[Manifest, ...]:
    """The same manifests with the bounds that hold at the moment in each scaler that has a timetable."""
    return tuple(_turned(each, Timetable.of(each.body), moment) for each in manifests)


def next_turn(manifests: Iterable[Manifest], moment: datetime) -> datetime | None:
    """When `turned` gives something else than at the moment, or at the latest when that is to be found out anew."""
    tables = filter(None, (Timetable.of(each.body) for each in manifests))
    changes = filter(None, (each.next_change(moment) for each in tables))
    return min((at for at, _ in changes), default=None)


def _turned(manifest: Manifest, timetable: Timetable | None, moment: datetime) -> Manifest:
    if timetable is None or (bounds := timetable.at(moment)) == in_force(manifest.body):
        return manifest
    body: Body = {**manifest.body}
    body["spec"] = {**body["spec"], "minReplicas": bounds.least, "maxReplicas": bounds.most}
    return replace(manifest, body=body)
