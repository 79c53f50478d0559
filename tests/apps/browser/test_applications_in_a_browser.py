"""Pages of applications as a person meets them: live without a reload, in the dark, on a telephone, for everyone."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from apps.models import Environment, Release
from clusters.models import OwnedObject, Work
from paas.identity import services as identity

pytestmark = pytest.mark.browser

LONG = "a-name-as-long-as-names-can-be-0123456789-0123456789-0123456789"


@pytest.fixture
def application(deploy, west):
    deploy(clusters=["east", "west"])
    made = deploy(clusters=["east", "west"], greeting="hi", reason="Say it shorter").application
    for work in Work.objects.filter(name="application"):
        for kind, health in (("Deployment", "Progressing"), ("Service", "Healthy")):
            OwnedObject.objects.create(
                work=work, cluster=work.cluster, oid=f"apps/{kind}/demo/hello-web", api_version="v1", claim="c",
                health=health, reason="Rollout", message="1 of 2 replicas are up to date",
            )  # fmt: skip
    return made


def wide(page):
    """How much wider than the window the page is."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_the_page_follows_without_a_reload(sign_in, served, application, owner, deploy, observe, errors):
    page = sign_in(owner)
    page.get_by_role("link", name="hello").first.click()
    page.get_by_role("article", name="Environment production").wait_for()
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate("window.here = true")
    page.get_by_role("button", name="Close all").click()
    page.locator(".dg-tree summary").first.click()
    assert page.get_by_text("is about to be delivered").count() > 0
    observe(Environment.objects.get())
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    assert page.locator(".dg-tree details[open]").count() == 1
    deploy(clusters=["east", "west"], greeting="hey", reason="Shorter still")
    page.get_by_role("cell", name="Shorter still").wait_for()
    assert page.evaluate("window.here")
    assert errors == []


def test_ages_go_on_while_nothing_is_sent(sign_in, application, owner, errors):
    page = sign_in(owner)
    page.clock.install()
    page.get_by_role("link", name="hello").first.click()
    page.get_by_text("Live", exact=True).wait_for()  # what counts is there
    age = page.locator("time[data-age]").first
    expect(age).to_have_text("under a minute")
    page.clock.fast_forward("03:00:30")
    expect(age).to_have_text("3 hours")
    assert errors == []


def test_the_home_page_follows_too(sign_in, application, owner, observe, errors):
    page = sign_in(owner)
    page.get_by_text("Live", exact=True).wait_for()
    observe(Environment.objects.get(), "Degraded")
    page.get_by_text("Degraded").first.wait_for()
    assert errors == []


def test_the_list_and_the_release_history_follow_too(sign_in, served, application, owner, observe, deploy, errors):
    page = sign_in(owner)
    page.goto(f"{served}/console/applications/application/?q=hello")
    page.get_by_text("Live", exact=True).wait_for()
    observe(Environment.objects.get(), "Degraded")
    page.locator("#live-list").get_by_text("Degraded").first.wait_for()
    page.goto(f"{served}/console/applications/application/{application.pk}/releases/")
    page.get_by_text("Live", exact=True).wait_for()
    deploy(clusters=["east", "west"], greeting="hey", reason="Shorter still")
    page.get_by_role("cell", name="Shorter still").wait_for()
    assert errors == []


def test_the_lists_of_works_and_of_teams_follow_too(sign_in, served, application, owner, admin, deploy, errors):
    page = sign_in(owner)
    page.goto(f"{served}/console/clusters/work/?q=demo/hello")
    page.get_by_text("Live", exact=True).wait_for()
    assert page.get_by_text("3 (3 not observed yet)").count() == 0
    deploy(clusters=["east", "west"], greeting="hey")
    page.locator("#live-list").get_by_text("3 (3 not observed yet)").first.wait_for()
    page.goto(f"{served}/console/identity/team/")
    page.get_by_text("Live", exact=True).wait_for()
    team = identity.create_team(name="pantry", title="The pantry", actor=admin)
    identity.add_member(team=team, user=owner, role="viewer", actor=admin)
    page.get_by_role("link", name="pantry").wait_for()
    identity.rename_team(team=team, title="The larder", actor=admin)
    page.get_by_text("The larder").wait_for()
    identity.remove_member(team=team, user=owner, actor=admin)
    page.get_by_role("link", name="pantry").wait_for(state="detached")
    assert errors == []


def test_rolling_back_by_hand(sign_in, application, owner, errors):
    page = sign_in(owner)
    page.get_by_role("link", name="hello").first.click()
    page.get_by_text("Live", exact=True).wait_for()  # what is put in its place on connecting would swallow a click
    page.get_by_role("link", name="Roll back… production r1").click()
    page.get_by_label("Reason").fill("it broke")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("production returns to r1 as r3.").wait_for()
    assert Release.objects.get(number=3).reason == "it broke"
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, application, owner, errors, scheme):
    page = sign_in(owner)
    page.emulate_media(color_scheme=scheme)
    old, new = Release.objects.order_by("number")
    console = f"{served}/console"
    own = f"{console}/applications/application"
    addresses = [
        f"{console}/", f"{own}/", f"{own}/{application.pk}/change/", f"{own}/{application.pk}/retire/",
        f"{own}/releases/{old.pk}/{new.pk}/", f"{own}/releases/{old.pk}/rollback/",
        f"{console}/applications/project/", f"{console}/applications/project/{application.project_id}/change/",
        f"{own}/environments/{Environment.objects.get().pk}/logs/",
    ]  # fmt: skip
    serious = {}
    for address in addresses:
        page.goto(address)
        if folder := os.environ.get("SCREENSHOTS"):
            name = address.removeprefix(served).strip("/").replace("/", "-")
            page.screenshot(path=f"{folder}/{scheme}-{name[-60:]}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        serious[address] = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}
        ]
    assert serious == {address: [] for address in addresses}
    assert errors == []


def test_on_a_telephone_with_the_longest_names(sign_in, served, deploy, owner, errors):
    environments = {LONG: {"clusters": ["east"]}}
    made = deploy(name=LONG, environments=environments, host=f"{LONG}.{LONG}.example", reason=LONG * 3).application
    page = sign_in(owner)
    page.set_viewport_size({"width": 390, "height": 800})
    for address in ("/console/", f"/console/applications/application/{made.pk}/change/"):
        page.goto(served + address)
        page.get_by_text(LONG).first.wait_for()
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/390-{len(address)}.png", full_page=True)
        assert wide(page) <= 0
    assert errors == []
