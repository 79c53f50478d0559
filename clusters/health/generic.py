"""The rules that hold for any kind, before and instead of those of its own.

The same verdicts as kstatus (kubectl, Flux): deletion first, then a generation nobody has seen, then conditions.
Pure.
"""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, count, items, part, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing


def before_kind(body: dict[str, Any]) -> Verdict | None:
    """What holds whatever the kind: an object that is going, or whose controller has not seen its latest generation."""
    if part(body, "metadata").get("deletionTimestamp"):
        return progressing("Terminating", _waits_for(body))
    return unseen_generation(body)


def _waits_for(body: dict[str, Any]) -> str:
    """What keeps an object that is being deleted: its finalizers, and of a namespace what is left in it."""
    finalizers = part(body, "metadata").get("finalizers") or []
    if finalizers:
        return f"Waits for finalizers: {', '.join(map(str, finalizers))}"
    if body.get("kind") != "Namespace":
        return "The object is deleted"
    said = [text(each, "message") for each in items(body, "status", "conditions") if each.get("status") == "True"]
    return "; ".join(filter(None, said)) or "The namespace is being emptied"


def unseen_generation(body: dict[str, Any], *, must_be_there: bool = False) -> Verdict | None:
    """Progressing while `status.observedGeneration` is behind; when `must_be_there`, also while there is none."""
    wanted, seen = count(body, "metadata", "generation"), part(body, "status").get("observedGeneration")
    if (type(seen) is int and seen < wanted) or (seen is None and must_be_there and wanted):
        return progressing("LatestGenerationNotObserved", f"Its controller has not seen generation {wanted} yet")
    return None


def by_conditions(body: dict[str, Any]) -> Verdict:
    """The verdict on a kind of which nothing is known: by Reconciling, Stalled and Ready; Healthy when it has none."""
    if not part(body, "status"):
        return healthy("Applied")
    reconciling, stalled, ready = (condition(body, kind) for kind in ("Reconciling", "Stalled", "Ready"))
    if stalled.get("status") == "True":
        return degraded(text(stalled, "reason") or "Stalled", text(stalled, "message"))
    if reconciling.get("status") == "True":
        return progressing(text(reconciling, "reason") or "Reconciling", text(reconciling, "message"))
    return _by_ready(body, ready)


def _by_ready(body: dict[str, Any], ready: dict[str, Any]) -> Verdict:
    if not ready:
        return healthy("Current")
    wanted = count(body, "metadata", "generation")
    if count(ready, "observedGeneration", default=wanted) < wanted:
        return progressing("LatestGenerationNotObserved", "The condition Ready is of an older generation")
    if ready.get("status") == "True":
        return healthy(text(ready, "reason") or "Ready", text(ready, "message"))
    return progressing(text(ready, "reason") or "NotReady", text(ready, "message"))
