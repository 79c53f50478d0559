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
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps import selectors
from apps.delivery import channel
from apps.models import Environment, Project
from paas.core.pages import acted, denied, page, streamed
from paas.core.permissions import Actor, allowed, fresh, not_found
from paas.core.sse import stream
from paas.identity.models import Team

__all__ = [
    "Button",
    "acted",
    "application_page",
    "decisions",
    "denied",
    "environment_stream",
    "linked",
    "page",
    "streamed",
]


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


def linked(actor: Actor, obj: Project | Team) -> str:
    """Its name, which leads to its page if the actor may view it: with a role on one project alone one sees no team."""
    if not allowed(actor, "view", obj):
        return obj.name
    href = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
    return format_html('<a class="dg-link" href="{}">{}</a>', href, obj.name)


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
