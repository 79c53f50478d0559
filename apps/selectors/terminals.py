"""Reads of terminals: who opened which is shown to all who may view the environment, what was shown to its owners and
to operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from apps.models import Environment, Terminal
from apps.terminals import store
from paas.core.errors import NotFound
from paas.core.permissions import Actor, allowed, is_operator, require, visible


@dataclass(frozen=True)
class Access:
    """What a person is told before they open a terminal; times in seconds."""

    platform: bool
    allowed: bool
    permitted: bool
    seconds: int
    idle_seconds: int

    @property
    def open(self) -> bool:
        """They may open one now."""
        return self.platform and self.allowed and self.permitted


def exec_access(actor: Actor, environment: Environment) -> Access:
    """The two switches, the permission and the limits."""
    chosen = settings.DOUGONG
    return Access(
        platform=chosen.exec_enabled,
        allowed=environment.exec_allowed,
        permitted=allowed(actor, "exec", environment),
        seconds=chosen.exec_minutes * 60,
        idle_seconds=chosen.exec_idle_minutes * 60,
    )


def terminals_of(actor: Actor) -> QuerySet[Terminal]:
    """Newest first, with their environment."""
    return visible(actor, Terminal.objects.select_related("environment__application__project__team"))


def may_replay(actor: Actor, terminal: Terminal) -> bool:
    """Owners and operators."""
    return is_operator(actor) or allowed(actor, "own", terminal.environment)


def recording(actor: Actor, terminal: Terminal) -> Iterator[str]:
    """What was shown, as an asciicast of version 2, in pieces.

    Raises:
        NotFound: `recording_not_found`, also where it is no longer kept.
    """
    if not is_operator(actor):
        require(actor, "own", terminal.environment)
    pieces = store.read(terminal.pk)
    first = next(pieces, None)
    if first is None:
        raise NotFound(
            "recording_not_found",
            "There is no recording of this terminal.",
            rule=f"Recordings are kept for {settings.DOUGONG.exec_recording_days} days.",
        )
    return _from(first, pieces)


def _from(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
