"""Second factors in a browser that has a passkey: added, asked for, used; and pages that everyone can use."""

import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe

from paas.identity.oidc.providers import Provider

pytestmark = pytest.mark.browser


@pytest.fixture
def passkeys(page):
    """The browser holds passkeys and lets its person be seen."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda here: session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": made["authenticatorId"], "isUserVerified": here}
    )


def sign_out(page):
    page.evaluate("""async () => {
        const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value
            ?? document.cookie.match(/csrftoken=([^;]+)/)[1];
        await fetch("/console/logout/", {method: "POST", headers: {"X-CSRFToken": token}});
    }""")


def confirm(page, url):
    page.goto(f"{url}/console/account/confirm/?next=/console/account/")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/console/account/")


def sign_in(page, url):
    page.goto(f"{url}/console/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in", exact=True).click()


def test_a_passkey_is_added_asked_for_and_used(passkeys, signed_in, live_server, errors):
    page = signed_in
    confirm(page, live_server.url)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/console/account/codes/")
    assert page.locator("li").filter(has_text=re.compile(r"^\d{8}$")).count() == 10
    page.goto(f"{live_server.url}/console/account/")
    assert page.get_by_text("My laptop").first.is_visible()
    sign_out(page)
    sign_in(page, live_server.url)
    page.wait_for_url("**/console/login/code/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/console/")
    confirm(page, live_server.url)
    page.get_by_role("link", name="Remove My laptop").click()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/console/account/")
    assert not Authenticator.objects.exists()
    assert errors == []


def test_a_browser_without_the_passkey_says_so(signed_in, live_server):
    page = signed_in
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    confirm(page, live_server.url)
    page.goto(f"{live_server.url}/console/account/keys/add/")
    page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("No passkey came from your browser").wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everyone_can_use_the_pages(signed_in, live_server, scheme, width, tmp_path, settings):
    page = signed_in
    offered = tuple(
        Provider(id=name.lower(), name=name, issuer=f"https://{name.lower()}.example", client_id="dougong")
        for name in ("Keycloak", "Staff")
    )
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": offered})
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    serious, wide = {}, []

    def look(name):
        page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        serious[name] = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(name)

    page.goto(f"{live_server.url}/console/account/confirm/?next=/console/account/")
    look("confirm")
    confirm(page, live_server.url)
    for name, path in [("none", "account/"), ("app", "account/app/"), ("key", "account/keys/add/")]:
        page.goto(f"{live_server.url}/console/{path}")
        look(name)
    page.goto(f"{live_server.url}/console/account/app/")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Add").click()
    look("wrong-code")
    secret = re.search(r"<code[^>]*>\s*([A-Z2-7]{16,})\s*</code>", page.content())[1]
    # At the beginning of a code's half minute.
    with time_machine.travel(time.time() // 30 * 30, tick=True):
        page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
        page.get_by_role("button", name="Add").click()
        page.wait_for_url("**/console/account/codes/")
    look("codes")
    for name, path in [("some", "account/"), ("remove", "account/app/remove/"), ("renew", "account/codes/new/")]:
        page.goto(f"{live_server.url}/console/{path}")
        look(name)
    sign_out(page)
    page.goto(f"{live_server.url}/console/login/")
    look("login")
    sign_in(page, live_server.url)
    page.wait_for_url("**/console/login/code/")
    look("second-factor")
    assert {name: ids for name, ids in serious.items() if ids} == {}
    assert wide == []
