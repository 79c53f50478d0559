"""Dry runs: a deploy, a rollback, a revocation or another placement in its own transaction, rolled back at the end.

Everything is asked, rendered, admitted and claimed as if it were meant, so a refusal here is the refusal there; what
is answered is read from the Works before and after. Nothing stays, and no hint is sent: they follow a commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from apps.appfile import AppFile
from apps.changes import ObjectChange, Stored, changes
from apps.delivery import OWNER_KIND
from apps.models import Application, Environment, Project, Release
from apps.services.deploy import deploy
from apps.services.placing import set_placement
from apps.services.revocation import revoke_secret
from apps.services.rollback import rollback
from apps.services.successors import Replaced
from apps.spread import Spread, spread
from clusters.models import Work
from paas.core.permissions import Actor, require

# Why it is done is said with the act itself.
UNSAID = "to see what it would do"


@dataclass(frozen=True)
class ClusterChange:
    """An environment on one cluster; `placed` is "added", "removed" or "kept"."""

    name: str
    placed: str
    objects: tuple[ObjectChange, ...]
    unchanged: int


@dataclass(frozen=True)
class EnvironmentChange:
    """An environment: its release and image now and then (None before the first); `created` where it is not there.

    `spread` are the replicas of each process by cluster, now and then.
    """

    name: str
    created: bool
    release: tuple[int | None, int | None]
    image: tuple[str | None, str | None]
    clusters: tuple[ClusterChange, ...]
    spread: tuple[Spread, ...] = ()


@dataclass(frozen=True)
class DryRun:
    """What would be done. `changed` is False where a real run would leave all that runs as it is.

    `replaced` are secrets of which a revoked version gives way to its successor.
    """

    project: str
    application: str
    environments: tuple[EnvironmentChange, ...]
    notes: tuple[str, ...]
    replaced: tuple[Replaced, ...] = ()

    @property
    def changed(self) -> bool:
        return any(
            each.release[0] != each.release[1] or any(there.objects for there in each.clusters)
            for each in self.environments
        )


def dry_run_deploy(
    *, project: Project, app_file: AppFile, actor: Actor, reason: str = "", environments: Collection[str] | None = None
) -> DryRun:
    """What `deploy` would do, and what it would propose as if that were approved. Raises what it would raise."""
    require(actor, "deploy", project)
    of_it = Environment.objects.filter(
        application__project=project,
        application__name=app_file.name,
        application__retired_at=None,
        retired_at=None,
        name__in=set(environments or app_file.environments),
    )

    def act() -> Said:
        made = deploy(
            project=project,
            app_file=app_file,
            actor=actor,
            reason=reason or UNSAID,
            environments=environments,
            foresee=True,
        )
        new = [each.environment for each in made.releases]
        waits = [f"{each.name} is protected: another person approves it first." for each in new if each.protected]
        return (*made.notes, *waits), ()

    return _dry_run(project.name, app_file.name, of_it, act)


def dry_run_rollback(
    *, environment: Environment, release: Release | None = None, actor: Actor, reason: str = ""
) -> DryRun:
    """What `rollback` would do. Raises what it would raise."""
    require(actor, "deploy", environment)

    def act() -> Said:
        made = rollback(environment=environment, release=release, actor=actor, reason=reason or UNSAID)
        return made.notes, made.replaced

    return _dry_run_of(environment, act)


def dry_run_revocation(
    *,
    environment: Environment,
    name: str,
    version: int | None = None,
    release: bool = True,
    force: bool = False,
    actor: Actor,
    reason: str = "",
) -> DryRun:
    """What `revoke_secret` would do. Raises what it would raise."""
    require(actor, "deploy", environment)

    def act() -> Said:
        made = revoke_secret(
            environment=environment,
            name=name,
            version=version,
            release=release,
            force=force,
            actor=actor,
            reason=reason or UNSAID,
        )
        numbers = ", ".join(f"v{each}" for each in made.versions)
        return (f"{name} {numbers} would be revoked.", *map(str, made.used), *made.notes), made.replaced

    return _dry_run_of(environment, act)


Said = tuple[tuple[str, ...], tuple[Replaced, ...]]
"""Notes, and what was replaced."""


def _dry_run_of(environment: Environment, act: Callable[[], Said]) -> DryRun:
    application = environment.application
    return _dry_run(application.project.name, application.name, Environment.objects.filter(pk=environment.pk), act)


def dry_run_placement(*, environment: Environment, placement: object, actor: Actor, reason: str = "") -> DryRun:
    """What `set_placement` would do. Raises what it would raise."""
    require(actor, "deploy", environment)

    def act() -> Said:
        said = reason or UNSAID
        return set_placement(environment=environment, placement=placement, actor=actor, reason=said).notes, ()

    return _dry_run_of(environment, act)


def _dry_run(project: str, application: str, rows: QuerySet[Environment], act: Callable[[], Said]) -> DryRun:
    with transaction.atomic():
        # Held from the first reading on, or another's deploy would be shown as part of this one.
        list(Application.objects.select_for_update(no_key=True).filter(pk__in=rows.values("application")))
        before = _seen(rows)
        notes, replaced = act()
        after = _seen(rows)
        transaction.set_rollback(True)
    found = tuple(_environment(before.get(name), after[name]) for name in sorted(after))
    made = [each.name for each in found if each.created]
    return DryRun(
        project,
        application,
        found,
        (*notes, *(f"{name}: its namespace is named when it is made, otherwise than here." for name in made)),
        replaced,
    )


Seen = tuple[Environment, dict[str, list[Stored]]]


def _seen(rows: QuerySet[Environment]) -> dict[str, Seen]:
    light = rows.select_related("current_release").defer("current_release__spec", "current_release__app_file")
    return {each.name: (each, _works(each)) for each in light}


def _works(environment: Environment) -> dict[str, list[Stored]]:
    """Desired manifests by cluster; what is being removed is not desired."""
    works = Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk, intent=Work.Intent.PRESENT)
    found: dict[str, list[Stored]] = {}
    for cluster, manifests in works.order_by("-name").values_list("cluster__name", "manifests"):
        found.setdefault(cluster, []).extend(manifests)
    return found


def _environment(before: Seen | None, after: Seen) -> EnvironmentChange:
    old_row, old = before or (None, {})
    new_row, new = after
    return EnvironmentChange(
        name=new_row.name,
        created=old_row is None,
        release=(_number(old_row), _number(new_row)),
        image=(_image(old_row), _image(new_row)),
        clusters=tuple(_cluster(name, old.get(name), new.get(name)) for name in sorted({*old, *new})),
        spread=spread(old, new),
    )


def _cluster(name: str, old: list[Stored] | None, new: list[Stored] | None) -> ClusterChange:
    placed = "added" if old is None else "removed" if new is None else "kept"
    found = changes(old or [], new or [])
    touched = sum(1 for each in found if each.change != "removed")
    return ClusterChange(name, placed, tuple(found), len(new or []) - touched)


def _number(environment: Environment | None) -> int | None:
    release = environment.current_release if environment else None
    return release.number if release else None


def _image(environment: Environment | None) -> str | None:
    release = environment.current_release if environment else None
    return release.image if release else None
