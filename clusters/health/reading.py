"""Reads of live objects that never fail: an absent or odd piece reads as nothing.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def part(body: Any, *path: str) -> dict[str, Any]:
    """The object at a path, {} when there is none."""
    found = _at(body, path)
    return found if isinstance(found, dict) else {}


def items(body: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at a path."""
    found = _at(body, path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def count(body: Any, *path: str, default: int = 0) -> int:
    """The int at a path."""
    found = _at(body, path)
    return found if type(found) is int else default


def text(body: Any, *path: str) -> str:
    """The string at a path, "" when there is none."""
    found = _at(body, path)
    return found if isinstance(found, str) else ""


def condition(body: Any, kind: str) -> dict[str, Any]:
    """The condition of a type in `status.conditions`, {} when there is none."""
    return condition_in(part(body, "status"), kind)


def condition_in(holder: Any, kind: str) -> dict[str, Any]:
    """The condition of a type in `conditions`, {} when there is none."""
    return next((each for each in items(holder, "conditions") if each.get("type") == kind), {})


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        body = body.get(step) if isinstance(body, Mapping) else None
    return body
