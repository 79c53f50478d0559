"""The terminal page in a browser: from the switch to a replay, against a command that answers; at both widths."""

import json
import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from apps import services
from apps.models import Environment, Terminal
from apps.services import terminals
from apps.terminals import socket, store
from clusters.models import Cluster, ClusterCredential
from clusters.terminal import Channel, Ended, Place
from paas.identity import services as identity

pytestmark = pytest.mark.browser


class Shell:
    """A command that prints what it is sent, in colours, and ends at `exit 3`."""

    def __init__(self):
        import asyncio

        self.queue, self.ended = asyncio.Queue(), None

    async def __aenter__(self):
        await self.queue.put(b"\x1b]0;title\x07\x1b[1;32m$\x1b[0m ")
        return self

    async def __aexit__(self, *error):
        return None

    async def read(self):
        while piece := await self.queue.get():
            yield Channel.OUTPUT, piece
        self.ended = Ended(3)

    async def write(self, piece):
        await self.queue.put(b"" if piece == b"exit 3\n" else b"heard " + piece.replace(b"\n", b"\r\n"))

    async def resize(self, columns, rows):
        await self.queue.put(f"{columns > 30}\r\n".encode())


@pytest.fixture
def environment(deploy, west, settings, monkeypatch):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True})
    deploy(clusters=["east", "west"])
    for cluster in Cluster.objects.all():
        for purpose in ClusterCredential.Purpose.values:
            ClusterCredential.objects.create(cluster=cluster, token="canary-token", purpose=purpose)

    async def places(access, namespace, selector, *, label):
        return [Place(namespace, "hello-web-1", "web")]

    async def who(minter, person, namespace, *, seconds):
        return minter.endpoint

    monkeypatch.setattr(terminals, "places", places)
    monkeypatch.setattr(socket, "identity", who)
    monkeypatch.setattr(socket, "opened", lambda *given, **named: Shell())
    return Environment.objects.get()


def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/terminal-{name}.png", full_page=True)


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in {"serious", "critical"}]


def visit(page, served, environment):
    page.goto(f"{served}/console/applications/application/environments/{environment.pk}/terminal/")
    return page


def test_from_the_switch_to_the_replay(sign_in, served, environment, owner, errors):
    page = visit(sign_in(owner), served, environment)
    page.get_by_text("Terminals are turned off in this environment").wait_for()
    page.get_by_label("Reason, for the audit trail").fill("an incident")
    page.get_by_role("button", name="Turn on").click()
    page.get_by_text("Terminals are turned on.").wait_for()
    page.get_by_label("Reason", exact=True).fill("a look")
    page.get_by_role("button", name="Open").click()
    page.get_by_text("Open: east/hello-web-1").wait_for()
    log = page.get_by_role("log")
    page.get_by_label("Input").fill("hello")
    page.get_by_label("Input").press("Enter")
    log.get_by_text("heard hello").wait_for()
    assert "\x1b" not in log.inner_text()
    assert "[1;32m" not in log.inner_text()
    assert "title" not in log.inner_text()
    assert "True" in log.inner_text()
    page.get_by_label("Input").press("ArrowUp")
    assert page.get_by_label("Input").input_value() == "hello"
    page.get_by_label("Input").fill("exit 3")
    page.get_by_label("Input").press("Enter")
    page.get_by_text("Ended: Exited 3").wait_for()
    assert page.get_by_label("Input").is_disabled()
    row = Terminal.objects.get()
    assert (row.ending, row.exit_code, row.reason, row.command) == ("Exited", 3, "a look", ["sh"])
    page.reload()
    page.get_by_role("link", name="Replay").click()
    page.get_by_role("region", name="Recording of east/hello-web-1").get_by_text("heard hello").wait_for()
    assert errors == []


def test_a_refusal_is_told(sign_in, served, environment, owner):
    services.allow_exec(environment=environment, allowed=True, actor=owner)
    page = visit(sign_in(owner), served, environment)
    page.get_by_label("Command").fill("sh 'never closed")
    page.get_by_role("button", name="Open").click()
    page.get_by_text("The command cannot be read").wait_for()
    assert page.get_by_role("button", name="Open").is_enabled()


def test_who_may_only_view_gets_no_terminal(sign_in, served, environment, owner, viewer, errors):
    services.allow_exec(environment=environment, allowed=True, actor=owner)
    page = visit(sign_in(viewer), served, environment)
    page.get_by_text("You may not open terminals here").wait_for()
    assert page.get_by_role("button", name="Open").count() == 0
    assert page.get_by_role("button", name="Turn off").count() == 0
    assert errors == []


@pytest.mark.parametrize("language", ["en-gb", "zh-hans"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_at_both_widths(sign_in, served, environment, owner, errors, scheme, width, language):
    services.allow_exec(environment=environment, allowed=True, actor=owner)
    row = Terminal.objects.create(
        environment=environment, cluster="east", pod="hello-web-7d9c5b6f4-x2x4z", container="web", command=["ls", "-l"],
        tty=True, reason="a look at the long list of all that is there", opened_by=owner, opened_by_name="olga",
        ticket="t", attached_at=timezone.now(), ends_at=timezone.now(), ended_at=timezone.now(), ending="Exited",
        exit_code=0,
    )  # fmt: skip
    shown = "a line that is longer than a telephone is wide, \x1b[31mand in red\x1b[0m as well\r\n" * 20
    store.append(row.pk, json.dumps({"version": 2}) + "\n" + json.dumps([0.1, "o", shown]) + "\n")
    identity.set_language(user=owner, language=language, actor=owner)
    page = sign_in(owner)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for name, address in {
        "page": f"applications/application/environments/{environment.pk}/terminal/",
        "replay": f"applications/application/terminals/{row.pk}/",
    }.items():
        page.goto(f"{served}/console/{address}")
        page.wait_for_load_state("networkidle")
        picture(page, f"{name}-{language}-{width}-{scheme}")
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert ("终端" in page.content()) is (language == "zh-hans")
    page.get_by_text("and in red as well").first.wait_for()
    assert errors == []
