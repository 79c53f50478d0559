"""Snapshots for live views: each reads the whole state anew, and asks anew whether it may be seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps import selectors
from apps.models import Application, Project
from paas.core.permissions import Actor, fresh, not_found, visible
from paas.core.sse import Snapshot, Still


def application_snapshot(actor: Actor, application_id: UUID) -> Snapshot:
    """The status of an application, for `paas.core.sse.stream`."""

    def read() -> dict[str, Any]:
        found = selectors.applications_of(fresh(actor)).filter(pk=application_id).first()
        if found is None:
            raise not_found(Application)
        return selectors.status(found)

    return read


def still_viewed(actor: Actor, model: type[Application | Project], pk: UUID) -> Still:
    """Whether they may still look at it."""

    def ask() -> None:
        if not visible(fresh(actor), model._default_manager.filter(pk=pk)).exists():
            raise not_found(model)

    return ask
