"""The same against a real Keycloak: in, given roles, no token but the right one, signed out there, disabled there."""

import asyncio
import re
import time
from contextlib import aclosing
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from asgiref.sync import async_to_sync, sync_to_async
from pydantic import SecretStr

from apps.admin.fragments import home_snapshot
from paas.core import sse
from paas.identity import services, tasks
from paas.identity.models import ApiToken, OidcAccount, User
from paas.identity.oidc import conversation, documents, tokens
from paas.identity.oidc.documents import ProviderError
from paas.identity.oidc.providers import Provider
from paas.identity.oidc.tokens import TokenError
from paas.identity.roles import role_of
from tests.paas.identity.keycloak import CLIENT, OTHER, PASSWORD, SECRET, Keycloak, realm

pytestmark = [pytest.mark.keycloak, pytest.mark.timeout(600)]

REALM, ELSEWHERE = "corp", "elsewhere"


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory):
    server = Keycloak(tmp_path_factory.mktemp("keycloak"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def provider(keycloak):
    """provider(...) → what is set of it, or of another realm, client or issuer."""

    def of(realm=REALM, client=CLIENT, **more):
        said = {"issuer": keycloak.issuer(realm), "client_secret": SecretStr(SECRET), **more}
        return Provider(id="corp", name="Corp", client_id=client, groups={"shop-dev": "shop:developer"}, **said)

    return of


@pytest.fixture
def corp(transactional_db, live_server, keycloak, provider, settings):
    """The realm, anew, with the client of this test's console; the team that the groups are mapped to."""
    keycloak.ask("POST", "", realm(REALM, live_server.url))
    found = provider()
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (found,)})
    documents.forget()
    admin = services.bootstrap_admin(username="admin", password="a long password")
    services.create_team(name="shop", actor=admin)
    yield found
    keycloak.ask("DELETE", f"/{REALM}")
    documents.forget()


def new_client():
    """As browsers do, it takes a loopback address for secure enough for cookies that ask for it."""

    def relax(_response):
        for cookie in client.cookies.jar:
            cookie.secure = False

    client = httpx.Client(timeout=60, event_hooks={"response": [relax]})
    return client


def filled_in(client, page):
    """What Keycloak answers to who signs in on its page."""
    form = re.search(r'<form[^>]+id="kc-form-login"[^>]+action="([^"]+)"', page.text)
    return client.post(unescape(form[1]), data={"username": "wei", "password": PASSWORD}) if form else page


class Browser:
    """Follows redirects and fills in forms, as a person would."""

    def __init__(self, console):
        self.console = console
        self.client = new_client()
        self.client.follow_redirects = True

    def sign_in(self):
        page = self.client.get(f"{self.console}/console/login/").text
        secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        theirs = self.client.post(
            f"{self.console}/console/login/by/corp/", data={"csrfmiddlewaretoken": secret},
            headers={"Referer": self.console},
        )  # fmt: skip
        return filled_in(self.client, theirs)

    def inside(self):
        return self.client.get(f"{self.console}/console/", follow_redirects=False).status_code == 200


@pytest.fixture
def browser(corp, live_server):
    made = Browser(live_server.url)
    made.sign_in()
    yield made
    made.client.close()


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while not check() and time.monotonic() < until:
        time.sleep(0.1)
    return check()


def answered(provider, console):
    """Sign in by hand: what the token endpoint answers, and the nonce that was asked for."""
    begun, back = conversation.begin(provider, linking=False, after=""), f"{console}/console/login/by/corp/back/"
    with new_client() as client:
        sent = filled_in(client, client.get(conversation.address(provider, begun, back=back)))
        code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.verifier,
            "client_id": provider.client_id, "client_secret": SECRET,
        }  # fmt: skip
        return client.post(documents.endpoints(provider).token, data=form).json(), begun.nonce


# --- in ---


def test_a_person_of_keycloak_comes_in_with_the_role_of_their_group(browser):
    assert browser.inside()
    wei = User.objects.get(username="wei")
    assert role_of(wei.groups.get().developed_team, wei) == "developer"
    assert OidcAccount.objects.get().session


def test_who_is_in_no_group_of_the_map_stays_out(corp, keycloak, live_server):
    wei = keycloak.person(REALM)["id"]
    [mine] = keycloak.ask("GET", f"/{REALM}/users/{wei}/groups")
    [choir] = keycloak.ask("GET", f"/{REALM}/groups?search=choir")
    keycloak.ask("DELETE", f"/{REALM}/users/{wei}/groups/{mine['id']}")
    keycloak.ask("PUT", f"/{REALM}/users/{wei}/groups/{choir['id']}")
    browser = Browser(live_server.url)
    assert "none of the groups" in browser.sign_in().text
    assert not browser.inside()
    assert not User.objects.filter(username="wei").exists()


