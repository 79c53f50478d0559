"""The only writers of people, teams, memberships and tokens.

Each asks for its permission first, then changes rows and writes the audit event in one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from guardian.shortcuts import assign_perm

from paas.core import audit
from paas.core.errors import Conflict, Invalid, NotFound
from paas.core.permissions import OPERATE, Actor, require, require_lasting, require_token, signed_in
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.granting import TEAMS_CHANNEL, change_role, grant, new_groups
from paas.identity.models import (
    ADMIN,
    SCOPES,
    ApiToken,
    BreakGlass,
    DeviceGrant,
    DirectoryAccount,
    OidcAccount,
    OidcLogout,
    Team,
    User,
)
from paas.identity.revocation import end_access
from paas.identity.roles import (
    DEVELOPER,
    OPERATOR,
    OWNER,
    PLATFORM_ROLES,
    RELEASER,
    ROLES,
    VIEWER,
    a_person,
    group_of,
    known_role,
    role_of,
    roles_on,
)

# How exactly it is known when a token was last used.
USE_NOTED_EVERY = timedelta(minutes=1)


def create_team(*, name: str, title: str = "", actor: Actor) -> Team:
    """A new team whose first owner is the actor. Any operator may.

    Args:
        name: lower-case letters, digits, dashes; up to 40; part of addresses and never changed.
        title: for people; the name if left empty.

    Raises:
        Invalid: `team_name_invalid`.
        Conflict: `team_name_taken`.
    """
    require(actor, OPERATE, None)
    _check_name(name)
    person = signed_in(actor)
    try:
        with transaction.atomic():
            groups = new_groups(f"team:{name}", ROLES)
            team = Team.objects.create(
                name=name,
                title=title or name,
                owners=groups[OWNER],
                releasers=groups[RELEASER],
                developers=groups[DEVELOPER],
                viewers=groups[VIEWER],
            )
            grant(team, groups)
            if person is not None:
                person.groups.add(groups[OWNER])
            audit.record(
                actor=actor, action="team.created", target=team, after={"name": team.name, "title": team.title}
            )
            hint(TEAMS_CHANNEL)
    except IntegrityError as error:
        raise Conflict(
            "team_name_taken", f"There is a team named '{name}' already.", remedy="Choose another name."
        ) from error
    return team


def rename_team(*, team: Team, title: str, actor: Actor) -> Team:
    """Change the title; the name never changes."""
    require(actor, "own", team)
    with transaction.atomic():
        team = locked(team)
        before = {"title": team.title}
        team.title = title
        team.save_version("title")
        audit.record(actor=actor, action="team.renamed", target=team, before=before, after={"title": title})
        hint(TEAMS_CHANNEL)
    return team


def add_member(*, team: Team, user: User, role: str, actor: Actor) -> None:
    """Give a person one role on the team; a role held before is replaced.

    Raises:
        Invalid: `role_unknown`; `service_account_fixed`.
        Conflict: `last_owner`, where the team would be left without one.
    """
    require_lasting(actor, "own", team)
    a_person(user)
    known_role(role)
    with transaction.atomic():
        team = locked(team)
        before = role_of(team, user)
        if before == role:
            return
        if before == OWNER:
            _keep_an_owner(team, user)
        group = group_of(team, role)
        change_role(team, user, roles_on(team), before=before, after=role, group=group, actor=actor)


def remove_member(*, team: Team, user: User, actor: Actor) -> None:
    """Take a person's role on the team away.

    Raises:
        NotFound: `member_not_found`.
        Invalid: `service_account_fixed`.
        Conflict: `last_owner`.
    """
    require(actor, "own", team)
    a_person(user)
    with transaction.atomic():
        team = locked(team)
        before = role_of(team, user)
        if before is None:
            raise NotFound("member_not_found", f"'{user.username}' is no member of team '{team}'.")
        if before == OWNER:
            _keep_an_owner(team, user)
        change_role(team, user, roles_on(team), before=before, actor=actor)


def create_user(*, username: str, password: str, email: str = "", actor: Actor) -> User:
    """A new person with a local password.

    Raises:
        Invalid: `password_too_weak`.
        Conflict: `username_taken`.
    """
    require(actor, OPERATE, None)
    user = User(username=username, email=email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "password_too_weak", " ".join(error.messages), remedy="Choose a longer, less common password."
        ) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            audit.record(actor=actor, action="user.created", target=user, after={"username": username})
    except IntegrityError as error:
        raise Conflict("username_taken", f"There is a person named '{username}' already.") from error
    return user


def bootstrap_admin(*, username: str, password: str) -> User:
    """The first superuser, by whoever may run commands on the server; run again it sets the password anew.

    Raises:
        Conflict: `username_taken`, by somebody who signs in by the directory or a provider and would be superuser
            with it.
    """
    with transaction.atomic():
        provided = OidcAccount.objects.filter(user__username=username, user__is_superuser=False)
        if DirectoryAccount.objects.filter(user__username=username).exists() or provided.exists():
            raise Conflict("username_taken", f"There is a person named '{username}' already.")
        user, created = User.objects.get_or_create(username=username)
        kept = not created and user.is_superuser and user.is_active and user.check_password(password)
        platform_group(OPERATOR)
        if kept:
            return user
        user.is_superuser = user.is_staff = user.is_active = True
        user.set_password(password)
        user.save()
        audit.record(actor=None, action="user.bootstrapped", target=user, after={"superuser": True, "created": created})
    return user


def set_operator(*, user: User, operator: bool, actor: Actor) -> None:
    """Put a person into the group operators, or take them out: see `set_platform_role`."""
    set_platform_role(user=user, role=OPERATOR, held=operator, actor=actor)


def set_platform_role(*, user: User, role: str, held: bool, actor: Actor) -> None:
    """Give a person a role on the platform, or take it away; operators do.

    Args:
        role: "operator", or "auditor": views everything and the whole audit trail, and changes nothing.

    Raises:
        Invalid: `service_account_fixed`, `platform_role_unknown`.
    """
    require(actor, OPERATE, None)
    if held:
        a_person(user)
    if role not in PLATFORM_ROLES:
        raise Invalid(
            "platform_role_unknown",
            f"There is no role '{role[:40]}' on the platform.",
            rule=f"A role on the platform is one of {', '.join(PLATFORM_ROLES)}.",
        )
    with transaction.atomic():
        before = user.groups.filter(name=PLATFORM_ROLES[role][0]).exists()
        if before == held:
            return
        group = platform_group(role)
        (user.groups.add if held else user.groups.remove)(group)
        if role == OPERATOR and not held:
            # What an operator took for a time goes with the right to take it.
            BreakGlass.objects.filter(user=user, ended_at=None).update(ended_at=timezone.now())
            Group.objects.filter(break_glass__user=user).delete()
        audit.record(actor=actor, action=f"user.{role}_set", target=user, before={role: before}, after={role: held})


def set_active(*, user: User, active: bool, actor: Actor) -> None:
    """Let a person sign in, or keep them out, which ends all they have open."""
    require(actor, OPERATE, None)
    if not active:
        end_access(user, "", actor=actor)
        return
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            # From now on it is open or closed by the operator's word; the directory or a provider may end it anew.
            DirectoryAccount.objects.filter(user=user).update(ended="")
            OidcAccount.objects.filter(user=user).update(ended="")
            audit.record(
                actor=actor, action="user.active_set", target=user, before={"active": False}, after={"active": True}
            )


def create_token(
    *,
    user: User,
    name: str = "",
    days: int | None = None,
    scope: str = ADMIN,
    machine: str = "",
    actor: Actor,
) -> tuple[str, datetime]:
    """A new API token for oneself; by an owner for a service account of the team; by an operator for another.

    Args:
        days: its life, at most DOUGONG_TOKEN_DAYS; left out, DOUGONG_TOKEN_DEFAULT_DAYS.
        scope: `read`, `deploy` or `admin`; it narrows what the person may, and never widens it.
        machine: where it is kept, as that machine calls itself.

    Returns:
        The token, never to be shown again, and when it ends.

    Raises:
        Invalid: `token_scope_unknown`.
        Forbidden: `token_scope`, where the actor came with a token that is not for admin.
    """
    _may_keep_tokens(actor, user)
    if scope not in SCOPES:
        raise Invalid(
            "token_scope_unknown",
            f"There is no scope '{scope[:20]}'.",
            rule=f"A token is for one of {', '.join(SCOPES)}.",
            remedy="Name one of these.",
        )
    longest = settings.DOUGONG.token_days
    life = timedelta(days=min(days or settings.DOUGONG.token_default_days, longest))
    with transaction.atomic():
        row, token = ApiToken.objects.create(user=user, expiry=life, name=name, scope=scope, machine=machine)
        told = {"name": name, "token": str(row), "scope": scope, "machine": machine}
        audit.record(
            actor=actor, action="token.created", target=user, after={**told, "expires": row.expiry.isoformat()}
        )
    return token, row.expiry


def revoke_token(*, token: ApiToken, actor: Actor) -> None:
    """End a token of one's own, one of a service account of one's team, or as an operator anyone's.

    Any token may end itself; for another one a token must be for admin.
    """
    if getattr(actor, "token", None) != token:
        _may_keep_tokens(actor, token.user)
    with transaction.atomic():
        audit.record(
            actor=actor, action="token.revoked", target=token.user, before={"name": token.name, "token": str(token)}
        )
        token.delete()


def note_use(*, token: ApiToken, address: str | None) -> None:
    """Keep when and from where a token was last used. No change of anything declared, so no audit event."""
    now = timezone.now()
    last = token.last_used_at
    if last is None or now - last >= USE_NOTED_EVERY or token.last_used_from != address:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)


def remove_expired_tokens() -> int:
    """Delete tokens and sign-ins whose time is over; the number deleted. Knox deletes a token when it is used, this
    the rest.
    """
    now = timezone.now()
    DeviceGrant.objects.filter(expires_at__lt=now).delete()
    OidcLogout.objects.filter(used_at__lt=now - timedelta(days=1)).delete()
    return int(ApiToken.objects.filter(expiry__lt=now).delete()[0])


def _may_keep_tokens(actor: Actor, user: User) -> None:
    """Whose tokens the actor may make and end."""
    if user.team is not None:
        require_lasting(actor, "own", user.team)
    elif actor != user:
        require(actor, OPERATE, None)
    else:
        require_token(actor, "own")


def set_language(*, user: User, language: str, actor: Actor) -> None:
    """Choose one's own language of the console; empty leaves it to the browser.

    Raises:
        Invalid: `language_unknown`.
    """
    if actor != user:
        require(actor, OPERATE, None)
    known = [code for code, _name in settings.LANGUAGES]
    if language and language not in known:
        raise Invalid(
            "language_unknown", f"There is no console in '{language[:20]}'.", rule=f"It speaks {', '.join(known)}."
        )
    with transaction.atomic():
        before = {"language": user.language}
        User.objects.filter(pk=user.pk).update(language=language)
        audit.record(actor=actor, action="user.language_set", target=user, before=before, after={"language": language})


def platform_group(role: str) -> Group:
    """The group that holds a role of the platform, made where it is missing."""
    name, word = PLATFORM_ROLES[role]
    group, created = Group.objects.get_or_create(name=name)
    if created:
        assign_perm(f"identity.{word}", group)
    return group


def _check_name(name: str) -> None:
    field = Team._meta.get_field("name")
    try:
        field.clean(name, None)
    except ValidationError as error:
        raise Invalid(
            "team_name_invalid",
            f"'{name}' is no name for a team.",
            rule=" ".join(error.messages),
            remedy="Choose another name.",
        ) from error


def _keep_an_owner(team: Team, leaving: User) -> None:
    """The team's lock has two changes of members wait for each other, so that each sees the other's owners."""
    if not User.objects.filter(groups=team.owners, is_active=True).exclude(pk=leaving.pk).exists():
        raise Conflict(
            "last_owner",
            _("'%(person)s' is the last owner of team '%(team)s'."),
            rule=_("A team keeps at least one owner who can sign in."),
            remedy=_("Make someone else an owner first."),
            params={"person": leaving.username, "team": team},
        )
