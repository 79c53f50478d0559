"""Lists of what one may view, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.models import Application, Environment, Placement, Project, Release
from clusters.health import Health
from paas.core.permissions import Actor, not_found, visible

MOST_DIGITS = 9
"""Of the number of a release: what its column holds."""


def projects_of(actor: Actor) -> QuerySet[Project]:
    """With their team and `applications_count`, retired ones not counted."""
    counted = Count("applications", filter=Q(applications__retired_at=None))
    return visible(actor, Project.objects.select_related("team").annotate(applications_count=counted))


def healths_of(projects: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """How many living environments of each project are of which health; one query."""
    living = Environment.objects.filter(application__project__in=projects, retired_at=None)
    rows = living.values_list("application__project", "status__health").annotate(count=Count("pk")).order_by()
    found: dict[UUID, dict[str, int]] = {}
    for project, health, count in rows:
        found.setdefault(project, {})[health or str(Health.UNKNOWN)] = count
    return found


def project_by_name(actor: Actor, name: str) -> Project:
    """Raises NotFound `project_not_found`."""
    found = visible(actor, Project.objects.select_related("team")).filter(name=name).first()
    if found is None:
        raise not_found(Project)
    return found


def applications_of(actor: Actor, *, placed: bool = True) -> QuerySet[Application]:
    """With project, team, and their environments as `live_environments`, those with placements unless told; retired
    applications too.
    """
    found = Application.objects.select_related("project__team")
    environments = _environments() if placed else _released()
    return visible(actor, found).prefetch_related(Prefetch("environments", environments, "live_environments"))


def neighbours(actor: Actor, application: Application) -> tuple[Application | None, Application | None]:
    """The living application before and the one after it, by name."""
    living = visible(actor, Application.objects.filter(retired_at=None)).only("name")
    same = Q(name=application.name)
    before = living.filter(Q(name__lt=application.name) | same & Q(pk__lt=application.pk))
    after = living.filter(Q(name__gt=application.name) | same & Q(pk__gt=application.pk))
    return before.order_by("-name", "-pk").first(), after.order_by("name", "pk").first()


def environments_of(actor: Actor) -> QuerySet[Environment]:
    """With application, release, status and placements."""
    return visible(actor, _environments().select_related("application__project__team"))


def whole_environments_of(actor: Actor) -> QuerySet[Environment]:
    """With all of release, status, placements and their clusters: for what looks at one, not for lists."""
    found = Environment.objects.filter(retired_at=None).select_related("current_release", "status")
    return visible(actor, found.prefetch_related("placements__cluster"))


def releases_of(actor: Actor) -> QuerySet[Release]:
    """Newest first, without spec and app file."""
    found = Release.objects.select_related("environment__application__project", "rolled_back_to")
    return visible(actor, found.defer("spec", "app_file", "rolled_back_to__spec", "rolled_back_to__app_file"))


def release_named(rows: QuerySet[Release], environment: Environment, said: str) -> Release:
    """By its number in the environment ("3" or "r3"), or by id, of these rows.

    Raises:
        NotFound: `release_not_found`.
    """
    number = said.removeprefix("r")
    if number.isdecimal() and len(number) <= MOST_DIGITS:
        found = rows.filter(environment=environment, number=int(number)).first()
    else:
        found = rows.filter(pk=said).first() if _is_uuid(said) else None
    if found is None:
        raise not_found(Release)
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _environments() -> QuerySet[Environment]:
    # Not the facts of clusters, which are large and which no list shows.
    placed = Placement.objects.select_related("cluster").only("environment", "notes", "cluster__name")
    return _released().prefetch_related(Prefetch("placements", placed))


def _released() -> QuerySet[Environment]:
    found = Environment.objects.filter(retired_at=None).select_related("current_release", "status")
    return found.defer("current_release__spec", "current_release__app_file")
