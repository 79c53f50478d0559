"""Reads of teams' credentials for registries. Only `pull_config` reads a password, and only the loop calls it."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.utils import timezone

from apps.delivery import pull_reference
from apps.models import PullSecretVersion
from apps.pulls import Login, docker_config
from apps.selectors.kept import Kept
from clusters.resolve import SecretUnavailable
from paas.identity.models import Team

PullSecret = Kept[PullSecretVersion]
"""The credential of one registry, under the registry's name."""


def pull_secrets_of(team: Team, registry: str | None = None) -> list[PullSecret]:
    """Every credential that was ever stored for the team, or the one of that registry, by name."""
    rows = PullSecretVersion.objects.filter(team=team).select_related("created_by").defer("password")
    if registry is not None:
        rows = rows.filter(registry=registry)
    now = timezone.now()
    return [PullSecret(name, tuple(found), now) for name, found in groupby(rows, lambda row: row.registry)]


def pulls_of(team: Team) -> str:
    """The reference of all that is in force; "" where the team never stored any."""
    versions = list(PullSecretVersion.objects.filter(team=team).values_list("pk", "revoked_at"))
    return pull_reference(pk for pk, revoked in versions if revoked is None) if versions else ""


def pull_config(rest: str) -> bytes:
    """Docker's config.json for the registries of the versions "<id>,<id>", for `clusters.resolve`. Of one that was
    replaced since it has the successor, one that was revoked it leaves out.

    Raises:
        SecretUnavailable: it names what no version could be.
    """
    try:
        ids = [UUID(each) for each in rest.split(",") if each]
    except ValueError:
        raise SecretUnavailable("the credentials of registries are not stored here") from None
    named = PullSecretVersion.objects.filter(pk__in=ids)
    rows = PullSecretVersion.objects.filter(
        team__in=named.values("team"), registry__in=named.values("registry"), revoked_at=None
    )
    return docker_config(Login(each.registry, each.username, each.password) for each in rows).encode()
