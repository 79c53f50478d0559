"""What the keyboard palette finds of teams and people: what one is a member of; people for operators and auditors."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from paas.core.palette import Hit, register_search
from paas.core.permissions import Actor, visible
from paas.identity.models import Team, User


def teams(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By name or title."""
    found = visible(actor, Team.objects.filter(Q(name__icontains=term) | Q(title__icontains=term)))
    for each in found.only("name", "title").order_by("name")[:most]:
        href = reverse("admin:identity_team_change", args=[each.pk])
        yield Hit(each.name, href, _("team"), each.title if each.title != each.name else "", "groups")


def people(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By name or address."""
    found = visible(actor, User.objects.filter(Q(username__icontains=term) | Q(email__icontains=term)))
    for each in found.only("username", "email").order_by("username")[:most]:
        yield Hit(
            each.username, reverse("admin:identity_user_change", args=[each.pk]), _("person"), each.email, "person"
        )


register_search("teams", teams, order=60)
register_search("people", people, order=70)
