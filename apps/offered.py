"""Whether a cluster offers what a building block asks of it, and how it is refused: with all that is offered. Pure."""

from __future__ import annotations

from collections.abc import Collection

from apps.contribution import RenderError
from clusters.target import ClusterTarget


def check_offered(
    target: ClusterTarget, what: str, wanted: str, offered: Collection[str], *, code: str, path: str
) -> None:
    """RenderError `code` unless `wanted` is among what is offered."""
    if wanted not in offered:
        others = f"only {', '.join(sorted(offered))}" if offered else "nor any"
        raise RenderError(code, path, f"cluster {target.name} offers no {what} {wanted}, {others}")
