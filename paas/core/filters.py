"""Filters of lists that people keep: a name for a query string, each person's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from paas.core import audit
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import SavedFilter
from paas.core.permissions import Actor, not_found, signed_in

MOST = 50
LONGEST_NAME = 60
LONGEST_QUERY = 1000
# Where in the list one is, and what the theme adds: no part of what is looked for.
PASSING = frozenset({"p", "o", "as", "all", "_changelist_filters", "_popup"})


def filters_of(actor: Actor, page: str) -> QuerySet[SavedFilter]:
    """The person's own for a list."""
    person = signed_in(actor)
    if person is None:
        return SavedFilter.objects.none()
    return SavedFilter.objects.filter(user_id=person.pk, page=page)


def save_filter(*, actor: Actor, page: str, name: str, query: str) -> SavedFilter:
    """Keep a query under a name; one of the same name is replaced.

    Raises:
        Invalid: `filter_invalid`.
        Conflict: `too_many_filters`.
    """
    person = _person(actor)
    name, query = name.strip(), normal(query)
    if not name or len(name) > LONGEST_NAME or not query or len(query) > LONGEST_QUERY or not is_list(page):
        raise Invalid(
            "filter_invalid",
            "This filter cannot be kept.",
            rule=f"It has a name of at most {LONGEST_NAME} characters and narrows a list.",
            remedy="Choose a filter or search first, then give it a name.",
        )
    with transaction.atomic():
        kept = filters_of(actor, page)
        if not kept.filter(name=name).exists() and kept.count() >= MOST:
            raise Conflict("too_many_filters", f"You keep {MOST} filters of this list.", remedy="Remove one first.")
        made, _created = SavedFilter.objects.update_or_create(
            user_id=person.pk, page=page, name=name, defaults={"query": query}
        )
        audit.record(
            actor=actor, action="filter.saved", target=made, after={"page": page, "name": name, "query": query}
        )
    return made


def remove_filter(*, actor: Actor, pk: int) -> None:
    """Forget one of one's own. Raises NotFound `saved_filter_not_found`."""
    person = _person(actor)
    with transaction.atomic():
        found = SavedFilter.objects.filter(pk=pk, user_id=person.pk).first()
        if found is None:
            raise not_found(SavedFilter)
        audit.record(
            actor=actor, action="filter.removed", target=found, before={"page": found.page, "name": found.name}
        )
        found.delete()


def shown(request: HttpRequest, page: str) -> dict[str, Any]:
    """What console/filters.html needs."""
    query = normal(request.GET.urlencode())
    kept = [
        {"pk": each.pk, "name": each.name, "href": each.href, "current": each.query == query}
        for each in filters_of(request.user, page)
    ]
    return {"page": page, "query": query, "kept": kept}


def _person(actor: Actor) -> Any:
    person = signed_in(actor)
    if person is None:
        raise Forbidden("not_signed_in", "Only who is signed in keeps filters.")
    return person


def normal(query: str) -> str:
    """A query string without what is no part of what is looked for, in one order."""
    pairs = [(key, value) for key, value in parse_qsl(query) if key not in PASSING]
    return urlencode(sorted(pairs))


def is_list(page: str) -> bool:
    """Whether the console has a list of that name."""
    try:
        reverse(f"admin:{page}_changelist")
    except NoReverseMatch:
        return False
    return True
