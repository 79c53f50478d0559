"""What owners learn from the loop: called inside the transaction that writes a Work's status.

An owner's callback marks its own row due and wakes it, nothing more: it runs in the loop's transaction. What only
people see, as pods that come and go, is told by `show`: no status follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Callback = Callable[[UUID], None]

_callbacks: dict[str, Callback] = {}
_viewers: dict[str, Callback] = {}


def register(owner_kind: str, callback: Callback) -> None:
    """Call `callback(owner_id)` when a Work of that kind of owner changes its status or is gone."""
    if _callbacks.setdefault(owner_kind, callback) is not callback:
        raise ValueError(f"owner kind {owner_kind!r} has a callback already")


def register_viewer(owner_kind: str, callback: Callback) -> None:
    """Call `callback(owner_id)` when there is something else to see of that kind of owner."""
    if _viewers.setdefault(owner_kind, callback) is not callback:
        raise ValueError(f"owner kind {owner_kind!r} has a viewer already")


def show(owner_kind: str, owner_id: UUID) -> None:
    """Tell those who look at the owner, if its kind has pages."""
    callback = _viewers.get(owner_kind)
    if callback is not None:
        callback(owner_id)


def notify(owner_kind: str, owner_id: UUID) -> None:
    """Tell the owner, if its kind wants to know."""
    callback = _callbacks.get(owner_kind)
    if callback is not None:
        callback(owner_id)
