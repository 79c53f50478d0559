"""What a cluster offers to every team, as the options of a command say it, joined to what it offers now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paas.cli.errors import UsageError

Body = dict[str, Any]
NAMES = ("priority_classes", "node_pools")
ANNOTATIONS = "service_account_annotations"


def chosen(classes: Sequence[str] | None, pools: Sequence[str] | None, annotations: Sequence[str] | None) -> Body:
    """The fields that the options speak of.

    Raises:
        UsageError: none, or an annotation that is not KEY=GLOB.
    """

    globs: dict[str, list[str]] = {}
    for each in annotations or ():
        key, separator, glob = each.partition("=")
        if not key or not separator or not glob:
            raise UsageError(f"--service-account-annotation {each!r} is not KEY=GLOB.")
        globs.setdefault(key, []).append(glob)
    found = {"priority_classes": list(classes or ()), "node_pools": list(pools or ()), ANNOTATIONS: globs}
    given = {name: value for name, value in found.items() if value}
    if not given:
        raise UsageError("What of the cluster?", remedy="Name a priority class, a node pool or an annotation.")
    return given


def added(cluster: Body, given: Body, reason: str) -> Body:
    """The change that offers these besides what is offered."""
    now = cluster.get("spec") or {}
    changes: Body = {name: [*now.get(name, ()), *given[name]] for name in NAMES if name in given}
    if ANNOTATIONS in given:
        there = now.get(ANNOTATIONS, {})
        more = {key: [*there.get(key, ()), *globs] for key, globs in given[ANNOTATIONS].items()}
        changes[ANNOTATIONS] = {**there, **more}
    return {**changes, "reason": reason}


def removed(cluster: Body, given: Body, reason: str) -> Body:
    """The change that offers these no longer.

    Raises:
        UsageError: one of them is not offered.
    """

    now = cluster.get("spec") or {}
    changes: Body = {name: _without(now.get(name, ()), given[name]) for name in NAMES if name in given}
    if ANNOTATIONS in given:
        there = now.get(ANNOTATIONS, {})
        less = {key: _without(there.get(key, ()), globs) for key, globs in given[ANNOTATIONS].items()}
        changes[ANNOTATIONS] = {key: globs for key, globs in {**there, **less}.items() if globs}
    return {**changes, "reason": reason}


def rows(spec: Body) -> list[tuple[str, str]]:
    """Lines for people, of what is offered."""
    found = [
        ("Priority classes", ", ".join(spec.get("priority_classes") or ())),
        ("Node pools", ", ".join(spec.get("node_pools") or ())),
        *((f"Annotation {key}", " | ".join(globs)) for key, globs in sorted((spec.get(ANNOTATIONS) or {}).items())),
    ]
    return [row for row in found if row[1]]


def _without(there: Sequence[str], given: Sequence[str]) -> list[str]:
    if strange := sorted(set(given) - set(there)):
        raise UsageError(f"It does not offer {', '.join(strange)}, so nothing is withdrawn.")
    return [each for each in there if each not in given]
