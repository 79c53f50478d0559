"""Kubernetes quantities as exact numbers: capacity of nodes is added up with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
_SMALL = {"": Decimal(1), "m": Decimal("1e-3"), "u": Decimal("1e-6"), "n": Decimal("1e-9")}
_UNITS = {**_SMALL, **_DECIMAL, **_BINARY}
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:([numkMGTPE]|[KMGTPE]i)?|[eE]([+-]?[0-9]+))")


def quantity(text: str) -> Decimal:
    """Cores, bytes or counts of "500m", "1Gi", "12e6". ValueError for what is no quantity."""
    matched = _QUANTITY.fullmatch(text.strip())
    if matched is None:
        raise ValueError(f"not a quantity: {text!r}")
    number, unit, exponent = matched.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _UNITS[unit or ""])


def totals(amounts: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """The sum over nodes: {"cpu_millicores", "memory_bytes", "pods"}; what a node does not name counts as 0."""
    sums = {"cpu": Decimal(0), "memory": Decimal(0), "pods": Decimal(0)}
    for amount in amounts:
        for name in sums:
            sums[name] += quantity(str(amount.get(name) or "0"))
    return {"cpu_millicores": int(sums["cpu"] * 1000), "memory_bytes": int(sums["memory"]), "pods": int(sums["pods"])}
