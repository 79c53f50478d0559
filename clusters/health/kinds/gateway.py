"""Gateway: accepted and programmed, each listener with references that resolve. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition_in, items, text
from clusters.health.routing import settled
from clusters.health.verdict import Verdict, healthy, worst

KIND = ("gateway.networking.k8s.io", "Gateway")


def assess(body: dict[str, Any]) -> Verdict:
    status = body.get("status")
    verdicts = [settled(condition_in(status, kind), kind, body, "The Gateway") for kind in ("Accepted", "Programmed")]
    for listener in items(status, "listeners"):
        name = text(listener, "name")
        verdicts += [
            settled(condition_in(listener, kind), kind, body, f"Listener {name}")
            for kind in ("Accepted", "ResolvedRefs", "Programmed")
            if condition_in(listener, kind)
        ]
    found = worst(verdict for verdict in verdicts if verdict)
    return found if found.reason != "NothingExpected" else healthy("Programmed")
