"""The second person: approving a proposed release of a protected environment, or declining it.

lock → undecided? another person? nothing released since? → carry out → is it what was proposed? Else nothing is done.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps import appfile
from apps.delivery import APPROVALS_CHANNEL
from apps.models import Application, Release, ReleaseProposal
from apps.services.deploy import Order, carry_out
from apps.services.environments import announce, held
from apps.services.proposals import digest_of, proposing_word
from apps.services.rows import name_of, person
from paas.core import audit
from paas.core.errors import Conflict, Forbidden
from paas.core.permissions import Actor, allowed, require, require_token
from paas.core.reasons import demand
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.models import User

State = ReleaseProposal.State


def approve_release(
    *, proposal: ReleaseProposal, actor: Actor, reason: str = "", override_freeze: bool = False
) -> Release:
    """Release what another person proposed, exactly as it was proposed.

    Args:
        override_freeze: in spite of a freeze; for owners, with a reason.

    Raises:
        Forbidden: `second_person_required`, also for a service account; `token_scope`: it takes a token for admin.
        Conflict: `proposal_decided`, `proposal_expired`, `proposal_stale`, `frozen`; whatever admission refuses with.
    """
    require(actor, "release", proposal.environment)
    require_token(actor, "own")
    with transaction.atomic():
        # The application's lock first, as whoever deploys takes it.
        environment = held(proposal.environment)
        proposal = _undecided(proposal)
        _another_person(proposal, actor)
        if not allowed(proposal.proposed_by, proposing_word(proposal.proposed_by), environment):
            raise _stale(f"{proposal.proposed_by_name}, who proposed it, may not release here any more.")
        if environment.current_release_id != proposal.based_on_id:
            raise _stale("Another release was made since.")
        newer = _file_since(environment.application, proposal)
        order = Order(
            appfile.validate(proposal.app_file),
            proposal.app_file,
            environment.application,
            actor,
            proposal.reason,
            author=proposal.proposed_by,
            override=reason if override_freeze else None,
        )
        release, _ = carry_out(order, environment)
        if release is None or digest_of(release) != proposal.digest:
            raise _stale("Config, secrets or clusters have changed since: it would be another release.")
        _decide(proposal, State.APPROVED, actor, reason, release=release)
        if not newer:
            environment.application.app_file = proposal.app_file
            environment.application.save_version("app_file")
        told = {"proposal": str(proposal.pk), "proposed_by": proposal.proposed_by_name, "release": release.number}
        audit.record(actor=actor, action="release.approved", target=environment, after=told, reason=reason)
        announce(environment.application)
    return release


def decline_release(*, proposal: ReleaseProposal, actor: Actor, reason: str = "") -> ReleaseProposal:
    """Say no, with a reason; or take back one's own.

    Raises:
        Conflict: `proposal_decided`, `proposal_expired`.
        Invalid: `reason_required`.
    """
    own = _proposed(proposal, actor)
    require(actor, "view" if own else "release", proposal.environment)
    if not own:
        demand(reason, "A proposal is declined")
    with transaction.atomic():
        locked(proposal.environment.application)
        proposal = _undecided(proposal)
        _decide(proposal, State.DECLINED, actor, reason)
        told = {"proposal": str(proposal.pk), "proposed_by": proposal.proposed_by_name}
        environment = proposal.environment
        audit.record(actor=actor, action="release.declined", target=environment, after=told, reason=reason)
        announce(environment.application)
    return proposal


def _undecided(proposal: ReleaseProposal) -> ReleaseProposal:
    proposal = locked(proposal)
    if proposal.state != State.PENDING:
        raise Conflict("proposal_decided", f"{proposal.decided_by_name} has decided on it: {proposal.state.lower()}.")
    if proposal.expires_at <= timezone.now():
        raise Conflict("proposal_expired", _("Its time is over."), remedy=_("Deploy again: that proposes it anew."))
    return proposal


def _another_person(proposal: ReleaseProposal, actor: Actor) -> None:
    found = person(actor)
    if found is None or found.team is not None or _proposed(proposal, actor):
        raise Forbidden(
            "second_person_required",
            _("Who proposed a release does not approve it, and no service account does."),
            rule=_("What is new in a protected environment is released by two persons."),
            remedy=_("Ask another releaser or owner."),
        )


def _proposed(proposal: ReleaseProposal, actor: Actor) -> bool:
    found = person(actor)
    return isinstance(found, User) and found.pk == proposal.proposed_by_id


def _file_since(application: Application, proposal: ReleaseProposal) -> bool:
    """Whether a later file was accepted, which is then the application's."""
    released = Release.objects.filter(environment__application=application, created_at__gt=proposal.created_at)
    return released.exists()


def _decide(
    proposal: ReleaseProposal, state: State, actor: Actor, reason: str, *, release: Release | None = None
) -> None:
    proposal.state, proposal.decided_at, proposal.release = state, timezone.now(), release
    proposal.decided_by_name, proposal.decision_reason = name_of(actor), reason
    proposal.save(update_fields=["state", "decided_at", "decided_by_name", "decision_reason", "release"])
    hint(APPROVALS_CHANNEL)


def _stale(why: str) -> Conflict:
    return Conflict(
        "proposal_stale",
        f"What was proposed cannot be released any more. {why}",
        rule="A second person approves exactly what was proposed, or nothing.",
        remedy="Deploy again: that proposes what it comes to now.",
    )