# --- each token but the right one ---


def test_a_token_for_us_is_taken_at_its_time_with_its_nonce_alone(corp, live_server):
    answer, nonce = answered(corp, live_server.url)
    assert tokens.identity(answer["id_token"], corp, nonce=nonce)["preferred_username"] == "wei"
    with pytest.raises(TokenError, match="nonce"):
        tokens.identity(answer["id_token"], corp, nonce="another")
    with pytest.raises(TokenError):
        tokens.identity(answer["access_token"], corp, nonce=nonce)
    with pytest.raises(TokenError):
        tokens.logout(answer["id_token"], corp)
    with time_machine.travel(time.time() + 3600, tick=False), pytest.raises(TokenError, match="expired"):
        tokens.identity(answer["id_token"], corp, nonce=nonce)


def test_a_token_for_another_client_lets_nobody_in(corp, provider, live_server):
    other = provider(client=OTHER)
    answer, nonce = answered(other, live_server.url)
    assert tokens.identity(answer["id_token"], other, nonce=nonce)
    with pytest.raises(TokenError, match="udience"):
        tokens.identity(answer["id_token"], corp, nonce=nonce)


def test_a_token_of_another_realm_lets_nobody_in(corp, keycloak, provider, live_server):
    keycloak.ask("POST", "", realm(ELSEWHERE, live_server.url))
    other = provider(realm=ELSEWHERE)
    try:
        answer, nonce = answered(other, live_server.url)
        assert tokens.identity(answer["id_token"], other, nonce=nonce)
        with pytest.raises(TokenError, match="key is not of the provider"):
            tokens.identity(answer["id_token"], corp, nonce=nonce)
    finally:
        keycloak.ask("DELETE", f"/{ELSEWHERE}")


def test_an_issuer_that_is_written_otherwise_is_another(corp, provider):
    with pytest.raises(ProviderError, match="calls itself"):
        documents.endpoints(provider(issuer=f"{corp.issuer}/"))


# --- out ---


def test_who_is_signed_out_there_is_out_here(browser, keycloak):
    wei = User.objects.get(username="wei")
    token, _ = services.create_token(user=wei, actor=wei)

    def me():
        return browser.client.get(f"{browser.console}/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert (browser.inside(), me().status_code) == (True, 200)
    keycloak.ask("POST", f"/{REALM}/users/{keycloak.person(REALM)['id']}/logout")
    assert eventually(lambda: not browser.inside())
    assert me().status_code == 401
    assert not ApiToken.objects.exists()
    assert OidcAccount.objects.get().ended == "logged_out"
    browser.sign_in()
    assert browser.inside()


def test_an_open_live_view_ends_without_any_time_passing(valkey, browser, keycloak, monkeypatch):
    for waits in ("HEARTBEAT", "POLL", "ASK_AGAIN", "READ_AGAIN"):
        monkeypatch.setattr(sse, waits, 600)
    wei = User.objects.get(username="wei")

    def signed_out():
        keycloak.ask("POST", f"/{REALM}/users/{keycloak.person(REALM)['id']}/logout")

    async def watch():
        async with asyncio.timeout(60), aclosing(sse.events(home_snapshot(wei), "home")) as events:
            while not (await anext(events)).startswith(b"event: state"):
                pass
            await sync_to_async(signed_out)()
            return [chunk async for chunk in events if not chunk.startswith(b":")]

    (told,) = async_to_sync(watch)()
    assert told.startswith(b"event: refused")


def test_who_is_disabled_there_is_out_within_a_minute(browser, keycloak):
    """By the two turns that beat makes of it in that time."""
    now = time.time()
    with time_machine.travel(now + 30):
        tasks.follow_people()
        assert browser.inside()
    assert OidcAccount.objects.get().refresh_token
    wei = keycloak.person(REALM)
    keycloak.ask("PUT", f"/{REALM}/users/{wei['id']}", {**wei, "enabled": False})
    with time_machine.travel(now + 60):
        tasks.follow_people()
        assert not browser.inside()
        assert OidcAccount.objects.get().ended == "refused"
    browser.sign_in()
    assert not browser.inside()
