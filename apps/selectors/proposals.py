"""Reads of releases that wait, or waited, for a second person."""

from __future__ import annotations

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Now

from apps.models import ReleaseProposal
from paas.core.permissions import Actor, visible

State = ReleaseProposal.State


def proposals_of(actor: Actor) -> QuerySet[ReleaseProposal]:
    """Newest first, with `standing`: the state, or "Expired" once its time is over. Without spec and app file."""
    lapsed = When(state=State.PENDING, expires_at__lte=Now(), then=Value(ReleaseProposal.EXPIRED))
    found = ReleaseProposal.objects.select_related("environment__application__project__team", "based_on", "release")
    found = found.annotate(standing=Case(lapsed, default=F("state"), output_field=CharField()))
    heavy = [f"{each}{field}" for each in ("", "based_on__", "release__") for field in ("spec", "app_file")]
    return visible(actor, found.defer(*heavy))


def over(actor: Actor) -> QuerySet[ReleaseProposal]:
    """Those that cannot be decided any more."""
    return proposals_of(actor).exclude(state=State.PENDING, expires_at__gt=Now())


def waiting(actor: Actor) -> QuerySet[ReleaseProposal]:
    """Those that can be decided now."""
    return proposals_of(actor).filter(state=State.PENDING, expires_at__gt=Now())
