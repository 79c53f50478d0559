"""The objects of an application drawn: pods, lines, closing by kind, the switch that is remembered, both widths."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

from clusters import observed
from clusters.models import OwnedObject, Work, WorkloadPods

pytestmark = pytest.mark.browser

LONG = "a-name-as-long-as-names-can-be-0123456789-0123456789-0123456789"


def pod(number, health="Healthy", reason="Ready", message=""):
    return {
        "name": f"hello-web-7d9f8c6b5-{number:05}", "image": f"registry.example/hello@sha256:{'b' * 64}",
        "node": LONG if number == 0 else f"worker-{number}", "phase": "Running", "health": health, "reason": reason,
        "message": message, "ready": int(health == "Healthy"), "containers": 1, "restarts": number,
        "created_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


@pytest.fixture
def application(deploy, west):
    """On two clusters, all Healthy on one; on the other three hundred pods, one of which crashes."""
    made = deploy(clusters=["east", "west"]).application
    for work in Work.objects.all():
        for each in work.manifests:
            body = each["body"]
            group, metadata = body["apiVersion"].rpartition("/")[0] or "core", body["metadata"]
            oid = f"{group}/{body['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
            OwnedObject.objects.create(
                work=work, cluster=work.cluster, claim="c", api_version=body["apiVersion"], oid=oid, health="Healthy",
                reason="Available",
            )  # fmt: skip
            if body["kind"] == "Deployment":
                many = work.cluster.name == "west"
                told = [pod(number) for number in range(49 if many else 3)]
                ill = [pod(99, "Degraded", "CrashLoopBackOff", "Container web crashed (exit code 1, 99 restarts)")]
                WorkloadPods.objects.create(
                    cluster=work.cluster, oid=oid, namespace=metadata["namespace"], total=300 if many else 3,
                    pods=[*ill, *told] if many else told,
                )  # fmt: skip
    return made


@pytest.fixture
def opened(sign_in, served, application, owner):
    """The application's page, signed in."""

    def go(width=1280, scheme="light"):
        page = sign_in(owner)
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{served}/console/applications/application/{application.pk}/change/")
        page.get_by_text("Live", exact=True).wait_for()
        return page

    return go


def lines(page):
    return page.locator(".dg-edges").first.locator("path").count()


def test_the_choice_is_remembered_and_made_by_keyboard(opened, errors):
    page = opened()
    assert page.locator(".dg-tree").is_visible()
    assert not page.locator(".dg-graph").first.is_visible()
    page.get_by_role("button", name="Graph").focus()
    page.keyboard.press("Enter")
    assert page.locator(".dg-graph").first.is_visible()
    assert page.get_by_role("button", name="Graph").get_attribute("aria-pressed") == "true"
    page.reload()
    assert page.locator(".dg-graph").first.is_visible()
    assert not page.locator(".dg-tree").is_visible()
    assert errors == []


def test_a_kind_is_closed_by_keyboard_and_its_lines_go_to_its_heading(opened, errors):
    page = opened()
    page.get_by_role("button", name="Graph").click()
    east = page.locator(".dg-graph").first
    drawn = lines(page)
    assert drawn >= 4  # route, service, workload, pods, and what they are bound to
    pods = east.locator("details", has=page.locator("summary", has_text="hello-web"))
    assert pods.locator("li").first.is_visible()
    pods.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not pods.locator("li").first.is_visible()
    assert lines(page) == drawn
    assert errors == []


def test_what_is_closed_stays_so_while_it_follows(opened, application, errors):
    page = opened()
    page.get_by_role("button", name="Graph").click()
    pods = page.locator(".dg-graph").first.locator("details", has=page.locator("summary", has_text="hello-web"))
    pods.locator("summary").click()
    drawn = lines(page)
    WorkloadPods.objects.filter(cluster__name="east").update(total=77)
    environment = application.environments.get()
    observed.show("environment", environment.pk)
    pods.locator("summary", has_text="77").wait_for()
    assert pods.get_attribute("open") is None
    assert page.get_by_role("button", name="Graph").get_attribute("aria-pressed") == "true"
    assert lines(page) == drawn
    assert errors == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_both_twins_at_both_widths(opened, errors, width, scheme):
    page = opened(width, scheme)
    for twin in ("Table", "Graph"):
        page.get_by_role("button", name=twin).click()
        for each in ("Close all", "Open all"):
            page.get_by_role("button", name=each).click()
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/objects-{twin}-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [
            (one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in {"serious", "critical"}
        ] == []
        assert (
            page.evaluate(
                """() => [document.documentElement, ...document.querySelectorAll("[role=region], .dg-tree, .dg-graph")]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.id || each.tagName)"""
            )
            == []
        )
    assert page.get_by_text("and 288 more").is_visible()
    assert errors == []
