"""The console by keyboard, at 1280 and 390 px, in the dark and in Chinese: fleet, palette, tree, lists."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from apps.models import Environment, Release
from clusters import registry
from clusters.models import Cluster, ClusterCredential, OwnedObject, Work
from paas.core.models import AuditEvent
from paas.identity import services as identity

pytestmark = pytest.mark.browser

LONG = "a-name-as-long-as-names-can-be-0123456789-0123456789-0123456789"
NODE = {"ready": True, "cordoned": False, "roles": [], "taints": [], "version": "v1.34.4"}
AMOUNTS = {"cpu": "4", "memory": "16Gi", "pods": "110"}


@pytest.fixture
def abroad(page, served):
    """Requests that went to another host."""
    found = []
    page.on("request", lambda request: found.append(request.url) if not request.url.startswith(served) else None)
    return found


@pytest.fixture
def fleet(east, west, make_cluster):
    """Clusters in every state, one with the longest name."""

    def said(type_, status, reason, message=""):
        return {
            "type": type_, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip

    def node(number, **changes):
        return {**NODE, "name": f"worker-{number}", "capacity": AMOUNTS, "allocatable": AMOUNTS, **changes}

    whole = {"cpu_millicores": 12000, "memory_bytes": 48 * 2**30, "pods": 330}
    well = [said("Reachable", "True", "Answered"), said("VersionSupported", "True", "Proven", "v1.34.4")]
    now = timezone.now()
    facts = {
        "version": "v1.34.4", "latency_ms": 3.2, "nodes": [node(1), node(2), node(3)], "capacity": whole,
        "allocatable": whole, "observed_at": now.isoformat(),
        "certificate_expires_at": (now + timedelta(days=200)).isoformat(),
    }  # fmt: skip
    old = {
        **facts, "version": "v1.33.1", "nodes": [node(1), node(2), node(3, ready=False)],
        "allocatable": {"cpu_millicores": 8000, "memory_bytes": 32 * 2**30, "pods": 220},
    }  # fmt: skip
    fault = said("Reachable", "False", "TimedOut", "No answer within 3 s.")
    fence = said("FenceMissing", "True", "NotInstalled", "The policy dougong-fence and its binding are not there.")
    made = {"east": east, "west": west, "north": make_cluster("north"), LONG: make_cluster(LONG, labels={"tier": LONG})}
    for name, changes in {
        "east": {"facts": {**east.facts, **facts}, "conditions": well},
        "west": {"facts": {**west.facts, **old}, "conditions": [*well, fence], "cordoned": True},
        "north": {"facts": facts, "conditions": [fault], "suspended": True},
    }.items():
        Cluster.objects.filter(name=name).update(**changes)
    for name, days in (("east", 90), ("west", 5), ("north", -1)):
        ClusterCredential.objects.create(cluster=made[name], expires_at=now + timedelta(days=days, hours=1))
    return made


@pytest.fixture
def application(deploy, west):
    """Two releases on two clusters, the second being rolled out."""
    deploy(clusters=["east", "west"])
    image = f"registry.example/hello@sha256:{'b' * 64}"
    made = deploy(clusters=["east", "west"], image=image, reason="Say it shorter").application
    for work in Work.objects.all():
        for each in work.manifests:
            body = each["body"]
            group, metadata = body["apiVersion"].rpartition("/")[0] or "core", body["metadata"]
            moving = body["kind"] == "Deployment"
            OwnedObject.objects.create(
                work=work, cluster=work.cluster, claim="c", api_version=body["apiVersion"],
                oid=f"{group}/{body['kind']}/{metadata.get('namespace', '')}/{metadata['name']}",
                health="Progressing" if moving else "Healthy", reason="Rollout" if moving else "Available",
                message="1 of 2 replicas are up to date" if moving else "",
            )  # fmt: skip
    return made


def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def serious(page):
    """What axe finds that stands in somebody's way."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in {"serious", "critical"}]


