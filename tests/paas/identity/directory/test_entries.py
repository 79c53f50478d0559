"""What servers of each make say of a person and a group, read the same."""

from datetime import UTC, datetime, timedelta

import pytest

from paas.identity.ldap.entries import MoreMembers, below, read_members, read_person

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ticks(moment):
    return str(int((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000)


def days(moment):
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)).days)


def read(**attributes):
    said = {"uid": [b"Alice"], **{name.lower(): [value.encode()] for name, value in attributes.items()}}
    return read_person("uid=alice,dc=example", said, name_attribute="uid", now=NOW)


@pytest.mark.parametrize(
    ("attribute", "value", "closed"),
    [
        ("userAccountControl", "512", ""),
        ("userAccountControl", "514", "disabled"),
        ("userAccountControl", "66050", "disabled"),
        ("accountExpires", "0", ""),
        ("accountExpires", "9223372036854775807", ""),
        ("accountExpires", ticks(NOW + DAY), ""),
        ("accountExpires", ticks(NOW - DAY), "expired"),
        ("accountExpires", "9223372036854775806", ""),
        ("nsAccountLock", "TRUE", "disabled"),
        ("nsAccountLock", "false", ""),
        ("shadowExpire", "-1", ""),
        ("shadowExpire", "1", "expired"),
        ("shadowExpire", days(NOW + DAY), ""),
        ("shadowExpire", days(NOW), "expired"),
        ("shadowExpire", "99999999999999", ""),
        ("shadowExpire", "soon", ""),
        ("pwdAccountLockedTime", "000001010000Z", "disabled"),
        ("pwdAccountLockedTime", "20261128115900Z", ""),
    ],
)
def test_who_may_not_come_any_more(attribute, value, closed):
    assert read(**{attribute: value}).closed == closed


def test_the_identity_outlives_the_name():
    assert read(entryUUID="5B1F-aa").identity == "entryuuid:5b1f-aa"
    binary = read_person("cn=a", {"objectguid": [b"\x00\xff"]}, name_attribute="sAMAccountName", now=NOW)
    assert binary.identity == "objectguid:00ff"
    assert read().identity == "dn:uid=alice,dc=example"


def test_groups_within_groups_end_where_they_began():
    members = {"a": ["x", "b"], "b": ["y", "c"], "c": ["a", "z"]}
    assert below("a", members) == {"a", "b", "c", "x", "y", "z"}
    assert below("unknown", members) == frozenset()


def test_a_list_that_was_cut_is_no_answer():
    whole = {"member": [b"x"], "uniquemember": [b"y"]}
    assert read_members("g", whole) == ["x", "y"]
    assert read_members("g", {"member;range=0-*": [b"x"]}) == ["x"]
    with pytest.raises(MoreMembers, match="g has more"):
        read_members("g", {"member": [], "member;range=0-1499": [b"x"]})
