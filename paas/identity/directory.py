"""What becomes of the people of a directory here: let in at sign-in, followed afterwards. Writes accounts and roles.

Between the conversation with the directory (`paas.identity.ldap`) and the rows. The rules:

- An account belongs to an identity of the directory, never to a name: a local account is not taken over, and neither
  is the account of somebody whose name the directory has given to another.
- Who is in no mapped group stays out.
- Their groups are mirrored into roles (`mirroring`).
- A directory that does not answer, or by whose answer everybody would be out, changes nothing for anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from paas.core import audit
from paas.core.errors import Forbidden
from paas.identity.ldap.entries import Answer, Person
from paas.identity.mirroring import mirror, seats
from paas.identity.models import DirectoryAccount, DirectoryReading, User
from paas.identity.revocation import end_access

logger = structlog.get_logger(__name__)

NAME = "ldap"
ABSENT, NO_GROUP = "absent", "no_group"
# As it stands in the audit trail.
REASONS = {
    ABSENT: "not in the directory any more",
    NO_GROUP: "in no mapped group of the directory any more",
    "disabled": "disabled in the directory",
    "expired": "expired in the directory",
}
# Beat wakes the reading every half a minute: after four of them something is wrong with it.
LATE = timedelta(minutes=2)


def is_local(username: str) -> bool:
    """Whether somebody is called so here who is not of the directory, however it is capitalised."""
    return User.objects.filter(username__iexact=username, directory_account=None).exists()


def possible(username: str) -> bool:
    """Whether anybody here could be called so."""
    try:
        User._meta.get_field("username").clean(username, None)
    except ValidationError:
        return False
    return True


def admit(person: Person, *, complete: bool) -> User:
    """Let in who has just proven their password, with the roles that the directory gives; at the first time with a new
    account, afterwards with the same one under the name that it got then.

    Args:
        complete: whether all mapped groups were seen; otherwise no role is taken away.

    Raises:
        Forbidden: `directory_not_admitted`.
    """
    if person.closed:
        raise _not_admitted(f"your account is {person.closed} there")
    if not person.roles:
        raise _not_admitted("you are in none of its groups that have a role on this platform")
    with transaction.atomic():
        account = _account_of(person) or _new_account(person)
        user = account.user
        if not user.is_active:
            if not account.ended:
                raise _not_admitted("an operator of the platform has closed your account")
            _let_in_again(account)
        account.dn, account.seen_at = person.dn, timezone.now()
        account.save(update_fields=["dn", "seen_at"])
        mirror(account, seats(person.roles), take=complete)
    return user


def follow(answer: Answer, *, began: datetime) -> str:
    """Take what the directory says of everybody: end the access of who may no longer come, mirror the others' groups.

    Args:
        began: when it was asked; who has signed in since is left to the next time.

    Returns:
        What is wrong with the answer, in a word or two; empty where nothing is.
    """
    accounts = list(
        DirectoryAccount.objects.filter(ended="", seen_at__lt=began, user__is_active=True)
        .select_related("user")
        .prefetch_related("given", "user__groups")
    )
    people = [(account, answer.people.get(account.identity)) for account in accounts]
    complete = not answer.missing
    ending = [(account, reason) for account, person in people if (reason := _reason(person, complete=complete))]
    if not answer.people or len(ending) == len(accounts) > 1:
        logger.warning("directory_empty", people=len(answer.people), accounts=len(accounts))
        return "empty"
    if answer.missing:
        logger.warning("directory_group_missing", groups=list(answer.missing))
    for account, reason in ending:
        end(account, reason)
    places = seats({word for each in answer.people.values() for word in each.roles})
    for account, person in people:
        if person is None or _reason(person, complete=complete):
            continue
        wanted = {word: places[word] for word in person.roles & places.keys()}
        if _differs(account, set(wanted.values()), take=complete):
            with transaction.atomic():
                mirror(DirectoryAccount.objects.select_for_update().get(pk=account.pk), wanted, take=complete)
    return f"{len(answer.missing)} groups of the map are missing" if answer.missing else ""


def end(account: DirectoryAccount, reason: str) -> None:
    """Take a person's access and the roles that the directory gave; `reason` is a key of REASONS."""
    with transaction.atomic():
        now = DirectoryAccount.objects.select_for_update().get(pk=account.pk)
        if now.ended or now.seen_at != account.seen_at:
            return
        end_access(account.user, REASONS[reason])
        mirror(now, {}, take=True)
        now.ended = reason
        now.save(update_fields=["ended"])
    logger.info("directory_ended", person=account.user.username, reason=reason)


def note(*, problem: str, at: datetime) -> None:
    """Keep how the last reading went."""
    good = {} if problem else {"read_at": at}
    DirectoryReading.objects.update_or_create(name=NAME, defaults={"tried_at": at, "problem": problem, **good})


def health() -> str | None:
    """For `/readyz`: "ok", or what is wrong with following the directory; None where there is none."""
    if not settings.DOUGONG.ldap_uris:
        return None
    last = DirectoryReading.objects.filter(name=NAME).first()
    if last is None or timezone.now() - last.tried_at > LATE:
        return "not read"
    return last.problem or "ok"


def _account_of(person: Person) -> DirectoryAccount | None:
    accounts = DirectoryAccount.objects.select_for_update(of=("self",)).select_related("user")
    return accounts.filter(identity=person.identity).first()


def _new_account(person: Person) -> DirectoryAccount:
    made = None
    if not possible(person.name):
        raise _not_admitted(f"'{person.name}' cannot be a name on this platform")
    try:
        with transaction.atomic():
            if not User.objects.filter(username__iexact=person.name).exists():
                made = _made(person)
    except IntegrityError:
        logger.info("directory_signed_in_twice", name=person.name)
    # Whoever signs in twice at once for the first time has the other's account.
    account = made or _account_of(person)
    if account is None:
        logger.warning("directory_name_taken", name=person.name, dn=person.dn)
        raise _not_admitted(f"there is another account named '{person.name}' here")
    return account


def _made(person: Person) -> DirectoryAccount:
    user = User(username=person.name, email=person.email, first_name=person.given_name, last_name=person.family_name)
    user.set_unusable_password()
    user.save(force_insert=True)
    account = DirectoryAccount.objects.create(user=user, identity=person.identity, dn=person.dn, seen_at=timezone.now())
    after = {"username": user.username, "directory": person.dn}
    audit.record(actor=None, action="user.created", target=user, after=after)
    return account


def _let_in_again(account: DirectoryAccount) -> None:
    user, before = account.user, REASONS[account.ended]
    account.ended = ""
    account.save(update_fields=["ended"])
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(
        actor=None, action="user.active_set", target=user, before={"active": False}, after={"active": True},
        reason=f"may sign in by the directory again; was {before}",
    )  # fmt: skip


def _reason(person: Person | None, *, complete: bool) -> str:
    if person is None:
        return ABSENT
    return person.closed or (NO_GROUP if complete and not person.roles else "")


def _differs(account: DirectoryAccount, wanted: set[int], *, take: bool) -> bool:
    """By what was read at once for all."""
    held = {group.pk for group in account.user.groups.all()}
    given = {group.pk for group in account.given.all()}
    return bool(wanted - held) or (take and bool(given - wanted))


def _not_admitted(why: str) -> Forbidden:
    return Forbidden(
        "directory_not_admitted",
        f"The directory knows you, and you cannot come in by it: {why}.",
        rule="Who signs in by the directory is in good standing there, and in a group that has a role here.",
        remedy="Ask whoever keeps the directory, or an operator of the platform.",
    )
