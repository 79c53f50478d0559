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
from guardian.shortcuts import assign_perm

from paas.core import audit
from paas.core.errors import Conflict, Invalid, NotFound
from paas.core.permissions import OPERATE, Actor, require, signed_in
from paas.identity.models import OPERATORS, ApiToken, Team, User
from paas.identity.roles import GRANTS, OWNER, ROLES, VIEWER, role_of


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
            groups = {role: Group.objects.create(name=f"team:{name}:{role}") for role in ROLES}
            team = Team.objects.create(name=name, title=title or name, owners=groups[OWNER], viewers=groups[VIEWER])
            for role, group in groups.items():
                for word in GRANTS[role]:
                    assign_perm(f"identity.{word}_team", group, team)
            if person is not None:
                person.groups.add(groups[OWNER])
            audit.record(
                actor=actor, action="team.created", target=team, after={"name": team.name, "title": team.title}
            )
    except IntegrityError as error:
        raise Conflict(
            "team_name_taken", f"There is a team named '{name}' already.", remedy="Choose another name."
        ) from error
    return team


def rename_team(*, team: Team, title: str, actor: Actor) -> Team:
    """Change the title; the name never changes."""
    require(actor, "own", team)
    with transaction.atomic():
        team = _locked(team)
        before = {"title": team.title}
        team.title = title
        team.save_version("title")
        audit.record(actor=actor, action="team.renamed", target=team, before=before, after={"title": title})
    return team


def add_member(*, team: Team, user: User, role: str, actor: Actor) -> None:
    """Give a person one role on the team; a role held before is replaced.

    Raises:
        Invalid: `role_unknown`.
        Conflict: `last_owner`, where the team would be left without one.
    """
    require(actor, "own", team)
    if role not in ROLES:
        raise Invalid("role_unknown", f"There is no role '{role}'.", rule=f"A role is one of {', '.join(ROLES)}.")
    with transaction.atomic():
        team = _locked(team)
        before = role_of(team, user)
        if before == role:
            return
        if before == OWNER:
            _keep_an_owner(team, user)
        user.groups.remove(team.owners, team.viewers)
        user.groups.add(team.owners if role == OWNER else team.viewers)
        team.save_version()
        audit.record(
            actor=actor,
            action="team.member_added",
            target=team,
            before={"user": user.username, "role": before},
            after={"user": user.username, "role": role},
        )


def remove_member(*, team: Team, user: User, actor: Actor) -> None:
    """Take a person's role on the team away.

    Raises:
        NotFound: `member_not_found`.
        Conflict: `last_owner`.
    """
    require(actor, "own", team)
    with transaction.atomic():
        team = _locked(team)
        before = role_of(team, user)
        if before is None:
            raise NotFound("member_not_found", f"'{user.username}' is no member of team '{team}'.")
        if before == OWNER:
            _keep_an_owner(team, user)
        user.groups.remove(team.owners, team.viewers)
        team.save_version()
        audit.record(
            actor=actor, action="team.member_removed", target=team, before={"user": user.username, "role": before}
        )


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
    """The first superuser, by whoever may run commands on the server; run again it sets the password anew."""
    with transaction.atomic():
        user, created = User.objects.get_or_create(username=username)
        kept = not created and user.is_superuser and user.is_active and user.check_password(password)
        operators()
        if kept:
            return user
        user.is_superuser = user.is_staff = user.is_active = True
        user.set_password(password)
        user.save()
        audit.record(actor=None, action="user.bootstrapped", target=user, after={"superuser": True, "created": created})
    return user


def set_operator(*, user: User, operator: bool, actor: Actor) -> None:
    """Put a person into the group operators, or take them out."""
    require(actor, OPERATE, None)
    with transaction.atomic():
        group = operators()
        before = user.groups.filter(pk=group.pk).exists()
        if before == operator:
            return
        (user.groups.add if operator else user.groups.remove)(group)
        audit.record(
            actor=actor,
            action="user.operator_set",
            target=user,
            before={"operator": before},
            after={"operator": operator},
        )


def set_active(*, user: User, active: bool, actor: Actor) -> None:
    """Let a person sign in, or keep them out; keeping out also ends their tokens."""
    require(actor, OPERATE, None)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.is_active == active:
            return
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            ApiToken.objects.filter(user=user).delete()
        audit.record(
            actor=actor, action="user.active_set", target=user, before={"active": not active}, after={"active": active}
        )


def create_token(*, user: User, name: str = "", days: int | None = None, actor: Actor) -> tuple[str, datetime]:
    """A new API token for oneself, or by an operator for another.

    Args:
        days: its life; at most, and if left out, DOUGONG_TOKEN_DAYS.

    Returns:
        The token, never to be shown again, and when it ends.
    """
    if actor != user:
        require(actor, OPERATE, None)
    life = timedelta(days=min(days or settings.DOUGONG.token_days, settings.DOUGONG.token_days))
    with transaction.atomic():
        row, token = ApiToken.objects.create(user=user, expiry=life, name=name)
        audit.record(
            actor=actor,
            action="token.created",
            target=user,
            after={"name": name, "token": str(row), "expires": row.expiry.isoformat()},
        )
    return token, row.expiry


def revoke_token(*, token: ApiToken, actor: Actor) -> None:
    """End a token of one's own, or as an operator anyone's."""
    if actor != token.user:
        require(actor, OPERATE, None)
    with transaction.atomic():
        audit.record(
            actor=actor, action="token.revoked", target=token.user, before={"name": token.name, "token": str(token)}
        )
        token.delete()


def remove_expired_tokens() -> int:
    """Delete tokens whose time is over; the number deleted. Knox deletes one when it is used, this the rest."""
    return int(ApiToken.objects.filter(expiry__lt=timezone.now()).delete()[0])


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


def operators() -> Group:
    """The group that holds the platform permission, made where it is missing."""
    group, created = Group.objects.get_or_create(name=OPERATORS)
    if created:
        assign_perm("identity.operate", group)
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


def _locked(team: Team) -> Team:
    """As it is now. Two changes of members wait for each other, so that each sees the other's owners."""
    return Team.objects.select_for_update().get(pk=team.pk)


def _keep_an_owner(team: Team, leaving: User) -> None:
    if not User.objects.filter(groups=team.owners, is_active=True).exclude(pk=leaving.pk).exists():
        raise Conflict(
            "last_owner",
            f"'{leaving.username}' is the last owner of team '{team}'.",
            rule="A team keeps at least one owner who can sign in.",
            remedy="Make someone else an owner first.",
        )
