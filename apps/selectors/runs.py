"""The schedules of an environment and their runs, by the clock and by hand, as far as clusters still have them.

A run by the clock is told by its pods as they were last seen: a cluster keeps as many as the schedule's history limits
say, and one that was ended for its deadline leaves no pod. A run by hand is a Work of its own. Four queries; nothing
here asks a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from apps.delivery import APPLICATION, OWNER_KIND, run_number
from apps.models import Environment
from apps.spread import COMPONENT
from clusters.manifests import ObjectId
from clusters.models import OwnedObject, Work, WorkloadPods

SUCCEEDED, FAILED, RUNNING = "Succeeded", "Failed", "Running"
_BY_HEALTH = {"Healthy": SUCCEEDED, "Degraded": FAILED}

Body = Mapping[str, Any]
Pod = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a schedule on one cluster. `number` is that of a run by hand, None of one by the clock; `ended_at` is
    None while it goes on, and where no pod is left that tells.
    """

    cluster: str
    job: str
    number: int | None
    verdict: str
    started_at: datetime | None
    ended_at: datetime | None
    message: str
    pods: tuple[str, ...]

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0, int((self.ended_at - self.started_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it is declared on a cluster, how it fares there, and its runs, the latest first."""

    name: str
    cluster: str
    cron: str
    time_zone: str
    suspended: bool
    health: str
    reason: str
    message: str
    runs: tuple[Run, ...]


def schedules(environment: Environment) -> list[Schedule]:
    """By name and cluster."""
    owned = Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk, intent=Work.Intent.PRESENT)
    declared = [
        (work, each["body"])
        for work in owned.filter(name=APPLICATION).select_related("cluster")
        for each in work.manifests
        if each["body"]["kind"] == "CronJob"
    ]
    if not declared:
        return []
    rows = OwnedObject.objects.filter(work__in=owned, gone_at=None, oid__startswith="batch/").select_related("work")
    objects = {(row.cluster_id, row.oid): row for row in rows}
    pods = WorkloadPods.objects.filter(
        namespace=environment.namespace, cluster__in={work.cluster_id for work, _ in declared}
    )
    seen = {(row.cluster_id, row.oid): row.pods for row in pods}
    found = [_schedule(work, body, objects, seen) for work, body in declared]
    return sorted(found, key=lambda each: (each.name, each.cluster))


def _schedule(
    work: Work, body: Body, objects: Mapping[Any, OwnedObject], pods: Mapping[Any, Sequence[Pod]]
) -> Schedule:
    name, spec, oid = body["metadata"]["labels"][COMPONENT], body["spec"], str(ObjectId.of(body))
    row = objects.get((work.cluster_id, oid))
    runs = [*_by_the_clock(work.cluster.name, pods.get((work.cluster_id, oid), ()))]
    runs += _by_hand(work, name, objects.values(), pods)
    return Schedule(
        name=name,
        cluster=work.cluster.name,
        cron=spec["schedule"],
        time_zone=spec["timeZone"],
        suspended=spec["suspend"],
        health=row.health if row else "Unknown",
        reason=row.reason if row else "",
        message=row.message if row else "",
        runs=tuple(sorted(runs, key=_age, reverse=True)),
    )


def _age(run: Run) -> tuple[bool, float, str]:
    """What has not started comes last, and so first of the latest."""
    return run.started_at is None, run.started_at.timestamp() if run.started_at else 0.0, run.job


def _by_the_clock(cluster: str, pods: Sequence[Pod]) -> Iterator[Run]:
    # Pods that were written before runs were told apart name no Job.
    named = sorted((each for each in pods if each.get("job")), key=lambda each: str(each["job"]))
    for job, group in groupby(named, key=lambda each: str(each["job"])):
        tries = list(group)
        phases = {each["phase"] for each in tries}
        ended = phases <= {"Succeeded", "Failed"}
        verdict = SUCCEEDED if "Succeeded" in phases else FAILED if ended else RUNNING
        yield _run(cluster, job, None, verdict, "", tries)


def _by_hand(
    application: Work, schedule: str, rows: Iterable[OwnedObject], pods: Mapping[Any, Sequence[Pod]]
) -> Iterator[Run]:
    for row in rows:
        if row.work is None or row.cluster_id != application.cluster_id:
            continue
        number = run_number(row.work.name, schedule)
        if number is not None:
            verdict = _BY_HEALTH.get(row.health, RUNNING)
            message = row.message if verdict != SUCCEEDED else ""
            tries = pods.get((row.cluster_id, row.oid), ())
            name = ObjectId.parse(row.oid).name
            yield _run(application.cluster.name, name, number, verdict, message, tries, row.work.created_at)


def _run(
    cluster: str,
    job: str,
    number: int | None,
    verdict: str,
    message: str,
    tries: Sequence[Pod],
    asked_at: datetime | None = None,
) -> Run:
    began = [datetime.fromisoformat(each["created_at"]) for each in tries if each["created_at"]]
    ended = [datetime.fromisoformat(each["ended_at"]) for each in tries if each.get("ended_at")]
    said = [str(each["message"]) for each in tries if each["phase"] == "Failed" and each["message"]]
    return Run(
        cluster=cluster,
        job=job,
        number=number,
        verdict=verdict,
        started_at=min(began, default=asked_at),
        ended_at=max(ended, default=None) if verdict != RUNNING else None,
        message=message or (said[-1] if said and verdict == FAILED else ""),
        pods=tuple(str(each["name"]) for each in tries),
    )
