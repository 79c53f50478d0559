"""What owners learn from the registry: that a cluster may match otherwise, or take new things or no longer.

Called inside the transaction that changes the cluster. An owner's callback marks its own rows due, nothing more:
nothing is ever placed otherwise by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Callback = Callable[[UUID], None]

_callbacks: list[Callback] = []


def register(callback: Callback) -> None:
    """Call `callback(cluster_id)` from now on; a second time it finds itself there."""
    if callback not in _callbacks:
        _callbacks.append(callback)


def changed(cluster_id: UUID) -> None:
    """Tell the owners."""
    for callback in _callbacks:
        callback(cluster_id)
