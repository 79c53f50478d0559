"""What a release pins: the values of the layers of configuration on each of its clusters, and versions of secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.config import Fault, Resolved
from apps.delivery import secret_reference
from apps.models import Environment
from apps.models import SecretVersion as StoredVersion
from apps.selectors.config import resolved
from apps.spec import SecretVersion
from clusters.models import Cluster
from paas.core.errors import Invalid, Refusal

Pinned = dict[str, dict[str, str]]
"""Values by key, by the name of the cluster."""


def pinned_config(environment: Environment, clusters: Iterable[Cluster]) -> Pinned:
    """The values of now.

    Raises:
        Invalid: `config_required`, `config_value_wrong`, `config_key_unknown`, `config_cycle`,
            `config_expression_invalid`, `config_too_large`; everything that is wrong is in its details.
    """
    found = resolved(environment, clusters)
    refuse_faults(str(environment), found)
    return {name: each.values for name, each in found.items()}


def pinned_secret(row: StoredVersion) -> SecretVersion:
    """A stored version as a release knows it: each key with the reference of its value, here or in a store outside."""
    return SecretVersion(f"v{row.version}", row.references or {key: secret_reference(row.pk, key) for key in row.keys})


def refuse_faults(whose: str, found: Mapping[str, Resolved]) -> None:
    """Raise where anything is wrong on any cluster."""
    faults = [(cluster, fault) for cluster, each in found.items() for fault in each.faults]
    if faults:
        raise config_refusal(f"'{whose}' cannot be released", faults)


def config_refusal(what: str, faults: Iterable[tuple[str, Fault]]) -> Refusal:
    """One refusal for faults, each with where it shows; its code is that of the first."""
    told: dict[Fault, list[str]] = {}
    for where, fault in faults:
        told.setdefault(fault, []).append(where)
    errors = [
        {
            "path": each.key,
            "code": each.code,
            "message": each.message,
            **({"keys": list(each.path)} if each.path else {}),
            **({"clusters": there} if (there := list(filter(None, where))) else {}),
        }
        for each, where in told.items()
    ]
    first = next(iter(told))
    text = " ".join(each.message for each in told)
    return Invalid(first.code, f"{what}: {text}", remedy=first.remedy, details={"errors": errors})
