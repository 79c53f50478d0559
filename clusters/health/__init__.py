"""The health of live objects: `assess(body)` → Verdict. One kind a file, in `kinds`, found by name.

The delivery loop asks it after each apply and for each watched change; nothing here fetches.
Pure.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from clusters.health import kinds
from clusters.health.generic import before_kind, by_conditions
from clusters.health.pods import explain_pods, fold
from clusters.health.verdict import SETTLED, SEVERITY, Health, Verdict, worst

__all__ = [
    "SETTLED",
    "SEVERITY",
    "Health",
    "Verdict",
    "assess",
    "explain_pods",
    "fold",
    "known_kinds",
    "passes_gate",
    "worst",
]

Assess = Callable[[dict[str, Any]], Verdict]


def assess(body: dict[str, Any] | None) -> Verdict:
    """The health of a live object as its own status tells it; None is an object that is not there."""
    if body is None:
        return Verdict(Health.MISSING, "NotFound", "The object is not in the cluster")
    general = before_kind(body)
    return general if general else _BY_KIND.get(_kind_of(body), by_conditions)(body)


def passes_gate(body: dict[str, Any], verdict: Verdict) -> bool:
    """Whether the next phase need not wait for this object.

    What is settled passes, and with it a kind without status. So does a PersistentVolumeClaim that nobody
    provisions yet: it may wait for its first consumer, which comes in a later phase.
    """
    if verdict.settled:
        return True
    return verdict.reason == "WaitForFirstConsumer" and _kind_of(body) == ("", "PersistentVolumeClaim")


def known_kinds() -> frozenset[tuple[str, str]]:
    """(group, kind) of the kinds that have a file of their own."""
    return frozenset(_BY_KIND)


def _kind_of(body: dict[str, Any]) -> tuple[str, str]:
    return str(body.get("apiVersion") or "").rpartition("/")[0], str(body.get("kind") or "")


def _load() -> dict[tuple[str, str], Assess]:
    found: dict[tuple[str, str], Assess] = {}
    for each in pkgutil.iter_modules(kinds.__path__):
        module = importlib.import_module(f"{kinds.__name__}.{each.name}")
        group, kind = module.KIND
        if kind.lower() != each.name:
            raise ImportError(f"{module.__name__} is about {kind} and must be named {kind.lower()}")
        found[(group, kind)] = module.assess
    return found


_BY_KIND = _load()
