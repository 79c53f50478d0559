"""How an environment is scaled: bounds and timetable as desired, and what its scalers said when last looked at.

Two queries, on however many clusters; nothing here asks a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.delivery import APPLICATION, OWNER_KIND
from apps.models import Environment
from apps.scaling import VERTICAL
from apps.spread import COMPONENT, REPLICATED
from apps.timetable import SCALER, Bounds, Timetable, in_force
from clusters.manifests import ObjectId
from clusters.models import OwnedObject, Work
from clusters.scalers import REPORTED

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Sight:
    """What is known of one scaler."""

    work: Work
    body: Body
    told: Mapping[str, Any]
    row: OwnedObject | None

    @property
    def common(self) -> dict[str, Any]:
        return {
            "cluster": self.work.cluster.name,
            "process": self.body["metadata"]["labels"][COMPONENT],
            "health": self.row.health if self.row else "Unknown",
            "reason": self.row.reason if self.row else "",
            "message": self.row.message if self.row else "",
            "seen_at": self.work.updated_at if self.told else None,
            "conditions": self.told.get("conditions", []),
        }


def scaling(environment: Environment) -> dict[str, Any]:
    """{"horizontal": [...], "vertical": [...]}, one entry for each process and cluster.

    Horizontal: {"cluster", "process", "health", "reason", "message", "seen_at", "conditions", "min", "max", "own",
    "windows", "next_change", "current", "desired", "scaled_at", "metrics", "decisions"}; min and max are those in
    force, `own` those outside all windows. Vertical: the common ones and {"mode", "resources", "requested", "advised",
    "least", "most"}.
    """
    now = timezone.now()
    works = Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk, name=APPLICATION)
    found: dict[str, Any] = {"horizontal": [], "vertical": []}
    for sight in _sights(works.filter(intent=Work.Intent.PRESENT).select_related("cluster").order_by("cluster__name")):
        if sight.body["kind"] == SCALER:
            found["horizontal"].append(_horizontal(sight, now))
        else:
            found["vertical"].append(_vertical(sight))
    return found


def _sights(works: Iterable[Work]) -> Iterator[_Sight]:
    desired = [
        (work, each["body"])
        for work in works
        for each in work.manifests
        if each["body"]["kind"] in (SCALER, VERTICAL[1])
    ]
    ids = [str(ObjectId.of(body)) for _, body in desired]
    written = OwnedObject.objects.filter(work__in={work.pk for work, _ in desired}, oid__in=ids, gone_at=None)
    rows = {(row.work_id, row.oid): row for row in written}
    for (work, body), oid in zip(desired, ids, strict=True):
        told: Body = next((each for each in work.reported.get(REPORTED, ()) if each["id"] == oid), {})
        yield _Sight(work, body, told, rows.get((work.pk, oid)))


def _horizontal(sight: _Sight, now: datetime) -> dict[str, Any]:
    bounds, timetable = in_force(sight.body), Timetable.of(sight.body)
    targets = [
        {
            "name": each["resource"]["name"],
            "target": each["resource"]["target"]["averageUtilization"],
            "current": None,
        }
        for each in sight.body["spec"]["metrics"]
    ]
    return {
        **sight.common,
        **_told(bounds),
        "own": _told(timetable.bounds if timetable else bounds),
        "windows": [
            {
                "name": each.name,
                "start": each.start,
                "end": each.end,
                "time_zone": each.time_zone,
                **_told(each.bounds),
                "open": each.is_open(now),
            }
            for each in (timetable.windows if timetable else ())
        ],
        "next_change": _change(timetable, now),
        "current": sight.told.get("current"),
        "desired": sight.told.get("desired"),
        "scaled_at": sight.told.get("scaled_at") or None,
        "metrics": sight.told.get("metrics", targets),
        "decisions": sight.told.get("decisions", []),
    }


def _change(timetable: Timetable | None, now: datetime) -> dict[str, Any] | None:
    change = timetable.next_change(now) if timetable else None
    if timetable is None or change is None or change[1] == timetable.at(now):
        return None
    return {"at": change[0], **_told(change[1])}


def _told(bounds: Bounds) -> dict[str, int]:
    return {"min": bounds.least, "max": bounds.most}


def _vertical(sight: _Sight) -> dict[str, Any]:
    spec, common = sight.body["spec"], sight.common
    process = common["process"]
    advice: Body = next((each for each in sight.told.get("advice", ()) if each["container"] == process), {})
    return {
        **common,
        "mode": spec["updatePolicy"]["updateMode"],
        "resources": spec["resourcePolicy"]["containerPolicies"][0]["controlledResources"],
        "requested": _requested(sight.work, process),
        "advised": advice.get("target", {}),
        "least": advice.get("least", {}),
        "most": advice.get("most", {}),
    }


def _requested(work: Work, process: str) -> dict[str, str]:
    """What the process's own container asks for as it is desired."""
    for body in (each["body"] for each in work.manifests if each["body"]["kind"] in REPLICATED):
        for container in body["spec"]["template"]["spec"]["containers"]:
            if container["name"] == process:
                return dict(container["resources"]["requests"])
    return {}
