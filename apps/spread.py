"""How many replicas of each process are desired on which cluster, read from the manifests that are delivered there.

Shown before a deploy (what it would come to) and after it (what it came to). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.timetable import SCALER

Stored = Mapping[str, Any]
"""A manifest as a Work keeps it: {"body", "phase", "references"}."""
COMPONENT = "app.kubernetes.io/component"
REPLICATED = ("Deployment", "StatefulSet")


@dataclass(frozen=True, slots=True)
class Count:
    """Replicas of a process on a cluster: from `least` to `most`, which differ where it is scaled."""

    least: int
    most: int

    def to_json(self) -> dict[str, int]:
        """{"min", "max"}."""
        return {"min": self.least, "max": self.most}


@dataclass(frozen=True, slots=True)
class Part:
    """A cluster's part of a process, now and then; None where it is not there."""

    cluster: str
    before: Count | None
    after: Count | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A process and its parts, by the names of the clusters."""

    process: str
    parts: tuple[Part, ...]


Counts = dict[str, Count]
"""By process."""


def counts(manifests: Iterable[Stored]) -> Counts:
    """What is desired on one cluster; what runs to its end has no replicas."""
    own: Counts = {}
    scaled: Counts = {}
    for body in (each["body"] for each in manifests):
        process = (body["metadata"].get("labels") or {}).get(COMPONENT)
        if process is None:
            continue
        if body["kind"] == SCALER:
            scaled[process] = Count(body["spec"]["minReplicas"], body["spec"]["maxReplicas"])
        elif body["kind"] in REPLICATED and "replicas" in body["spec"]:
            own[process] = Count(body["spec"]["replicas"], body["spec"]["replicas"])
    return own | scaled


def spread(before: Mapping[str, Iterable[Stored]], after: Mapping[str, Iterable[Stored]]) -> tuple[Spread, ...]:
    """Of two desired states, each by cluster."""
    old = {cluster: counts(manifests) for cluster, manifests in before.items()}
    new = {cluster: counts(manifests) for cluster, manifests in after.items()}
    clusters = sorted({*old, *new})
    processes = sorted({process for each in (*old.values(), *new.values()) for process in each})
    return tuple(
        Spread(
            process,
            tuple(
                Part(name, old.get(name, {}).get(process), new.get(name, {}).get(process))
                for name in clusters
                if process in old.get(name, {}) or process in new.get(name, {})
            ),
        )
        for process in processes
    )
