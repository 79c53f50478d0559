"""Going back: a new release with the content of an old one, image, config and secret versions included."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.models import Environment, Release
from apps.services.deploy import release_where_it_is, same
from apps.services.environments import announce, held, placed_clusters
from apps.services.pins import pinned_config
from apps.services.protection import at_once
from apps.services.successors import Replaced, with_living_secrets
from apps.spec import AppSpec
from clusters.models import Cluster
from paas.core import audit
from paas.core.errors import Conflict, NotFound
from paas.core.permissions import Actor, require


@dataclass(frozen=True)
class Rollback:
    """The new release, what a person should know of it, and secrets that are not those of its time."""

    release: Release
    notes: tuple[str, ...]
    replaced: tuple[Replaced, ...] = ()


def rollback(*, environment: Environment, release: Release | None = None, actor: Actor, reason: str = "") -> Rollback:
    """Make an earlier release run again, on the clusters of today; without `release` the one before the current.

    A secret version that was revoked since is replaced by its latest successor, and on a cluster that the release was
    not made for the config is that of now; the notes say so.

    Raises:
        Conflict: `nothing_to_roll_back`, `already_running`, `secret_revoked`, `environment_retiring`, `host_taken`.
        NotFound: `release_not_found`, where it is another environment's.
        Invalid: the renderer's codes, those of `pins.pinned_config`; `reason_required`, in a protected environment.
    """
    require(actor, "deploy", environment)
    with transaction.atomic():
        environment = held(environment)
        at_once(environment, actor, reason)
        old = _chosen(environment, release)
        current = environment.current_release
        clusters = placed_clusters(environment)
        spec, replaced = with_living_secrets(environment, AppSpec.from_json(old.spec))
        spec, more = with_config_everywhere(environment, spec, clusters)
        notes = [*map(str, replaced), *more]
        if current is not None and same(AppSpec.from_json(current.spec), spec, clusters):
            raise Conflict(
                "already_running",
                _("What %(old)s delivered is running now, as %(current)s."),
                params={"old": old, "current": current},
            )
        spec = replace(spec, rolled_back=True)
        made, more = release_where_it_is(
            environment, spec, clusters, old.app_file, actor=actor, reason=reason, rolled_back_to=old
        )
        notes += more
        audit.record(
            actor=actor,
            action="environment.rolled_back",
            target=environment,
            before={"release": current.number if current else None},
            after={"release": made.number, "of": old.number, "image": made.image, "notes": notes},
            reason=reason,
        )
        announce(environment.application)
    return Rollback(made, tuple(notes), replaced)


def _chosen(environment: Environment, release: Release | None) -> Release:
    if release is not None:
        if release.environment_id != environment.pk:
            raise NotFound(
                "release_not_found", _("'%(environment)s' has no such release."), params={"environment": environment}
            )
        return release
    current = environment.current_release
    if current is not None:
        before = Release.objects.filter(environment=environment, number__lt=current.number).order_by("-number").first()
        if before is not None:
            return before
    raise Conflict(
        "nothing_to_roll_back",
        _("'%(environment)s' has no release before the present one."),
        params={"environment": environment},
    )


def with_config_everywhere(
    environment: Environment, spec: AppSpec, clusters: list[Cluster]
) -> tuple[AppSpec, list[str]]:
    """The spec with config for the clusters it was not made for; a release from before there were layers has none."""
    fresh = [each for each in clusters if each.name not in spec.config] if spec.config else []
    if not fresh:
        return spec, []
    pinned = pinned_config(environment, fresh)
    names = ", ".join(name for name, values in pinned.items() if values)
    notes = [f"The release was not made for {names}: the config there is that of now."] if names else []
    return replace(spec, config={**spec.config, **pinned}), notes
