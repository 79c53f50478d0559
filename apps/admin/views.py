"""What every page of applications shares: what all pages do, the address of an application's own, and the stream of a
page of an environment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps import selectors
from apps.delivery import channel
from apps.models import Environment
from paas.core.pages import acted, denied, page, streamed
from paas.core.permissions import Actor, fresh, not_found
from paas.core.sse import stream

__all__ = ["Button", "acted", "application_page", "decisions", "denied", "environment_stream", "page", "streamed"]


@dataclass(frozen=True, slots=True)
class Button:
    """One of several that send a form: `value` is sent as `act`."""

    value: str
    word: str
    icon: str
    variant: str = "default"


def decisions(value: str, word: str, *, mine: bool) -> list[Button]:
    """What a person may do with what waits for a second one: send `value` by a button with `word`, or decline; or take
    back what they proposed themselves.
    """
    if mine:
        return [Button("decline", _("Take back"), "undo")]
    return [Button(value, word, "check", "primary"), Button("decline", _("Decline"), "close")]


def application_page(application_id: Any) -> str:
    """The address of an application's page."""
    return reverse("admin:applications_application_change", args=[application_id])


def environment_stream(
    request: HttpRequest, pk: UUID, template: str, context: Callable[[Environment], dict[str, Any]]
) -> HttpResponseBase:
    """The live part of a page of an environment: the template with what `context` reads of it, each time anew."""

    def read() -> dict[str, Any]:
        return {"html": render_to_string(template, context(_environment(fresh(request.user), pk)))}

    return streamed(lambda: stream(read, channel(_environment(request.user, pk).application_id)))


def _environment(actor: Actor, pk: UUID) -> Environment:
    found = selectors.environments_of(actor).filter(pk=pk).first()
    if found is None:
        raise not_found(Environment)
    return found
