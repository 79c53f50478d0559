"""Names of images as people know them."""

from __future__ import annotations

DIGEST_SHOWN = 12


def short(name: str) -> str:
    """Without its registry, and with the first digits of its digest."""
    path, _, digest = name.partition("@sha256:")
    return f"{path.rpartition('/')[2]}@{digest[:DIGEST_SHOWN]}" if digest else path
