"""What the console gives its theme on every page: icon, stylesheet, scripts and their words, choice of language."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _


def favicon(request: HttpRequest) -> str:
    """Where the console's icon is."""
    return static("dougong/favicon.svg")


def stylesheet(request: HttpRequest) -> str:
    """What the theme's stylesheet lacks, on every page."""
    return static("dougong/console.css")


def live_script(request: HttpRequest) -> str:
    """What keeps live parts up to date, on every page."""
    return static("dougong/live.js")


def density_script(request: HttpRequest) -> str:
    """How close rows stand, on every page."""
    return static("dougong/density.js")


def icons_script(request: HttpRequest) -> str:
    """What keeps the words of icons out of the names of buttons, on every page."""
    return static("dougong/icons.js")


def palette_script(request: HttpRequest) -> str:
    """The keyboard palette, on every page."""
    return static("dougong/palette.js")


def language_address(request: HttpRequest) -> str:
    """Where a language is chosen; `paas.identity` registers it."""
    return reverse("admin:language")


def script_words() -> dict[str, str]:
    """What scripts say, in the reader's language."""
    return {
        "live": _("Live"),
        "ended": _("No longer live:"),
        "reload": _("Not live: reload"),
        "again": _("Connecting again…"),
        "pause": _("Pause"),
        "go_on": _("Go on"),
        "found": _("%s found"),
        "nothing": _("Nothing found."),
        "unreachable": _("The server does not answer."),
    }
