"""What takes the place of secret versions that were revoked, in a release that is made of an older one.

Used by `rollback`, which repeats an old release, and by `revocation`, which renews the current one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from apps.models import Environment, SecretVersion
from apps.services.pins import pinned_secret
from apps.spec import AppSpec
from paas.core.errors import Conflict


@dataclass(frozen=True)
class Replaced:
    """A secret of which a revoked version was replaced by its successor: both are numbers."""

    name: str
    version: int
    successor: int

    def __str__(self) -> str:
        return f"{self.name} v{self.version} was revoked: v{self.successor} is used instead."


def with_living_secrets(
    environment: Environment, spec: AppSpec, only: Collection[str] | None = None
) -> tuple[AppSpec, tuple[Replaced, ...]]:
    """The spec with the current version in the place of each revoked one, and what was replaced.

    Args:
        only: of these secrets; of all if left out.

    Raises:
        Conflict: `secret_revoked`, where there is no later version in force.
    """
    names = sorted(spec.secrets if only is None else spec.secrets.keys() & set(only))
    rows = SecretVersion.objects.filter(environment=environment, name__in=names, revoked_at=None).defer("values")
    in_force: dict[str, list[SecretVersion]] = {}
    for row in rows:
        in_force.setdefault(row.name, []).append(row)
    pinned, replaced = dict(spec.secrets), []
    for name in names:
        number = int(pinned[name].version.removeprefix("v"))
        if any(each.version == number for each in in_force.get(name, ())):
            continue
        successor = _successor(name, number, in_force.get(name, ()))
        pinned[name] = pinned_secret(successor)
        replaced.append(Replaced(name, number, successor.version))
    return replace(spec, secrets=pinned), tuple(replaced)


def _successor(name: str, number: int, in_force: Iterable[SecretVersion]) -> SecretVersion:
    latest = max(in_force, key=lambda each: each.version, default=None)
    if latest is None or latest.version < number:
        raise Conflict(
            "secret_revoked",
            f"Version {number} of secret '{name}' was revoked, and there is no later one.",
            remedy="Store the secret anew, then repeat it.",
        )
    return latest
