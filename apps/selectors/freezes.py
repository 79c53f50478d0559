"""Reads of freeze windows: those one may view, and the one that is in force over an environment."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from apps.models import Environment, FreezeWindow
from paas.core.permissions import Actor, signed_in, visible
from paas.identity.models import Team

COMING: Q = Q(ended_at=None, ends_at__gt=Now())


def freezes_of(actor: Actor) -> QuerySet[FreezeWindow]:
    """Those of the platform, which everyone who is signed in may view, and of one's teams; the latest first."""
    if signed_in(actor) is None:
        return FreezeWindow.objects.none()
    teams = visible(actor, Team.objects.all()).values("pk")
    return FreezeWindow.objects.select_related("team").filter(Q(team=None) | Q(team__in=teams))


def in_force(environment: Environment) -> FreezeWindow | None:
    """What keeps new releases out of the environment now, where there is something; one query."""
    mine = Q(team=None) | Q(team=environment.application.project.team_id)
    meant = Q(environments__contains=[environment.name])
    if environment.protected:
        meant |= Q(environments=[])
    return FreezeWindow.objects.filter(COMING, mine, meant, starts_at__lte=Now()).order_by("-ends_at").first()
