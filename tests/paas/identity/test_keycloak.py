"""The same against a real Keycloak: in, given roles, signed out there, disabled there. Part of `make soak`."""

import re
import time
from html import unescape

import httpx
import pytest
from pydantic import SecretStr

from paas.identity import services
from paas.identity.models import OidcAccount, User
from paas.identity.oidc import documents, following
from paas.identity.oidc.providers import Provider
from paas.identity.roles import role_of
from tests.paas.identity.keycloak import CLIENT, PASSWORD, REALM, SECRET, Keycloak, realm

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory):
    server = Keycloak(tmp_path_factory.mktemp("keycloak"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def corp(transactional_db, live_server, keycloak, settings):
    """The realm, anew, with the client of this test's console; the team that the groups are mapped to."""
    keycloak.ask("POST", "", realm(live_server.url))
    found = Provider(
        id="corp", name="Corp", issuer=keycloak.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET),
        groups={"shop-dev": "shop:developer"},
    )  # fmt: skip
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (found,)})
    documents.forget()
    admin = services.bootstrap_admin(username="admin", password="a long password")
    services.create_team(name="shop", actor=admin)
    yield found
    keycloak.ask("DELETE", f"/{REALM}")
    documents.forget()


class Browser:
    """Follows redirects and fills in forms, as a person would."""

    def __init__(self, console):
        self.console = console
        self.client = httpx.Client(follow_redirects=True, timeout=60)

    def sign_in(self):
        page = self.client.get(f"{self.console}/console/login/").text
        secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        theirs = self.client.post(
            f"{self.console}/console/login/by/corp/", data={"csrfmiddlewaretoken": secret},
            headers={"Referer": self.console},
        )  # fmt: skip
        if form := re.search(r'<form[^>]+id="kc-form-login"[^>]+action="([^"]+)"', theirs.text):
            theirs = self.client.post(unescape(form[1]), data={"username": "wei", "password": PASSWORD})
        return theirs

    def inside(self):
        return self.client.get(f"{self.console}/console/", follow_redirects=False).status_code == 200


@pytest.fixture
def browser(corp, live_server):
    made = Browser(live_server.url)
    made.sign_in()
    yield made
    made.client.close()


def person(keycloak):
    [found] = keycloak.ask("GET", f"/{REALM}/users?username=wei&exact=true")
    return found


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while not check() and time.monotonic() < until:
        time.sleep(0.1)
    return check()


def test_a_person_of_keycloak_comes_in_with_their_role(browser):
    assert browser.inside()
    wei = User.objects.get(username="wei")
    assert role_of(wei.groups.get().developed_team, wei) == "developer"
    assert OidcAccount.objects.get().session


def test_who_is_signed_out_there_is_out_here(browser, keycloak):
    assert browser.inside()
    keycloak.ask("POST", f"/{REALM}/users/{person(keycloak)['id']}/logout")
    assert eventually(lambda: not browser.inside())
    assert OidcAccount.objects.get().ended == "logged_out"
    browser.sign_in()
    assert browser.inside()


def test_who_is_disabled_there_is_out_within_half_a_minute(browser, keycloak, monkeypatch):
    monkeypatch.setattr(following, "EVERY", following.EVERY * 0)
    assert following.follow() == 1
    assert browser.inside()
    wei = person(keycloak)
    keycloak.ask("PUT", f"/{REALM}/users/{wei['id']}", {**wei, "enabled": False})
    following.follow()
    assert not browser.inside()
    browser.sign_in()
    assert not browser.inside()
