"""Debian's Chromium, and the control plane served by ASGI, as live pages need it."""

import shutil

import pytest

from tests.asgi import serving


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
def served(transactional_db, valkey):
    """The address of a server in this process, on the test's own database and Valkey."""
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

    from paas.asgi import application

    with serving(ASGIStaticFilesHandler(application)) as address:
        yield address


@pytest.fixture
def errors(page):
    """What the browser's console complained about."""
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def sign_in(served, page, errors):
    """sign_in(user) → their page, signed in."""

    def go(user):
        page.goto(f"{served}/console/login/")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(f"{user.username} likes dumplings")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/console/")
        return page

    return go
