"""The conditions of the Gateway API, read alike for gateways, listeners and parents of routes.

Pure.
"""

from __future__ import annotations

from typing import Any

from clusters.health.reading import count, text
from clusters.health.verdict import Verdict, degraded, progressing

# "False" with one of these is not a refusal: the controller is still at it.
_UNDER_WAY = frozenset({"Pending", "AddressNotAssigned", "NoResources"})


def settled(condition: dict[str, Any], kind: str, body: dict[str, Any], subject: str) -> Verdict | None:
    """None when a condition is "True" for the object's generation, else what keeps it."""
    status, reason, message = condition.get("status"), text(condition, "reason"), text(condition, "message")
    wanted = count(body, "metadata", "generation")
    said = f"{subject}: {message or reason or kind}"
    if not condition or count(condition, "observedGeneration", default=wanted) < wanted:
        return progressing("LatestGenerationNotObserved", f"{subject}: {kind} is not decided for generation {wanted}")
    if status == "True":
        return None
    if status == "False" and reason not in _UNDER_WAY:
        return degraded(reason or f"Not{kind}", said)
    return progressing(reason or f"Not{kind}", said)
