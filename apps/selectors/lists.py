"""Lists of what one may view, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Collate

from apps.models import Application, Environment, Placement, Project, Release
from clusters.health import Health
from paas.core.addresses import is_uuid
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


def applications_of(actor: Actor) -> QuerySet[Application]:
    """With project, team, and their environments in brief as `live_environments`; retired applications too."""
    found = Application.objects.select_related("project__team")
    return visible(actor, found).prefetch_related(Prefetch("environments", _in_brief(), "live_environments"))


def application_lines_of(actor: Actor) -> QuerySet[Application]:
    """The same with what a line of a list tells, and no more."""
    return applications_of(actor).only(
        "name", "version", "created_at", "updated_at", "retiring_at", "retired_at", "project__name",
        "project__team__name",
    )  # fmt: skip


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
    return visible(actor, found.prefetch_related(Prefetch("placements", Placement.objects.select_related("cluster"))))


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
        found = rows.filter(pk=said).first() if is_uuid(said) else None
    if found is None:
        raise not_found(Release)
    return found


def _environments() -> QuerySet[Environment]:
    # Not the facts of clusters, which are large and which no list shows.
    placed = Placement.objects.select_related("cluster").only("environment", "notes", "cluster__name")
    found = Environment.objects.filter(retired_at=None).select_related("current_release", "status")
    found = found.defer("current_release__spec", "current_release__app_file")
    return found.prefetch_related(Prefetch("placements", placed))


def _in_brief() -> QuerySet[Environment]:
    """What is told of an environment among others of its application, with `cluster_names` in order."""
    placed = Placement.objects.filter(environment=OuterRef("pk")).order_by(Collate("cluster__name", "C"))
    found = Environment.objects.filter(retired_at=None).select_related("current_release", "status")
    return found.annotate(cluster_names=ArraySubquery(placed.values("cluster__name"))).only(
        "application", "name", "protected", "retiring_at", "status__health", "current_release__number",
        "current_release__image", "current_release__created_by_name", "current_release__created_at",
    )  # fmt: skip
