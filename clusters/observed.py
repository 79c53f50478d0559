"""What owners learn from the loop: called inside the transaction that writes a Work's status.

An owner's callback marks its own row due and wakes it, nothing more: it runs in the loop's transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Callback = Callable[[UUID], None]

_callbacks: dict[str, Callback] = {}


def register(owner_kind: str, callback: Callback) -> None:
    """Call `callback(owner_id)` when a Work of that kind of owner changes its status or is gone."""
    if _callbacks.setdefault(owner_kind, callback) is not callback:
        raise ValueError(f"owner kind {owner_kind!r} has a callback already")


def notify(owner_kind: str, owner_id: UUID) -> None:
    """Tell the owner, if its kind wants to know."""
    callback = _callbacks.get(owner_kind)
    if callback is not None:
        callback(owner_id)
