"""Running a schedule now, when a person asks for it and not the clock.

A run is a Work of its own on each cluster: one Job, made from the CronJob that is declared there, delivered and watched
like everything else. The last few of a schedule stay, with their verdict and log; older ones go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.delivery import APPLICATION, GROUND, OWNER_KIND, run_name, run_number
from apps.models import Environment
from apps.runs import by_hand
from apps.services.environments import announce, held
from apps.services.submit import owner_of
from clusters.manifests import Body, manifest
from clusters.models import Work
from clusters.work import retire_work, submit_work
from paas.core import audit
from paas.core.errors import Conflict, NotFound
from paas.core.permissions import Actor, require
from paas.identity.holds import refuse_cordoned

KEPT = 5
SETTLED = ("Healthy", "Degraded")


@dataclass(frozen=True)
class Run:
    """A run of a schedule: the Job on each cluster, and the Work that delivers it."""

    number: int
    job: str
    works: tuple[Work, ...]


def run_schedule(
    *, environment: Environment, schedule: str, actor: Actor, cluster: str | None = None, reason: str = ""
) -> Run:
    """Run a schedule once, now, on every cluster of its environment or on the one named; as the release declares it.

    Raises:
        NotFound: `schedule_not_found`.
        Conflict: `environment_retiring`, `schedule_running`, `team_cordoned`.
    """
    require(actor, "deploy", environment)
    with transaction.atomic():
        environment = held(environment)
        refuse_cordoned(environment.application.project.team)
        works = list(
            Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk, intent=Work.Intent.PRESENT)
            .select_related("cluster")
            .order_by("cluster__name", "created_at")
        )
        declared = _declared(works, schedule, cluster)
        before = {work: run_number(work.name, schedule) for work in works}
        earlier = {work: number for work, number in before.items() if number is not None}
        _refuse_overlap(schedule, declared, earlier)
        number = max(earlier.values(), default=0) + 1
        made = tuple(_submit(environment, work, body, schedule, number, works) for work, body in declared)
        _retire_old(earlier, number)
        job = str(made[0].manifests[0]["body"]["metadata"]["name"])
        after = {"schedule": schedule, "job": job, "clusters": [work.cluster.name for work in made]}
        audit.record(actor=actor, action="environment.schedule_run", target=environment, after=after, reason=reason)
        announce(environment.application)
    return Run(number, job, made)


def _declared(works: Sequence[Work], schedule: str, cluster: str | None) -> list[tuple[Work, Body]]:
    """The Works of the application in which the schedule is, each with its CronJob."""
    found: list[tuple[Work, Body]] = []
    known: set[str] = set()
    for work in works:
        if work.name != APPLICATION:
            continue
        for body in (each["body"] for each in work.manifests if each["body"]["kind"] == "CronJob"):
            name = str(body["metadata"]["labels"]["app.kubernetes.io/component"])
            known.add(name)
            if name == schedule and cluster in (None, work.cluster.name):
                found.append((work, body))
    if not found:
        where = f" on {cluster}" if cluster else ""
        has = f"It has {', '.join(sorted(known))}." if known else "It has none."
        raise NotFound("schedule_not_found", f"There is no schedule '{schedule}'{where}.", rule=has)
    return found


def _refuse_overlap(schedule: str, declared: Sequence[tuple[Work, Body]], earlier: dict[Work, int]) -> None:
    """One that forbids to run twice at once is not run by hand beside another run by hand either."""
    forbidding = {work.cluster_id for work, body in declared if body["spec"]["concurrencyPolicy"] != "Allow"}
    for work in earlier:
        if work.cluster_id in forbidding and work.health not in SETTLED:
            raise Conflict(
                "schedule_running",
                _("'%(schedule)s' is running on %(cluster)s, as %(name)s."),
                rule=_("Its concurrency policy forbids to run it twice at once."),
                remedy=_("Wait until it has ended."),
                params={"schedule": schedule, "cluster": work.cluster, "name": work.name},
            )


def _submit(
    environment: Environment, application: Work, cron_job: Body, schedule: str, number: int, works: Sequence[Work]
) -> Work:
    job = by_hand(cron_job, f"{cron_job['metadata']['name']}-run-{number}")
    ground = [each for each in works if each.cluster_id == application.cluster_id and each.name == GROUND]
    common: dict[str, Any] = {"release": application.release, "target_digest": application.target_digest}
    return submit_work(
        owner=owner_of(environment),
        name=run_name(schedule, number),
        cluster=application.cluster,
        manifests=[manifest(job)],
        waits_for=ground,
        **common,
    )


def _retire_old(earlier: dict[Work, int], number: int) -> None:
    for work, its in earlier.items():
        if its <= number - KEPT and work.health in SETTLED:
            retire_work(work=work)
