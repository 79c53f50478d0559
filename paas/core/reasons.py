"""Reasons: what some changes are made with, by whoever makes them. Pure."""

from __future__ import annotations

from paas.core.errors import Invalid


def demand(reason: str, what: str) -> None:
    """Raises Invalid `reason_required` where none is given; `what` is done by somebody who says why."""
    if not reason.strip():
        raise Invalid(
            "reason_required",
            "It needs a reason.",
            rule=f"{what} by somebody who says why.",
            remedy="Say why, with `--reason`.",
        )
