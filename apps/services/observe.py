"""What the delivery loop saw, added up per environment; and the end of a retirement, when the last Work is gone.

The loop's callback only notes in its own transaction that an environment is due. The adding up follows the commit, in a
transaction of its own that locks one status at a time: the loop, which holds Works, never waits for a row here. A note
that is left after a crash is taken by the next adding up of anything, at the latest by the periodic task.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.delivery import HOME_CHANNEL, channel
from apps.models import Application, Environment, EnvironmentStatus, RouteClaim, StatusDue
from apps.rollup import conditions, roll_up
from apps.selectors.status import facts, works_of
from clusters.models import Work
from paas.core import audit
from paas.core.sse import hint

BATCH = 200


def observed_environment(environment_id: UUID) -> None:
    """Note that the status of an environment is due; registered with `clusters.observed`."""
    StatusDue.objects.create(environment_id=environment_id)
    # Not to fail the loop, which has committed by then: the note stays.
    transaction.on_commit(roll_up_due, robust=True)


def cluster_changed(cluster_id: UUID) -> None:
    """Note that what a selector matches may be other clusters; registered with `clusters.placement`.

    They may be thousands, so they are added up by the periodic task, not by whoever changed the cluster.
    """
    chosen = Environment.objects.filter(placement__has_key="selector", retired_at=None)
    StatusDue.objects.bulk_create(StatusDue(environment_id=each) for each in chosen.values_list("pk", flat=True))


def shown_environment(environment_id: UUID) -> None:
    """Hint that its pages have something new to show, though its status is the same; registered as viewer."""
    found = Environment.objects.filter(pk=environment_id).values_list("application_id", flat=True).first()
    if found is not None:
        hint(channel(found))


def roll_up_due() -> int:
    """Add up every environment that is due; how many."""
    done = 0
    while environment_ids := _take():
        for environment_id in environment_ids:
            _roll_up(environment_id)
        done += len(environment_ids)
    return done


def _take() -> list[UUID]:
    return sorted(set(StatusDue.objects.order_by("pk").values_list("environment_id", flat=True)[:BATCH]))


def _roll_up(environment_id: UUID) -> None:
    """Under the lock of the status, so that of two adders the later one reads what both were told of."""
    with transaction.atomic():
        status = EnvironmentStatus.objects.select_for_update().filter(pk=environment_id).first()
        StatusDue.objects.filter(environment_id=environment_id).delete()
        if status is None:
            return
        environment = (
            Environment.objects.select_related("application")
            .prefetch_related("placements__cluster")
            .get(pk=environment_id)
        )
        works = list(works_of([environment_id]))
        found = roll_up(facts(environment, works))
        status.health = str(found.health)
        status.conditions = conditions(status.conditions, found.conditions, now=timezone.now())
        if found.observed:
            status.observed_generation = environment.generation
        status.save()
        _give_up_routes(environment, works)
        if environment.retiring_at is not None and environment.retired_at is None and not works:
            _finish(environment)
        hint(channel(environment.application_id))
        hint(HOME_CHANNEL)


def _give_up_routes(environment: Environment, works: list[Work]) -> None:
    """Hosts on clusters where nothing of the environment is left or wanted are free again."""
    busy = {each.cluster_id for each in works} | {each.cluster_id for each in environment.placements.all()}
    RouteClaim.objects.filter(environment=environment).exclude(cluster__in=busy).delete()


def _finish(environment: Environment) -> None:
    """Retired; and with its last environment the application, if that is being retired."""
    application = Application.objects.select_for_update(no_key=True).get(pk=environment.application_id)
    now = timezone.now()
    environment.retired_at = now
    environment.save_version("retired_at")
    audit.record(
        actor=None, action="environment.retired", target=environment, after={"namespace": environment.namespace}
    )
    if application.retiring_at is None or application.environments.filter(retired_at=None).exists():
        return
    application.retired_at = now
    application.save_version("retired_at")
    audit.record(actor=None, action="application.retired", target=application)
