"""Search over everything a person may see, for the keyboard palette: /console/palette/?q=… answers with where to go.

Rooms register what they can find by `register_search`; nothing here knows a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from paas.core.permissions import Actor
from paas.core.site import navigation, register_view

MOST = 6
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """Something to jump to: `kind` is a word for what it is, `detail` says which."""

    title: str
    href: str
    kind: str
    detail: str = ""
    icon: str = "arrow_forward"


Find = Callable[[Actor, str, int], Iterable[Hit]]
"""(the person, what was typed, how many at most) → what is found, in one query."""

console_searches: dict[tuple[int, str], Find] = {}


def register_search(name: str, find: Find, *, order: int) -> None:
    """Add something that can be found; results stand by rising order."""
    console_searches[(order, name)] = find


def hits(request: HttpRequest, term: str) -> list[Hit]:
    """Pages of the console first, then what the rooms find; without a term the pages alone."""
    found = [each for each in _pages(request) if term.lower() in each.title.lower()]
    if term:
        for _key, find in sorted(console_searches.items()):
            found += find(request.user, term, MOST)
    return found


def view(request: HttpRequest) -> HttpResponse:
    """{"hits": […]} for what was typed."""
    term = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    answer = JsonResponse({"hits": [asdict(each) for each in hits(request, term)]})
    answer["Cache-Control"] = "no-store"
    return answer


def _pages(request: HttpRequest) -> list[Hit]:
    items: list[dict[str, Any]] = [item for group in navigation(request) for item in group["items"]]
    return [Hit(str(item["title"]), str(item["link"]), _("page"), icon=item["icon"]) for item in items]


register_view("palette/", view, name="palette")
