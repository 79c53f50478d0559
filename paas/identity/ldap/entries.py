"""What entries of a directory say: who a person is, whether they may still come, and who is below a group. Pure.

Attributes come with names in lower case and values as bytes, DNs in the one form that `server.normal` gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Attributes = Mapping[str, list[bytes]]

# What stays the same when a person is renamed, and is never given to another: the first that is there counts.
IDENTITIES = ("entryuuid", "objectguid", "ipauniqueid", "nsuniqueid")
BINARY = frozenset({"objectguid"})
# Where servers say that an account is closed.
CLOSING = ("useraccountcontrol", "accountexpires", "nsaccountlock", "shadowexpire", "pwdaccountlockedtime")
MEMBERS = ("member", "uniquemember")

DISABLED, EXPIRED = "disabled", "expired"
_AD_DISABLED = 0x2
_AD_NEVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})
_AD_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Locked by an administrator; any other time is a lock after wrong passwords, which passes by itself.
_LOCKED_FOR_GOOD = "000001010000Z"


@dataclass(frozen=True, slots=True)
class Person:
    """One entry. `identity` is unique and outlives renaming; `closed` is "", "disabled" or "expired"; `roles` are those
    that the map gives: "TEAM:ROLE" or "operators".
    """

    dn: str
    identity: str
    name: str
    email: str
    given_name: str
    family_name: str
    closed: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """All the people a directory has, by identity, and the mapped groups that it did not show."""

    people: Mapping[str, Person]
    missing: tuple[str, ...] = ()


class MoreMembers(Exception):  # noqa: N818 - an answer, told to operators
    """A group has more members than the server lists at once: who is not listed is not known to be out."""


def read_person(dn: str, attributes: Attributes, *, name_attribute: str, now: datetime) -> Person:
    """The person an entry is about; their roles are not in it."""
    return Person(
        dn=dn,
        identity=_identity(dn, attributes),
        name=_text(attributes, name_attribute.lower()).lower(),
        email=_text(attributes, "mail")[:254],
        given_name=_text(attributes, "givenname")[:150],
        family_name=_text(attributes, "sn")[:150],
        closed=_closed(attributes, now),
    )


def read_members(group: str, attributes: Attributes) -> list[str]:
    """The DNs a group lists, as the server writes them.

    Raises:
        MoreMembers: the list was cut.
    """
    for name in attributes:
        if name.startswith(tuple(f"{each};range=" for each in MEMBERS)) and not name.endswith("-*"):
            raise MoreMembers(f"{group} has more members than the server lists at once")
    lists = [values for name, values in attributes.items() if name.partition(";")[0] in MEMBERS]
    return [value.decode(errors="replace") for values in lists for value in values]


def below(group: str, members: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All that a group holds, through groups within groups; one that holds itself ends there."""
    found: set[str] = set()
    waiting = [group]
    while waiting:
        for each in members.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return frozenset(found)


def _identity(dn: str, attributes: Attributes) -> str:
    for name in IDENTITIES:
        if values := attributes.get(name):
            return f"{name}:{values[0].hex() if name in BINARY else values[0].decode(errors='replace').lower()}"
    return f"dn:{dn}"


def _closed(attributes: Attributes, now: datetime) -> str:
    if _number(attributes, "useraccountcontrol", 0) & _AD_DISABLED:
        return DISABLED
    if _text(attributes, "nsaccountlock").lower() == "true":
        return DISABLED
    if _text(attributes, "pwdaccountlockedtime") == _LOCKED_FOR_GOOD:
        return DISABLED
    ticks = _number(attributes, "accountexpires", 0)
    if ticks not in _AD_NEVER and _after(_AD_EPOCH, timedelta(microseconds=ticks // 10)) <= now:
        return EXPIRED
    days = _number(attributes, "shadowexpire", -1)
    if days >= 0 and _after(_UNIX_EPOCH, timedelta(days=min(days, 10_000_000))) <= now:
        return EXPIRED
    return ""


def _after(epoch: datetime, span: timedelta) -> datetime:
    try:
        return epoch + span
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _text(attributes: Attributes, name: str) -> str:
    values = attributes.get(name)
    return values[0].decode(errors="replace").strip() if values else ""


def _number(attributes: Attributes, name: str, missing: int) -> int:
    try:
        return int(_text(attributes, name) or missing)
    except ValueError:
        return missing
