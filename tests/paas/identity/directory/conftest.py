"""A directory with people and groups within groups, and the platform told to let them in."""

import pytest
from django.urls import reverse
from pydantic import SecretStr

from tests.slapd import GROUPS, PEOPLE, Slapd, dn_of, group, password_of


@pytest.fixture
def slapd(tmp_path):
    """alice deploys for the shop, bob does by a group within the group, ida operates; carol is in no mapped group."""
    server = Slapd(tmp_path)
    try:
        for name in ("alice", "bob", "carol", "ida"):
            server.add_person(name)
        server.add_group("payments", dn_of("bob"))
        server.add_group("shop", dn_of("alice"), group("payments"))
        # A group may hold one that holds it.
        server.join("payments", group("shop"))
        server.add_group("it", dn_of("ida"))
        server.add_group("choir", dn_of("carol"), dn_of("alice"))
        yield server
    finally:
        server.stop()


@pytest.fixture
def configured(settings):
    def change(**values):
        settings.DOUGONG = settings.DOUGONG.model_copy(update={f"ldap_{name}": value for name, value in values.items()})

    return change


@pytest.fixture
def directory(slapd, settings, configured, team):
    """The platform that signs people in by it."""
    configured(
        uris=(slapd.uri,),
        ca_file=slapd.authority,
        bind_dn="cn=reader,dc=example",
        bind_password=SecretStr("reads"),
        people_base=PEOPLE,
        groups_base=GROUPS,
        # Written otherwise than the server writes it.
        map={"CN=shop, OU=groups, DC=example": ("shop:developer",), group("it"): ("operators",)},
    )
    settings.AUTHENTICATION_BACKENDS = [
        settings.AUTHENTICATION_BACKENDS[0],
        "paas.identity.ldap.backend.DirectoryBackend",
        *settings.AUTHENTICATION_BACKENDS[1:],
    ]
    return slapd


@pytest.fixture
def enter(client):
    """Type name and password on the sign-in page; the answer."""

    def typed(name, password=None):
        password = password_of(name) if password is None else password
        return client.post(reverse("account_login"), {"login": name, "password": password})

    return typed


@pytest.fixture
def login(api):
    """The same by the API."""

    def asked(name, password=None):
        password = password_of(name) if password is None else password
        return api().post("/api/v1/login", {"username": name, "password": password, "name": "laptop"})

    return asked
