"""CustomResourceDefinition: Healthy once established, or its objects could not be applied. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing

KIND = ("apiextensions.k8s.io", "CustomResourceDefinition")


def assess(body: dict[str, Any]) -> Verdict:
    names = condition(body, "NamesAccepted")
    if names.get("status") == "False":
        return degraded(text(names, "reason") or "NamesNotAccepted", text(names, "message"))
    if condition(body, "Established").get("status") == "True":
        return healthy("Established")
    return progressing("NotEstablished", "The API server does not serve the kind yet")
