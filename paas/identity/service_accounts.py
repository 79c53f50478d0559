"""The writers of service accounts: who a team's pipelines are. Beside `services`, which makes their tokens.

A service account is a User with a team and without a password, so that what it does is audited as itself. It deploys
what belongs to its team, and changes neither the team nor the platform, whatever the scope of its token.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, QuerySet

from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, require, require_lasting
from paas.core.sse import hint
from paas.identity.granting import TEAMS_CHANNEL
from paas.identity.models import NAME, ApiToken, Team, User


def service_accounts(team: Team) -> QuerySet[User]:
    """Those of the team that may sign in, by name, with how many `tokens` they have and when one was `used` last."""
    found = User.objects.filter(team=team, is_active=True).order_by("username")
    return found.annotate(tokens=Count("auth_token_set"), used=Max("auth_token_set__last_used_at"))


def username_of(team: Team, name: str) -> str:
    """What it is called in the audit trail: `ci` of team `shop` is `ci@shop`, which no person can be called by mail."""
    return f"{name}@{team.name}"


def create_service_account(*, team: Team, name: str, actor: Actor) -> User:
    """A new service account of the team; owners only. One that was removed comes back under its name, without tokens.

    Args:
        name: lower-case letters, digits, dashes; up to 40.

    Raises:
        Invalid: `service_account_name_invalid`.
        Conflict: `service_account_name_taken`.
    """
    require_lasting(actor, "own", team)
    try:
        NAME(name)
    except ValidationError as error:
        raise Invalid(
            "service_account_name_invalid",
            f"'{name[:60]}' is no name for a service account.",
            rule=" ".join(error.messages),
            remedy="Choose another name.",
        ) from error
    try:
        with transaction.atomic():
            account = User.objects.select_for_update().filter(team=team, username=username_of(team, name)).first()
            account = account or User(team=team, username=username_of(team, name), is_active=False)
            if account.is_active:
                raise _taken(team, name)
            account.is_active = True
            account.set_unusable_password()
            account.save()
            account.groups.set([team.developers])
            audit.record(actor=actor, action="service_account.created", target=account, after={"team": team.name})
            hint(TEAMS_CHANNEL)
    except IntegrityError as error:
        raise _taken(team, name) from error
    return account


def remove_service_account(*, account: User, actor: Actor) -> None:
    """End it and all its tokens; owners only. Its row stays, for what it has done."""
    require(actor, "own", account.team)
    with transaction.atomic():
        account.groups.clear()
        ended = ApiToken.objects.filter(user=account).delete()[0]
        User.objects.filter(pk=account.pk).update(is_active=False)
        audit.record(actor=actor, action="service_account.removed", target=account, before={"tokens": ended})
        hint(TEAMS_CHANNEL)


def _taken(team: Team, name: str) -> Conflict:
    return Conflict(
        "service_account_name_taken",
        f"Team '{team}' has a service account '{name}' already.",
        remedy="Choose another name, or make a token for the one that is there.",
    )