def too_wide(page):
    """The page and the regions in it that would have to be scrolled sideways."""
    return page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("[role=region], #fleet, .dg-tree")]
        .filter((each) => each.scrollWidth > each.clientWidth + 1)
        .map((each) => `${each.tagName} ${each.id} ${each.scrollWidth} > ${each.clientWidth}`)"""
    )


def test_the_palette_by_keyboard_alone(sign_in, application, owner, errors, abroad):
    page = sign_in(owner)
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Name of a page")
    box.wait_for()
    page.get_by_role("option", name="Applications page").wait_for()
    assert serious(page) == []
    page.keyboard.type("hello")
    page.get_by_role("option", name="hello demo application").wait_for()
    page.get_by_text("1 found").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") == "palette-0"
    picture(page, "palette")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{application.pk}/change/")
    page.keyboard.press("Control+k")
    box.wait_for()
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    page.keyboard.press("Control+k")
    box.wait_for()
    page.keyboard.type("r2")
    page.get_by_role("option", name="hello/production r2").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/releases/**")
    assert errors == []
    assert abroad == []


def test_the_palette_by_mouse(sign_in, application, owner, errors):
    page = sign_in(owner)
    page.get_by_role("button", name="Search and go").click()
    page.keyboard.type("nothing is called this")
    page.get_by_text("Nothing found.").wait_for()
    assert errors == []


def test_what_is_closed_and_scrolled_stays_so(sign_in, served, application, owner, observe, deploy, errors):
    page = sign_in(owner)
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(f"{served}/console/applications/application/{application.pk}/change/")
    page.get_by_text("Live", exact=True).wait_for()
    tree = page.locator(".dg-tree")
    assert tree.get_by_text("1 of 2 replicas are up to date").first.is_visible()
    east = tree.locator("details").filter(has=page.locator("summary", has_text="cluster east")).last
    east.locator("summary").first.click()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    before = page.evaluate("window.scrollY")
    page.evaluate("document.querySelector('.dg-tree').here = true")
    observe(Environment.objects.get())
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    assert page.evaluate("document.querySelector('.dg-tree').here")
    assert east.get_attribute("open") is None
    assert before > 0
    assert abs(page.evaluate("window.scrollY") - before) < 200
    page.get_by_role("button", name="Close all").click()
    assert page.locator(".dg-tree details[open]").count() == 0
    deploy(clusters=["east", "west"], greeting="hey", reason="Shorter still")
    page.get_by_role("cell", name="Shorter still").wait_for()
    assert page.locator(".dg-tree details[open]").count() == 0
    assert errors == []


def test_the_fleet_follows_without_a_reload(sign_in, served, fleet, operator, errors):
    page = sign_in(operator)
    page.goto(f"{served}/console/clusters/cluster/?q=east")
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate("window.here = true")
    registry.cordon(cluster=Cluster.objects.get(name="east"), actor=operator)
    page.locator("#fleet").get_by_text("Cordoned").wait_for()
    assert page.evaluate("window.here")
    assert errors == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_screen_at_both_widths(sign_in, served, application, fleet, owner, admin, errors, abroad, scheme, width):
    identity.set_operator(user=owner, operator=True, actor=admin)
    page = sign_in(owner)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    console = f"{served}/console"
    own = f"{console}/applications/application"
    old, new = Release.objects.order_by("number")
    screens = {
        "home": f"{console}/",
        "fleet": f"{console}/clusters/cluster/",
        "fleet-table": f"{console}/clusters/cluster/?as=table",
        "fleet-none": f"{console}/clusters/cluster/?q=nothing",
        "cluster": f"{console}/clusters/cluster/{fleet['west'].pk}/change/",
        "unregister": f"{console}/clusters/cluster/{fleet['west'].pk}/unregister/",
        "register": f"{console}/clusters/cluster/add/",
        "applications": f"{own}/?health=ill",
        "application": f"{own}/{application.pk}/change/",
        "deploy": f"{own}/{application.pk}/deploy/",
        "retire": f"{own}/{application.pk}/retire/",
        "people": f"{console}/identity/user/",
        "person": f"{console}/identity/user/{owner.pk}/change/",
        "person-edit": f"{console}/identity/user/{owner.pk}/change/?edit=1",
        "audit": f"{console}/core/auditevent/",
        "audit-event": f"{console}/core/auditevent/{AuditEvent.objects.latest('id').pk}/change/",
        "compare": f"{own}/releases/{old.pk}/{new.pk}/",
        "rollback": f"{own}/releases/{old.pk}/rollback/",
    }
    found = {}
    for name, address in screens.items():
        page.goto(address)
        picture(page, f"{name}-{width}-{scheme}")
        found[name] = [*serious(page), *too_wide(page)]
    assert found == {name: [] for name in screens}
    assert errors == []
    assert abroad == []


def test_in_chinese(sign_in, served, application, fleet, owner, admin, errors):
    identity.set_operator(user=owner, operator=True, actor=admin)
    identity.set_language(user=owner, language="zh-hans", actor=owner)
    page = sign_in(owner)
    for name, address in {
        "zh-home": "/console/",
        "zh-fleet": "/console/clusters/cluster/",
        "zh-application": f"/console/applications/application/{application.pk}/change/",
    }.items():
        page.goto(served + address)
        page.get_by_text("实时", exact=True).first.wait_for()
        picture(page, name)
        assert serious(page) == []
        assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert errors == []


def test_the_language_is_chosen_by_hand(sign_in, owner, errors):
    page = sign_in(owner)
    page.get_by_text("olga", exact=True).first.click()
    page.get_by_role("button", name="简体中文").click()
    page.get_by_role("heading", name="首页").wait_for()
    assert errors == []


def test_times_in_the_reader_s_zone(browser, served, application, owner):
    context = browser.new_context(timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{served}/console/login/")
    page.get_by_label("Username").fill(owner.username)
    page.get_by_label("Password").fill(f"{owner.username} likes dumplings")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    at = Release.objects.latest("created_at").created_at + timedelta(hours=8)
    assert page.get_by_text(f"{at:%Y-%m-%d %H:%M}").first.is_visible()
    context.close()
