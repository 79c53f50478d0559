"""What a cluster offers to every team, as the options of a command say it, joined to what it offers now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paas.cli.errors import UsageError

Body = dict[str, Any]
NAMES = ("priority_classes", "node_pools")
GLOBS = ("service_account_annotations", "secret_stores")


def chosen(
    classes: Sequence[str] | None,
    pools: Sequence[str] | None,
    annotations: Sequence[str] | None,
    stores: Sequence[str] | None,
) -> Body:
    """The fields that the options speak of.

    Raises:
        UsageError: none, or an annotation or a store that is not KEY=GLOB.
    """
    found = {
        "priority_classes": list(classes or ()),
        "node_pools": list(pools or ()),
        "service_account_annotations": _globs("--service-account-annotation", annotations or ()),
        "secret_stores": _globs("--secret-store", stores or ()),
    }
    given = {name: value for name, value in found.items() if value}
    if not given:
        raise UsageError(
            "What of the cluster?", remedy="Name a priority class, a node pool, an annotation or a secret store."
        )
    return given


def added(cluster: Body, given: Body, reason: str) -> Body:
    """The change that offers these besides what is offered."""
    now = cluster.get("spec") or {}
    changes: Body = {name: [*now.get(name, ()), *given[name]] for name in NAMES if name in given}
    for name in filter(given.__contains__, GLOBS):
        there = now.get(name, {})
        more = {key: [*there.get(key, ()), *globs] for key, globs in given[name].items()}
        changes[name] = {**there, **more}
    return {**changes, "reason": reason}


def removed(cluster: Body, given: Body, reason: str) -> Body:
    """The change that offers these no longer.

    Raises:
        UsageError: one of them is not offered.
    """

    now = cluster.get("spec") or {}
    changes: Body = {name: _without(now.get(name, ()), given[name]) for name in NAMES if name in given}
    for name in filter(given.__contains__, GLOBS):
        there = now.get(name, {})
        less = {key: _without(there.get(key, ()), globs) for key, globs in given[name].items()}
        changes[name] = {key: globs for key, globs in {**there, **less}.items() if globs}
    return {**changes, "reason": reason}


def rows(spec: Body) -> list[tuple[str, str]]:
    """Lines for people, of what is offered."""
    found = [
        ("Priority classes", ", ".join(spec.get("priority_classes") or ())),
        ("Node pools", ", ".join(spec.get("node_pools") or ())),
        *(
            (f"{what} {key}", " | ".join(globs))
            for what, name in zip(("Annotation", "Secret store"), GLOBS, strict=True)
            for key, globs in sorted((spec.get(name) or {}).items())
        ),
    ]
    return [row for row in found if row[1]]


def _globs(option: str, given: Sequence[str]) -> dict[str, list[str]]:
    globs: dict[str, list[str]] = {}
    for each in given:
        key, separator, glob = each.partition("=")
        if not key or not separator or not glob:
            raise UsageError(f"{option} {each!r} is not KEY=GLOB.")
        globs.setdefault(key, []).append(glob)
    return globs


def _without(there: Sequence[str], given: Sequence[str]) -> list[str]:
    if strange := sorted(set(given) - set(there)):
        raise UsageError(f"It does not offer {', '.join(strange)}, so nothing is withdrawn.")
    return [each for each in there if each not in given]
