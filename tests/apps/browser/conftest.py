"""Debian's Chromium, and the control plane served by ASGI, as live pages need it."""

import asyncio
import shutil
import socket
import threading

import pytest


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
    import uvicorn
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
    from django.db import connections

    from paas.asgi import application

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(ASGIStaticFilesHandler(application), log_config=None, lifespan="off")
    server = uvicorn.Server(config)

    def run():
        asyncio.run(server.serve(sockets=[listening]))
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    # Live views last for minutes: they are cut, not waited for.
    server.force_exit = server.should_exit = True
    thread.join()


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
