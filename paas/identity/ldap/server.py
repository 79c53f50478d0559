"""The conversation with an LDAP server: connecting, and searches in pages. Below `backend` and `check`.

A search that goes wrong raises ldap.LDAPError; it is never an empty answer, since who is missing from an answer loses
their access.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import ldap
from django.conf import settings
from django.utils import timezone
from ldap.controls import SimplePagedResultsControl
from ldap.dn import dn2str, str2dn
from ldap.filter import escape_filter_chars

from paas.identity.ldap import entries
from paas.identity.ldap.entries import Answer, Attributes, Person

PAGE = 500
Connection = Any  # ldap.ldapobject.LDAPObject, which carries no types


def uri() -> str:
    """All servers, tried in turn, as libldap takes them."""
    return " ".join(settings.DOUGONG.ldap_uris)


def starts_tls() -> bool:
    """Whether a connection begins in the clear and has to be secured before anything is said; ldaps:// is secure."""
    return not (settings.DOUGONG.ldap_plain or uri().startswith("ldaps:"))


def options() -> dict[int, Any]:
    """What holds for every connection: the certificate is verified, no referral is followed, nothing waits for long."""
    chosen = settings.DOUGONG
    authority = {ldap.OPT_X_TLS_CACERTFILE: str(chosen.ldap_ca_file)} if chosen.ldap_ca_file else {}
    return {
        ldap.OPT_PROTOCOL_VERSION: ldap.VERSION3,
        ldap.OPT_REFERRALS: 0,
        ldap.OPT_NETWORK_TIMEOUT: chosen.ldap_timeout,
        ldap.OPT_TIMEOUT: chosen.ldap_timeout,
        ldap.OPT_X_TLS_REQUIRE_CERT: ldap.OPT_X_TLS_DEMAND,
        **authority,
        ldap.OPT_X_TLS_NEWCTX: 0,  # makes the three before it hold; the last of them
    }


@contextmanager
def connected() -> Iterator[Connection]:
    """A connection as the account that reads the directory."""
    connection = ldap.initialize(uri())
    for option, value in options().items():
        connection.set_option(option, value)
    if starts_tls():
        connection.start_tls_s()
    connection.simple_bind_s(settings.DOUGONG.ldap_bind_dn, settings.DOUGONG.ldap_bind_password.get_secret_value())
    try:
        yield connection
    finally:
        connection.unbind_s()


def find(connection: Connection, name: str) -> list[tuple[str, Attributes]]:
    """The entries of people called so: one, where the directory is in order."""
    chosen = settings.DOUGONG
    return _search(
        connection,
        chosen.ldap_people_base,
        f"(&{chosen.ldap_people_filter}({chosen.ldap_name_attribute}={escape_filter_chars(name)}))",
        _of_people(),
    )


def describe(connection: Connection, dn: str, attributes: Attributes) -> tuple[Person, tuple[str, ...]]:
    """A person that was found, with their roles; and the mapped groups that are not there."""
    roles, missing = _roles(connection)
    return replace(_person(dn, attributes), roles=roles.get(normal(dn), frozenset())), missing


def everybody(connection: Connection) -> Answer:
    """All people with their roles, in two searches."""
    chosen = settings.DOUGONG
    found = _search(connection, chosen.ldap_people_base, chosen.ldap_people_filter, _of_people())
    roles, missing = _roles(connection)
    people = [replace(_person(dn, said), roles=roles.get(normal(dn), frozenset())) for dn, said in found]
    return Answer({person.identity: person for person in people}, missing)


def normal(dn: str) -> str:
    """One way of writing a DN, whatever the case, the spaces and the order within a part."""
    try:
        parts = str2dn(dn)
    except ldap.DECODING_ERROR:
        return dn.lower()
    return str(dn2str([sorted((kind.lower(), value.lower(), flags) for kind, value, flags in part) for part in parts]))


def _roles(connection: Connection) -> tuple[dict[str, frozenset[str]], tuple[str, ...]]:
    """DN → roles, for all that is below a mapped group; and the mapped groups that are not there."""
    chosen = settings.DOUGONG
    found = _search(connection, chosen.ldap_groups_base, chosen.ldap_groups_filter, entries.MEMBERS)
    members = {normal(dn): [normal(each) for each in entries.read_members(dn, said)] for dn, said in found}
    roles: dict[str, frozenset[str]] = {}
    for group, words in chosen.ldap_map.items():
        for dn in entries.below(normal(group), members):
            roles[dn] = roles.get(dn, frozenset()).union(words)
    return roles, tuple(group for group in chosen.ldap_map if normal(group) not in members)


def _person(dn: str, attributes: Attributes) -> Person:
    name = settings.DOUGONG.ldap_name_attribute
    return entries.read_person(normal(dn), attributes, name_attribute=name, now=timezone.now())


def _of_people() -> list[str]:
    return [settings.DOUGONG.ldap_name_attribute, "mail", "givenName", "sn", *entries.IDENTITIES, *entries.CLOSING]


def _search(connection: Connection, base: str, text: str, attributes: Sequence[str]) -> list[tuple[str, Attributes]]:
    control = SimplePagedResultsControl(criticality=True, size=PAGE, cookie="")
    found: list[tuple[str, Attributes]] = []
    while True:
        message = connection.search_ext(base, ldap.SCOPE_SUBTREE, text, list(attributes), serverctrls=[control])
        _kind, page, _message, answered = connection.result3(message)
        # What has no DN is a referral to another server.
        found += [(dn, {name.lower(): list(values) for name, values in said.items()}) for dn, said in page if dn]
        cookies = [each.cookie for each in answered if each.controlType == control.controlType]
        if not any(cookies):
            return found
        control.cookie = cookies[0]
