"""Proposing a release of a protected environment: what a deploy would release there, kept until it is approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.delivery import APPROVALS_CHANNEL
from apps.models import Environment, Release, ReleaseProposal
from apps.services.environments import announce
from apps.services.rows import name_of, person
from clusters.manifests import digest
from paas.core import audit
from paas.core.permissions import Actor
from paas.core.sse import hint

State = ReleaseProposal.State
Rehearsal = Callable[[], tuple[Release | None, list[str]]]


def digest_of(release: Release) -> str:
    """Of what a release just made says and where it is placed: whatever its number, and however it came about."""
    placed = release.environment.placements.order_by("cluster__name").values_list("cluster__name", flat=True)
    return digest({"spec": {**release.spec, "release": "", "rolled_back": False}, "clusters": list(placed)})


def propose(
    environment: Environment, rehearse: Rehearsal, *, document: dict[str, Any], actor: Actor, reason: str
) -> tuple[ReleaseProposal | None, list[str]]:
    """A proposal of what `rehearse` releases, which is undone; it refuses now what approving would refuse later. None
    where it releases nothing. The same proposed again is the same proposal; another one takes its place.

    The caller holds the application's lock.
    """
    with transaction.atomic():
        release, notes = rehearse()
        found = digest_of(release) if release is not None else ""
        transaction.set_rollback(True)
    if release is None:
        return None, []
    waiting = ReleaseProposal.objects.filter(
        environment=environment, state=State.PENDING, expires_at__gt=timezone.now()
    )
    proposal = waiting.filter(
        digest=found, based_on=environment.current_release, proposed_by=person(actor), app_file=document
    ).first()
    if proposal is None:
        replaced = [str(each) for each in waiting.values_list("pk", flat=True)]
        waiting.update(state=State.SUPERSEDED, decided_at=timezone.now(), decided_by_name=name_of(actor))
        proposal = _kept(environment, release, found, actor=actor, reason=reason)
        after = {"proposal": str(proposal.pk), "image": release.image, "digest": found, "supersedes": replaced}
        audit.record(actor=actor, action="release.proposed", target=environment, after=after, reason=reason)
        announce(environment.application)
        hint(APPROVALS_CHANNEL)
    notes.append(
        f"{environment.name} is protected: another person approves it until {proposal.expires_at:%Y-%m-%d %H:%M} UTC."
    )
    return proposal, notes


def _kept(environment: Environment, release: Release, found: str, *, actor: Actor, reason: str) -> ReleaseProposal:
    return ReleaseProposal.objects.create(
        environment=environment,
        based_on=environment.current_release,
        app_file=release.app_file,
        image=release.image,
        spec=release.spec,
        secrets=release.secrets,
        digest=found,
        reason=reason,
        proposed_by=person(actor),
        proposed_by_name=name_of(actor),
        expires_at=timezone.now() + timedelta(hours=settings.DOUGONG.approval_hours),
    )
