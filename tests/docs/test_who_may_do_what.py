"""README.md, "Who may do what": typed as it stands, on a demo of its own in the lab, with the lab's slapd and Keycloak.

Who signs in by a browser does so here by a client that follows links and fills in forms.
"""

import os
import re
import shutil
import socket
from dataclasses import replace
from html import unescape

import httpx
import psycopg
import pytest
import redis
from psycopg.conninfo import make_conninfo

from deploy.control_plane import environment
from deploy.control_plane.group import ROOT
from deploy.control_plane.plane import NO_KEYRING
from deploy.demo import down, people, sign_in
from deploy.demo.config import Config
from deploy.demo.demo import Demo
from deploy.demo.up import up
from deploy.lab.lab import opened
from deploy.lab.paths import cache_folder
from tests.control_plane import eventually
from tests.docs import reader
from tests.docs.terminal import Terminal
from tests.docs.transcript import commands
from tests.labs import LAB

pytestmark = [pytest.mark.lab, pytest.mark.enable_socket, pytest.mark.timeout(1800)]

HEADING = "## Who may do what\n"
README = (ROOT / "README.md").read_text()
BEFORE, PART = README[: README.index(HEADING)], README.partition(HEADING)[2].partition("\n## ")[0]
# It waits for a browser.
BY_BROWSER = re.compile(r"^dougong login .*--name mei\b.*$", re.MULTILINE)
ALL_OF_IT = ("apps", "explain permission", "whodid", "audit verify", "psql")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """`make demo` in the lab of the tests; its people come from the parts that can run here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Demo(Config(tmp_path_factory.mktemp("demo") / "state", port=port, lab=LAB))
    empty()
    try:
        up(made)
        yield made
    finally:
        down.leave(made)
        down.stop(made)
        empty()


def empty():
    """Of the lab: the parts that the demo takes besides, its own database, the first number of its Valkey. No other
    test uses them.
    """
    with opened(LAB) as lab:
        for part in sign_in.PARTS:
            lab.stop(part)
            shutil.rmtree(lab.paths.state / part, ignore_errors=True)
        there = lab.env()
    with psycopg.connect(make_conninfo(there["DATABASE_URL"], dbname="postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS dougong WITH (FORCE)")
        connection.execute("CREATE DATABASE dougong")
    with redis.Redis.from_url(there["REDIS_URL"]) as client:
        client.flushdb()


@pytest.fixture
def terminal(demo, tmp_path):
    """In a folder with what of the checkout the page needs, and the demo found where it is."""
    for name in (".venv", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    around = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    env = {**environment.without_settings(around), **NO_KEYRING, "HOME": str(tmp_path), "NO_PROXY": "*"}
    # The lab's programs are built once for a user.
    env |= {"XDG_CACHE_HOME": str(cache_folder().parent), "DOUGONG_DEMO_STATE": str(demo.config.state)}
    made = Terminal(tmp_path, env)
    yield made
    made.close()


@pytest.fixture
def typed(demo, terminal, tmp_path):
    """typed(command) → (what it printed, its exit code), as the page says them."""
    places = {
        "http://localhost:8000": demo.plane.server,
        "/var/lib/dougong/demo": str(demo.config.state),
        "deploy.lab kubectl": f"deploy.lab --lab {LAB} kubectl",
    }
    type_ = reader.in_place(terminal.run, places)

    def with_browser(command):
        found = BY_BROWSER.search(command)
        if found is None:
            return type_(command)
        said = tmp_path / "said"
        said.touch()
        type_(f"{command[: found.start()]}\n{found[0].partition('  #')[0]} 2> {said} & waiting=$!")
        try:
            approve(eventually(lambda: re.search(r"^Open (\S+)$", said.read_text(), re.MULTILINE))[1], demo)
        except BaseException:
            type_("kill $waiting")
            raise
        seen, code = type_("wait $waiting")
        assert code == 0, said.read_text() + seen
        return type_(command[found.end() :])

    return with_browser


def browsing():
    """A browser. As all do it sends secure cookies to this machine's own addresses, without TLS too."""
    made = httpx.Client(follow_redirects=True, timeout=60, trust_env=False)

    def take(response):
        for cookie in made.cookies.jar:
            cookie.secure = False

    made.event_hooks = {"response": [take]}
    return made


def approve(address, demo):
    """As mei: sign in, and approve the machine whose code the address shows."""
    with browsing() as browser:
        if people.PROVIDER in demo.parts:
            by_provider(browser, demo)
        else:
            filled(browser, browser.get(address), login=people.DEVELOPER, password=password(demo))
        done = filled(browser, browser.get(address), decision="approve")
        assert "is signed in as you" in done.text, done.text


def by_provider(browser, demo):
    """Keycloak's button on the page of signing in, and Keycloak's own form."""
    page = browser.get(f"{demo.plane.server}/console/login/")
    theirs = filled(browser, page, action="/login/by/keycloak/")
    assert str(theirs.url).startswith(f"{provider_of_the_lab()}/realms/")
    filled(browser, theirs, username=people.DEVELOPER, password=password(demo))


def follow(browser, page, text):
    """The page behind the link that says so."""
    found = re.search(rf'<a\b[^>]*\bhref="([^"]+)"[^>]*>(?:(?!</a>).)*?{re.escape(text)}', page.text, re.DOTALL)
    assert found, f"no link {text} at {page.url}"
    return browser.get(page.url.join(unescape(found[1]))).raise_for_status()


def provider_of_the_lab():
    with opened(LAB, changing=False) as lab:
        return lab.env()["KEYCLOAK"]


def password(demo):
    return demo.passwords[people.DEVELOPER]


def filled(browser, page, action="", **fields):
    """The page after its form was sent: the first one that goes to `action` and has these fields."""
    forms = re.findall(r"<form\b[^>]*>.*?</form>", page.text, re.DOTALL)
    fitting = [each for each in forms if action in each and all(f'name="{name}"' in each for name in fields)]
    assert fitting, f"no form for {[*fields]} at {page.url}"
    form = fitting[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    where = re.search(r'<form\b[^>]*\baction="([^"]*)"', form)
    target = page.url.join(unescape(where[1])) if where else page.url
    sent = {**{name: unescape(value) for name, value in hidden.items()}, **fields}
    return browser.post(target, data=sent, headers={"Referer": str(page.url)}).raise_for_status()


def test_the_people_come_from_what_can_run_here(demo):
    assert demo.parts == sign_in.usable()
    with opened(LAB, changing=False) as lab:
        for part in demo.parts:
            assert [lab.process_state(name) for name in lab.names(part)] == ["running"]


def test_the_screens_that_are_named_are_there(demo):
    with browsing() as browser:
        page = browser.get(f"{demo.plane.server}/console/")
        home = filled(browser, page, login=people.ADMIN, password=demo.passwords[people.ADMIN])
        assert "Signed in" in follow(browser, home, "Audit trail").text
        application = follow(browser, follow(browser, home, "Applications"), "hello")
        asking = follow(browser, application, "Who may…")
        answer = browser.get(asking.url, params={"person": people.VIEWER, "action": "deploy"}).raise_for_status()
        assert "no role of theirs has this permission" in answer.text


def test_a_stranger_is_walked_through(demo, typed):
    found = commands(PART)
    assert [word for word in ALL_OF_IT if not any(word in each.text for each in found)] == []
    above = BEFORE.count("\n") + 1
    reader.read("README.md", [replace(each, line=each.line + above) for each in found], typed)
    members = {each["username"]: each["role"] for each in demo.admin.get("/teams/market/members/")}
    assert members[people.DEVELOPER] == "developer"
