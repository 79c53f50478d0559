"""Debian's Chromium, and a person who has signed in."""

import shutil

import pytest

from paas.identity import services


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium"), "args": ["--no-sandbox"]}


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_a_browser():
    """Playwright keeps an event loop in this thread; Django would take that for asynchronous code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def errors(page):
    """What the browser's console complained about."""
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def signed_in(transactional_db, live_server, page, errors):
    admin = services.bootstrap_admin(username="admin", password="a long password")
    services.create_team(name="shop", title="The shop", actor=admin)
    page.goto(live_server.url)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    return page
