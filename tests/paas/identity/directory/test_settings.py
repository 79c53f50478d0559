"""A process does not start with settings of a directory that do not fit together, and says which."""

import pytest
from pydantic import ValidationError

from paas.configuration import DEVELOPMENT_ONLY, STAND_INS, Settings

GROUP = "cn=shop,ou=groups,dc=example"
WHOLE = {
    "mode": "test",
    "ldap_uris": "ldap://one.example, ldap://two.example",
    "ldap_bind_dn": "cn=dougong,dc=example",
    "ldap_bind_password": "reads",
    "ldap_people_base": "ou=people,dc=example",
    "ldap_groups_base": "ou=groups,dc=example",
    "ldap_map": f'{{"{GROUP}": "shop:developer, operators"}}',
}


def test_the_map_gives_roles_to_groups():
    settings = Settings(**WHOLE)
    assert settings.ldap_map == {GROUP: ("shop:developer", "operators")}
    assert settings.ldap_uris == ("ldap://one.example", "ldap://two.example")


def test_without_servers_nothing_else_is_asked_for():
    assert Settings(mode="test").ldap_map == {}


def test_the_password_is_not_shown():
    assert "reads" not in repr(Settings(**WHOLE))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ldap_uris": "https://one.example"}, "LDAP_URIS"),
        ({"ldap_uris": "ldap://one.example,ldaps://two.example"}, "LDAP_URIS"),
        ({"ldap_bind_dn": ""}, "not set: DOUGONG_LDAP_BIND_DN"),
        ({"ldap_bind_password": ""}, "not set: DOUGONG_LDAP_BIND_PASSWORD"),
        ({"ldap_map": ""}, "not set: DOUGONG_LDAP_MAP"),
        ({"ldap_map": "cn=shop"}, "is no JSON"),
        ({"ldap_map": '["cn=shop"]'}, "is not of the form"),
        ({"ldap_map": '{"cn=shop": ["shop:owner"]}'}, "is not of the form"),
        ({"ldap_map": '{"cn=shop": "owner"}'}, "'owner' of cn=shop"),
        ({"ldap_map": '{"cn=shop": "operators, "}'}, "'' of cn=shop"),
        ({"ldap_timeout": "0"}, "ldap_timeout"),
    ],
)
def test_what_does_not_fit(change, told):
    with pytest.raises(ValidationError, match=told):
        Settings(**WHOLE | change)


def test_a_server_in_the_clear_is_refused_in_production():
    keys = {name: value for name, value in STAND_INS.items() if value != DEVELOPMENT_ONLY}
    production = {**keys, "mode": "production", "secret_key": "s" * 50, "digest_key": "d" * 32}
    assert Settings(**WHOLE | production).ldap_plain is False
    assert Settings(**WHOLE | {"ldap_plain": True}).ldap_plain is True
    with pytest.raises(ValidationError, match="DOUGONG_LDAP_PLAIN is refused"):
        Settings(**WHOLE | production | {"ldap_plain": True})


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("paas.identity.ldap.mapping.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match="needs the extra `ldap`"):
        Settings(**WHOLE)
