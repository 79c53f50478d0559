"""The parts of a HorizontalPodAutoscaler: what it aims at, and how fast it goes there. Pure."""

from __future__ import annotations

from typing import Any

Pace = tuple[int | None, str | None]
"""How many seconds it waits, and the most it changes in a period ("2", "50%"); None where Kubernetes decides."""


def metrics(**percents: int | None) -> list[dict[str, Any]]:
    """The use to aim at of each resource, in percent of its request; those of None are left out."""
    return [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
        }
        for name, percent in percents.items()
        if percent is not None
    ]


def behavior(*, up: Pace, down: Pace, period: int) -> dict[str, Any]:
    """The field `behavior`, or nothing where there is nothing to say."""
    found = {"scaleUp": _rules(*up, period), "scaleDown": _rules(*down, period)}
    given = {name: rules for name, rules in found.items() if rules}
    return {"behavior": given} if given else {}


def _rules(window: int | None, most: str | None, period: int) -> dict[str, Any]:
    rules: dict[str, Any] = {} if window is None else {"stabilizationWindowSeconds": window}
    if most is not None:
        kind = "Percent" if most.endswith("%") else "Pods"
        rules["policies"] = [{"type": kind, "value": int(most.rstrip("%")), "periodSeconds": period}]
    return rules
