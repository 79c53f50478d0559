"""The logs page in a browser: by time, coloured by pod, filtered, paused, taken home, linked to; at both widths."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps import logs
from apps.models import Environment
from clusters.mixer import Line
from clusters.models import Cluster, ClusterCredential
from paas.identity import services as identity

pytestmark = pytest.mark.browser

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(seconds):
    return f"{NOON + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%f}000Z"


class Written:
    """What the pods write: what is there at once, then what `more` is told."""

    def __init__(self):
        self.lines, self.asked, self.later, self.loop = [], [], None, None

    async def pod_logs(self, accesses, query):
        self.asked.append(query)
        self.loop, self.later = asyncio.get_running_loop(), asyncio.Queue()
        for line in self.lines:
            yield line
        while query.follow:
            yield await self.later.get()

    def more(self, *lines):
        for line in lines:
            self.loop.call_soon_threadsafe(self.later.put_nowait, line)


@pytest.fixture
def written(monkeypatch):
    found = Written()
    monkeypatch.setattr(logs, "pod_logs", found.pod_logs)
    return found


@pytest.fixture
def environment(deploy, west):
    deploy(clusters=["east", "west"])
    for cluster in Cluster.objects.all():
        ClusterCredential.objects.create(cluster=cluster, token="canary-token")
    return Environment.objects.get()


@pytest.fixture
def visit(sign_in, served, environment, owner):
    def go(query=""):
        page = sign_in(owner)
        page.goto(f"{served}/console/applications/application/environments/{environment.pk}/logs/{query}")
        return page

    return go


def line(pod, seconds, text, cluster="east", **more):
    return Line(cluster, pod, "web", at(seconds), text, **more)


def shown(page):
    return page.locator("[data-logs] > div:visible").all_inner_texts()


def test_by_time_coloured_and_filtered(visit, written, errors):
    written.lines = [line("a", 0, "one"), line("a", 2, "three"), line("b", 1, "two", cluster="west")]
    page = visit()
    page.get_by_text("three").wait_for()
    assert [each.split()[-1] for each in shown(page)] == ["one", "two", "three"]
    colours = page.locator("[data-logs] > div > .dg-where").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).color)"
    )
    assert colours[0] == colours[2] != colours[1]
    page.get_by_label("Only lines with").fill("TWO")
    assert [each.split()[-1] for each in shown(page)] == ["two"]
    written.more(line("a", 3, "hidden"), line("b", 4, "two again"))
    page.get_by_text("two again").wait_for()
    assert len(shown(page)) == 2
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == f"{at(1)} west/b two\n{at(4)} east/b two again\n"
    assert errors == []


def test_times_in_the_reader_s_zone(visit, written, page):
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Shanghai"})
    written.lines = [line("a", 0, "one")]
    visit().get_by_text("one").wait_for()
    assert shown(page)[0].startswith("20:00:00 ")


def test_a_pause_and_a_noisy_pod(visit, written):
    """Two thousand lines are kept; those of a pod that writes much go first."""
    written.lines = [line("quiet", number, f"calm {number}") for number in range(10)]
    page = visit()
    page.get_by_text("calm 9").wait_for()
    page.get_by_role("button", name="Pause").click()
    written.more(*(line("noisy", 10 + number / 1000, f"noise {number}") for number in range(6000)))
    written.more(line("noisy", 20, "", dropped=1234), line("quiet", 21, "calm again"))
    assert len(shown(page)) == 10
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("calm again").wait_for()
    found = shown(page)
    assert len(found) == 2000
    assert sum("calm" in each for each in found) == 11
    assert "(1234 lines left out)" in found[-2]
    assert "noise 5999" in found[-3]


def test_a_line_has_an_address(visit, written):
    written.lines = [line("a", number, f"line {number}") for number in range(5)]
    page = visit("?process=web")
    page.get_by_role("link", name="12:00:03 east a").click()
    page.locator(".dg-meant").get_by_text("line 3").wait_for()
    assert page.get_by_label("From").input_value() == at(3)
    query = written.asked[-1]
    assert (query.since, query.tail) == ("2026-01-31T12:00:03Z", logs.MOST_TAIL)
    assert "component=web" in query.selector


def test_a_line_says_its_release_and_the_filters_take_it(visit, written, deploy, errors):
    deploy(clusters=["east", "west"], greeting="hi")
    written.lines = [
        line("a", 0, "of old", release="r1"),
        line("b", 1, "of new", release="r2"),
        line("c", 2, "nobody's"),
    ]
    page = visit()
    page.get_by_text("nobody's").wait_for()
    assert shown(page) == ["12:00:00 east a r1 of old", "12:00:01 east b r2 of new", "12:00:02 east c nobody's"]
    page.get_by_label("Only lines with").fill("r2")
    assert shown(page) == ["12:00:01 east b r2 of new"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == f"{at(1)} east/b r2 of new\n"
    page.get_by_label("Release", exact=True).select_option("r1")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("nobody's").wait_for()
    assert page.get_by_label("Release", exact=True).input_value() == "r1"
    assert written.asked[-1].release == "r1"
    assert "--release r1" in page.locator(".dg-twin").inner_text()
    assert errors == []


def test_before_the_last_restart(visit, written):
    written.lines = [line("a", 0, "last words")]
    page = visit()
    page.get_by_label("before the last restart").check()
    page.get_by_role("button", name="Show").click()
    page.get_by_text("That is all.").wait_for()
    page.get_by_text("last words").wait_for()
    assert (written.asked[-1].previous, written.asked[-1].follow) == (True, False)
    assert "--previous" in page.locator(".dg-twin").inner_text()


@pytest.mark.parametrize("language", ["en-gb", "zh-hans"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_at_both_widths(visit, written, owner, page, errors, scheme, width, language):
    identity.set_language(user=owner, language=language, actor=owner)
    written.lines = [line(f"hello-web-7d9c5b6f4-{pod}", pod, "GET /a/long/address 200 " * 6) for pod in range(8)]
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    visit()
    page.get_by_text("GET /a/long").first.wait_for()
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/logs-{language}-{width}-{scheme}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in {"serious", "critical"}
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert ("下载" in page.content()) is (language == "zh-hans")
    assert errors == []
