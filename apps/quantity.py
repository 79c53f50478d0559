"""Kubernetes quantities as exact numbers, to compare a request with a limit. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = {
    "": Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30),
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)")


def quantity(text: str) -> Decimal:
    """Cores or bytes. ValueError for what `terms.Cpu` and `terms.Memory` would not let through."""
    matched = _QUANTITY.fullmatch(text)
    if matched is None or matched[2] not in _UNITS:
        raise ValueError(f"not a quantity: {text!r}")
    return Decimal(matched[1]) * _UNITS[matched[2]]
