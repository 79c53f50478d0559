"""The people of a demo come from its directory and its provider with their roles, or have accounts of its own."""

import pytest
from django.contrib.auth import authenticate
from django.urls import reverse
from pydantic import SecretStr, TypeAdapter

from apps.models import Project
from deploy.demo import directory, people, preflight, provider, sign_in
from deploy.demo.demo import Demo
from deploy.lab import keycloak, slapd
from paas.identity.ldap import mapping
from paas.identity.models import Team, User
from paas.identity.oidc.providers import Provider
from paas.identity.roles import role_of
from tests.slapd import GROUPS, PEOPLE, Slapd

LOGINS = {name: f"{name} likes noodles" for name in people.NAMES}


@pytest.fixture
def from_directory(tmp_path, settings):
    """A real slapd that began with the demo's LDIF, and the platform set to it as the demo sets it."""
    found = people.of_part(people.DIRECTORY)
    server = Slapd(tmp_path, directory.ldif(found, LOGINS))
    told = {
        "uris": (server.uri,), "ca_file": server.authority, "bind_dn": slapd.READER,
        "bind_password": SecretStr("reads"), "people_base": PEOPLE, "groups_base": GROUPS,
        "map": mapping.parse(directory.settings(found)["DOUGONG_LDAP_MAP"]),
    }  # fmt: skip
    settings.DOUGONG = settings.DOUGONG.model_copy(update={f"ldap_{name}": value for name, value in told.items()})
    settings.AUTHENTICATION_BACKENDS = ["paas.identity.ldap.backend.DirectoryBackend"]
    yield
    server.stop()


def roles():
    """{(person, team): role} of everybody who is here."""
    found = {
        (user.username, team.name): role_of(team, user) for user in User.objects.all() for team in Team.objects.all()
    }
    return {who: role for who, role in found.items() if role and who[0] != people.ADMIN}


@pytest.mark.django_db
def test_everybody_has_an_account_where_no_part_runs():
    people.main(LOGINS, [])
    assert roles() == {("ada", "demo"): "owner", ("victor", "demo"): "viewer", ("mei", "market"): "developer"}
    assert set(Project.objects.values_list("name", "team__name")) == {("demo", "demo"), ("market", "market")}
    people.main(LOGINS, [])
    assert User.objects.count() == len(people.NAMES)


@pytest.mark.django_db
@pytest.mark.enable_socket
def test_people_of_the_directory_get_their_roles_at_their_first_sign_in(from_directory):
    people.main(LOGINS, [people.DIRECTORY])
    assert roles() == {("mei", "market"): "developer"}
    for name in ("ada", "victor"):
        assert authenticate(username=name, password=LOGINS[name]).username == name
    assert roles() == {("ada", "demo"): "owner", ("victor", "demo"): "viewer", ("mei", "market"): "developer"}
    assert authenticate(username="ada", password="another") is None


def test_what_cannot_run_is_named_with_who_goes_on_without(config, monkeypatch):
    monkeypatch.setattr(slapd, "installed", lambda: False)
    monkeypatch.setattr(keycloak, "missing", lambda: "it needs Java 17 or newer")
    assert sign_in.usable() == []
    config.remember(sign_in.usable())
    directory_missing, provider_missing = sign_in.notes(Demo(config))
    assert "make slapd" in directory_missing
    assert directory_missing.endswith("passwords of Dougong's own for ada and victor")
    assert provider_missing == "no Keycloak (it needs Java 17 or newer): passwords of Dougong's own for mei"
    assert set(sign_in.at(Demo(config)).values()) == {""}


def test_what_came_later_waits_for_another_demo(config, monkeypatch):
    config.remember([people.DIRECTORY])
    monkeypatch.setattr(keycloak, "missing", lambda: "")
    monkeypatch.setattr(preflight, "available_memory", lambda: sign_in.MEMORY)
    [said] = sign_in.notes(Demo(config))
    assert "Keycloak" in said
    assert "make down" in said
    assert sign_in.at(Demo(config)) == {"ada": "slapd", "victor": "slapd", "mei": ""}


def test_groups_of_the_provider_are_worth_the_roles_here_and_send_people_back_to_the_console():
    found, issuer = people.of_part(people.PROVIDER), "http://127.0.0.1:28008/realms/demo"
    told = provider.settings(found, issuer=issuer, secret="a secret")["DOUGONG_OIDC_PROVIDERS"]
    [read] = TypeAdapter(tuple[Provider, ...]).validate_json(told)
    realm = provider.realm(found, LOGINS, consoles=["http://localhost:8000"], secret="a secret")
    [mei], [client] = realm["users"], realm["clients"]
    assert read.roles({"groups": [each.removeprefix("/") for each in mei["groups"]]}) == {"market:developer"}
    assert client["redirectUris"] == [f"http://localhost:8000{reverse('sso_back', args=[read.id])}"]
    assert (client["clientId"], client["secret"]) == (read.client_id, read.client_secret.get_secret_value())
