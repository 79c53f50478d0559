"""Who may do what: one question asked of guardian's rows, the same for services, API and console.

Words on team-owned objects: "view", "deploy", "release" (on protected environments), "exec" (a terminal in a
container), "own". A child names the way to its team by a class attribute `permission_parent = "project"` (the name of
a foreign key), walked up to a model with `permission_scope = "team"`. That one carries granted rows, and so does each
model on the way that says `permission_grants = True`: what is granted there holds for it and for all below it.
"operate" is the platform permission: held by the group operators, and over objects whose model says
`permission_scope = "platform"` (viewed by every signed-in person) or "operators" (viewed by them and auditors alone).
Operators may view what belongs to teams, not change it; auditors may view all, and change nothing. Superusers may do
all.

Who comes with an API token may at most what the token is for: the person then carries it as `token`, whose `words` are
those it lets through.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from paas.core.errors import Forbidden, NotFound, Refusal, Unauthenticated
from paas.core.grants import (
    BREAK_GLASS,
    carriers_of,
    grants_of,
    named,
    named_in_quotes,
    noun,
    owners_of,
    path_of,
    root_of,
    rows_of,
    scope_of,
    viewable,
)

Actor = AbstractUser | AnonymousUser | None
AnyModel = TypeVar("AnyModel", bound=models.Model)

OPERATE = "operate"
OPERATE_PERMISSION = "identity.operate"
AUDIT_PERMISSION = "identity.audit"
TEAM_WORDS = ("view", "deploy", "release", "exec", "own")
MOST_NAMED = 3


@dataclass(frozen=True)
class Right:
    """By what right a person may: `through` a group, or for being "superuser" or "everyone"; `on` empty: the platform.

    `person` is their primary key.
    """

    person: Any
    permission: str
    through: str
    on: str


@dataclass(frozen=True)
class Denied:
    """What `require` refused; `obj` None is the platform."""

    actor: Actor
    permission: str
    obj: models.Model | None
    code: str


# The last right that was exercised, and what was refused, within a request; the audit trail tells of both.
exercised: ContextVar[Right | None] = ContextVar("exercised_right", default=None)
denials: ContextVar[list[Denied] | None] = ContextVar("denials", default=None)


def signed_in(actor: Actor) -> AbstractUser | None:
    """The person, or None for the platform itself, nobody, and the deactivated."""
    return actor if isinstance(actor, AbstractUser) and actor.is_active else None


def fresh(actor: Actor) -> Actor:
    """The person as they are now, with the roles they have now.

    Raises:
        Unauthenticated: `not_authenticated`: since a live view began their account was closed, their session was ended
            or the token they came with was revoked.
    """
    person = signed_in(actor)
    if person is None:
        return None
    found = cast(Any, get_user_model())._default_manager.filter(pk=person.pk, is_active=True).first()
    token = getattr(person, "token", None)
    if found is not None and token is not None:
        found.token = type(token)._default_manager.filter(pk=token.pk, expiry__gt=timezone.now()).first()
    if found is None or not _still_signed_in(person, found):
        raise Unauthenticated("not_authenticated", _("You are signed out."), remedy=_("Sign in again."))
    return cast(Actor, found)


def _still_signed_in(then: AbstractUser, now: Any) -> bool:
    if getattr(then, "token", None) is not None:
        return now.token is not None
    return bool(now.get_session_auth_hash() == then.get_session_auth_hash())


def token_lets(actor: Actor, permission: str) -> bool:
    """Whether the API token the actor came with is for this; a person without one is not held back."""
    token = getattr(actor, "token", None)
    return token is None or permission in token.words


def is_operator(actor: Actor) -> bool:
    """Whether the person holds the platform permission."""
    return _holds(signed_in(actor), OPERATE_PERMISSION)


def is_overseer(actor: Actor) -> bool:
    """Whether the person views the whole platform, as operators and auditors do."""
    return is_operator(actor) or _holds(signed_in(actor), AUDIT_PERMISSION)


def _holds(person: AbstractUser | None, permission: str) -> bool:
    """Platform permissions come with groups alone: what was given to a person directly is not even looked for."""
    return person is not None and (person.is_superuser or permission in person.get_group_permissions())


def allowed(actor: Actor, permission: str, obj: models.Model | None) -> bool:
    """Whether the actor may. `obj` None asks for the platform as a whole."""
    return token_lets(actor, permission) and right(actor, permission, obj) is not None


def right(actor: Actor, permission: str, obj: models.Model | None) -> Right | None:
    """By what right the actor may, with whatever token they came; None where they may not."""
    person = signed_in(actor)
    if person is None:
        return None
    carriers = [] if obj is None or permission == OPERATE else carriers_of(obj)
    if (found := _through(person, permission, carriers)) is None:
        return None
    through, on = found
    return Right(person.pk, permission, through, named(on) if on is not None else "")


def _through(
    person: AbstractUser, permission: str, carriers: list[models.Model]
) -> tuple[str, models.Model | None] | None:
    """What gives the word, and the object it was granted on."""
    root = carriers[-1] if carriers else None
    scope = "operators" if root is None else scope_of(type(root))
    if person.is_superuser:
        return "superuser", root
    if scope == "platform" and permission == "view":
        return "everyone", root
    if scope == "team" and (found := grants_of(person, permission, carriers)):
        on, group = found[0]
        return f"group {group}", on
    # Operators may do all where no team owns, and view the rest.
    if (scope != "team" or permission == "view") and is_operator(person):
        return "group operators", root
    if permission == "view" and is_overseer(person):
        return "group auditors", root
    return None


def words(actor: Actor, obj: models.Model) -> frozenset[str]:
    """All words the actor holds on the object: what a page may offer as buttons."""
    granted = getattr(obj, "granted", None)
    person = signed_in(actor)
    if granted is None or person is None or person.is_superuser:
        return frozenset(word for word in (*TEAM_WORDS, OPERATE) if allowed(actor, word, obj))
    held = {each.permission.codename.removesuffix(f"_{obj._meta.model_name}") for each in granted}
    held |= {"view", OPERATE} if is_operator(person) else {"view"} if is_overseer(person) else set()
    return frozenset(word for word in held if token_lets(actor, word))


def with_words(actor: Actor, queryset: models.QuerySet[AnyModel]) -> models.QuerySet[AnyModel]:
    """Objects that carry grants, with what `words` needs read for all of them in one query."""
    mine = rows_of(queryset.model).filter(group__user=signed_in(actor)).select_related("permission")
    return queryset.prefetch_related(models.Prefetch("grants", mine, to_attr="granted"))


def require(actor: Actor, permission: str, obj: models.Model | None) -> None:
    """The first line of every service.

    Raises:
        NotFound: the actor may not view `obj`, so it is not there for them.
        Forbidden: the actor may view it, but not do this; says the rule and whom to ask. `token_scope` where the
            person may, and the token they came with is not for it.
    """
    found = right(actor, permission, obj)
    refusal = _refusal(actor, permission, obj) if found is None else _token_refusal(actor, permission)
    exercised.set(found if refusal is None else None)
    if refusal is not None:
        if (refused := denials.get()) is not None:
            refused.append(Denied(actor, permission, obj, refusal.code))
        raise refusal


def require_lasting(actor: Actor, permission: str, obj: models.Model | None) -> None:
    """As `require`, for what outlives a role that was taken for a time: giving roles, making tokens.

    Raises:
        Forbidden: `role_is_temporary`, where nothing but such a role lets the actor.
    """
    require(actor, permission, obj)
    found = exercised.get()
    if found is not None and found.through.startswith(f"group {BREAK_GLASS}"):
        raise Forbidden(
            "role_is_temporary",
            "A role that was taken for a time gives nothing that lasts longer.",
            rule="Roles, service accounts and their tokens are given by those whose role lasts.",
            remedy="Ask an owner of the team; where there is none that can sign in, an administrator.",
        )


def _refusal(actor: Actor, permission: str, obj: models.Model | None) -> Refusal:
    if obj is not None and (permission == "view" or not allowed(actor, "view", obj)):
        return not_found(type(obj))
    if obj is None and permission == "view":
        return Forbidden(
            "auditor_required",
            _("Only operators and auditors of the platform may see this."),
            rule=_("It needs the permission 'operate' or 'audit'."),
            remedy=_("Ask an operator to add you to the group 'auditors', or to look for you."),
        )
    if permission == OPERATE or obj is None:
        return Forbidden(
            "operator_required",
            _("Only operators of the platform may do this."),
            rule=_("It needs the permission 'operate'."),
            remedy=_("Ask an administrator to add you to the group 'operators', or to do it for you."),
        )
    carriers = carriers_of(obj)
    root = named_in_quotes(carriers[-1] if carriers else obj)
    return Forbidden(
        "permission_denied",
        f"You may view {named_in_quotes(obj)}, but not do this.",
        rule=f"It needs the permission '{permission}' on {root}.",
        remedy=f"Ask an owner of {root} for a role that has it{_owners_told(actor, obj)}.",
    )


def owners_seen(actor: Actor, obj: models.Model) -> list[str]:
    """Who may give roles that reach the object, by name, where the actor may see them: owners stand on the page of what
    they own. None where no team does.
    """
    granted = [each for each in carriers_of(obj) if scope_of(root_of(type(each))) == "team"]
    seen = [each for each in granted if allowed(actor, "view", each)]
    return owners_of(seen) if seen else []


def _owners_told(actor: Actor, obj: models.Model) -> str:
    names = owners_seen(actor, obj)[:MOST_NAMED]
    return f": {', '.join(names)}" if names else ""


def require_token(actor: Actor, permission: str) -> None:
    """Refuse with `token_scope` what the API token the actor came with is not for."""
    if refusal := _token_refusal(actor, permission):
        raise refusal


def _token_refusal(actor: Actor, permission: str) -> Refusal | None:
    if token_lets(actor, permission):
        return None
    token = cast(Any, actor).token
    return Forbidden(
        "token_scope",
        f"Your API token is for '{token.scope}' alone, and this needs '{permission}'.",
        rule="A token does what both its scope and its person may: read views, deploy also deploys, admin does all.",
        remedy="Use a token of a wider scope: `dougong login --scope admin`, or `dougong token create --scope`.",
    )


def visible(actor: Actor, queryset: models.QuerySet[AnyModel]) -> models.QuerySet[AnyModel]:
    """The part of the queryset the actor may view, filtered in SQL without a query of its own per row."""
    person = signed_in(actor)
    if person is None:
        return queryset.none()
    if is_overseer(person):
        return queryset
    path, nearest = path_of(queryset.model)
    scope = scope_of(root_of(nearest))
    if scope == "platform":
        return queryset
    if scope != "team":
        return queryset.none()
    return queryset.filter(**{f"{path or 'pk'}__in": viewable(person, nearest)})


def not_found(model: type[models.Model]) -> NotFound:
    """The same words whether it is absent or may not be seen."""
    what = noun(model)
    return NotFound(f"{what.replace(' ', '_')}_not_found", f"There is no such {what}, or you may not view it.")
