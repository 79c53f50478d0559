"""ExternalSecret: Healthy once the External Secrets Operator has written the Secret, by its condition Ready. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, count, part, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing

KIND = ("external-secrets.io", "ExternalSecret")


def assess(body: dict[str, Any]) -> Verdict:
    ready = condition(body, "Ready")
    if not ready:
        return progressing("NoController", "The External Secrets Operator has not read it yet")
    reason, message = text(ready, "reason"), text(ready, "message")
    if ready.get("status") == "False":
        return degraded(reason or "NotReady", message)
    if ready.get("status") != "True":
        return progressing(reason or "NotReady", message)
    if _is_of_an_older_generation(body):
        return progressing("LatestGenerationNotObserved", "The Secret is of an older generation")
    return healthy(reason or "Ready", message)


def _is_of_an_older_generation(body: dict[str, Any]) -> bool:
    """It has no observedGeneration; "3-1a2b…" is what it was last synced from: the generation, and a hash."""
    synced = text(part(body, "status"), "syncedResourceVersion").partition("-")[0]
    return synced.isdecimal() and int(synced) < count(body, "metadata", "generation")
