"""Service: a load balancer must have got its address. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import items, text
from clusters.health.verdict import Verdict, healthy, progressing

KIND = ("", "Service")


def assess(body: dict[str, Any]) -> Verdict:
    if text(body, "spec", "type") == "LoadBalancer" and not items(body, "status", "loadBalancer", "ingress"):
        return progressing("NoAddress", "The load balancer has no address yet")
    return healthy("Applied")
