"""The people of a demo as the lab's directory has them, and what their groups are worth here. Pure."""

import json
from collections.abc import Iterable, Mapping

from deploy.lab.slapd import GROUPS, PEOPLE

from .people import Person

PERSON = """
dn: {dn}
objectClass: inetOrgPerson
uid: {name}
cn: {title}
sn: {title}
mail: {name}@dougong.example
userPassword: {password}
"""
GROUP = """
dn: {dn}
objectClass: groupOfNames
cn: {name}
"""


def ldif(people: Iterable[Person], passwords: Mapping[str, str]) -> str:
    """Each of them with their password, and the groups that they are in."""
    people = list(people)
    entries = [
        PERSON.format(dn=_person(each), name=each.name, title=each.name.title(), password=passwords[each.name])
        for each in people
    ]
    for group in sorted({each.group for each in people}):
        members = [f"member: {_person(each)}\n" for each in people if each.group == group]
        entries.append("".join([GROUP.format(dn=_group(group), name=group), *members]))
    return "".join(entries)


def settings(people: Iterable[Person]) -> dict[str, str]:
    """The explicit map: the DN of each group, and the role that it has."""
    return {"DOUGONG_LDAP_MAP": json.dumps({_group(each.group): each.word for each in people})}


def _person(person: Person) -> str:
    return f"uid={person.name},{PEOPLE}"


def _group(name: str) -> str:
    return f"cn={name},{GROUPS}"
