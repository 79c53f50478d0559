"""Revoking versions of a secret: their values are forgotten, and what uses one is given its successor.

Nothing breaks in silence: a version in use is revoked together with a release that has the successor in its place;
where there is no successor it is refused, unless it is said that it shall be so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.delivery import OWNER_KIND
from apps.models import Environment, Release
from apps.selectors.secrets import Secret, secrets_of
from apps.services.deploy import release_where_it_is
from apps.services.environments import announce, placed_clusters
from apps.services.observe import observed_environment
from apps.services.protection import at_once
from apps.services.secrets import Check
from apps.services.successors import Replaced, with_living_secrets
from apps.spec import AppSpec
from clusters.due import due
from clusters.models import Lane, Work
from paas.core import audit
from paas.core.errors import Conflict, NotFound
from paas.core.permissions import Actor, require
from paas.core.rows import locked


@dataclass(frozen=True)
class Use:
    """Where a revoked version is in use: by the current release of an environment, on these clusters."""

    environment: Environment
    release: Release
    version: int
    clusters: tuple[str, ...]

    def __str__(self) -> str:
        where = f" on {', '.join(self.clusters)}" if self.clusters else ""
        return f"v{self.version} is used by {self.release} of '{self.environment}'{where}"


@dataclass(frozen=True)
class Revoked:
    """What a revocation came to: the numbers of the versions, what used one of them, and the release made for it."""

    name: str
    versions: tuple[int, ...]
    used: tuple[Use, ...] = ()
    release: Release | None = None
    replaced: tuple[Replaced, ...] = ()
    notes: tuple[str, ...] = field(default=())


def revoke_secret(
    *,
    environment: Environment,
    name: str,
    version: int | None = None,
    release: bool = True,
    force: bool = False,
    actor: Actor,
    reason: str = "",
    check: Check = lambda secret: None,
) -> Revoked:
    """Forget the values of one version, or of all.

    Where the current release uses one of them, the same transaction makes a release with the successor, which is the
    latest version in force, and otherwise the same.

    Args:
        release: False makes none: what runs goes on with what its processes have, and is said to be SecretUnavailable
            until deployed again.
        force: revoke it too where it is in use and there is no successor.
        check: asked with the secret as it is, under the lock; what it raises ends it.

    Raises:
        NotFound: `secret_not_found`.
        Conflict: `secret_in_use`; whatever admission refuses the release with.
        Invalid: the renderer's codes, where the successor lacks a key.
    """
    require(actor, "deploy", environment)
    with transaction.atomic():
        application = locked(environment.application)
        environment = Environment.objects.select_related("application__project__team", "current_release").get(
            pk=environment.pk
        )
        secret = next(iter(secrets_of(environment, name)), None)
        check(secret)
        numbers = _revoke(environment, name, secret, version)
        used = _uses(environment, name, numbers)
        after = {"name": name, "versions": numbers}
        audit.record(actor=actor, action="secret.revoked", target=environment, after=after, reason=reason)
        revoked = Revoked(name, tuple(numbers), used)
        if used and not (application.retiring_at or environment.retiring_at):
            revoked = _renewed(environment, revoked, release=release, force=force, actor=actor, reason=reason)
        due(Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk), Lane.EDIT)
        observed_environment(environment.pk)
        announce(environment.application)
    return revoked


def _revoke(environment: Environment, name: str, secret: Secret | None, version: int | None) -> list[int]:
    in_force = [each for each in (secret.versions if secret else ()) if each.revoked_at is None]
    chosen = [each for each in in_force if version in (None, each.version)]
    if not chosen:
        raise NotFound(
            "secret_not_found",
            _("'%(environment)s' has no secret '%(name)s' in force."),
            params={"environment": environment, "name": name},
        )
    for each in chosen:
        each.revoked_at, each.values = timezone.now(), "{}"
        each.save(update_fields=["revoked_at", "values"])
    return sorted(each.version for each in chosen)


def _uses(environment: Environment, name: str, numbers: Collection[int]) -> tuple[Use, ...]:
    current = environment.current_release
    if current is None or (pinned := current.secrets.get(name)) not in numbers:
        return ()
    placed = environment.placements.order_by("cluster__name").values_list("cluster__name", flat=True)
    return (Use(environment, current, pinned, tuple(placed)),)


def _renewed(
    environment: Environment, revoked: Revoked, *, release: bool, force: bool, actor: Actor, reason: str
) -> Revoked:
    [use] = revoked.used
    current = use.release
    try:
        spec, replaced = with_living_secrets(environment, AppSpec.from_json(current.spec), only=[revoked.name])
    except Conflict:
        if not force:
            raise _in_use(use, revoked.name) from None
        return replace(revoked, notes=(f"{use}, and has no successor: its Secret is not made anew where it is lost.",))
    if not release:
        return replace(revoked, notes=(f"{use}: deploy it to use v{replaced[0].successor}.",))
    at_once(environment, actor, reason)
    why = f"secret {revoked.name} v{use.version} revoked{f': {reason}' if reason else ''}"
    clusters = placed_clusters(environment)
    made, notes = release_where_it_is(environment, spec, clusters, current.app_file, actor=actor, reason=why)
    audit.record(
        actor=actor,
        action="environment.secrets_renewed",
        target=environment,
        before={"release": current.number, "secrets": {revoked.name: use.version}},
        after={"release": made.number, "secrets": {revoked.name: made.secrets[revoked.name]}},
        reason=reason,
    )
    return replace(revoked, release=made, replaced=replaced, notes=(*map(str, replaced), *notes))


def _in_use(use: Use, name: str) -> Conflict:
    return Conflict(
        "secret_in_use",
        f"{name} {use}, and has no successor.",
        rule="What is in use is revoked together with a release that has its successor.",
        remedy="Store a new version first; or say that it shall be revoked all the same.",
        details={"used": [{"environment": str(use.environment), "release": use.release.number,
                           "version": use.version, "clusters": list(use.clusters)}]},
    )  # fmt: skip
