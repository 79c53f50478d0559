"""What every page of applications shares: what all pages do, and the address of an application's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from paas.core.pages import acted, denied, page, streamed

__all__ = ["Button", "acted", "application_page", "decisions", "denied", "page", "streamed"]


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
