"""Configuration, release history, first steps and members by a person: changed by hand and by keyboard, at both widths,
in the dark and in Chinese.
"""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps import services
from apps.config import Declaration
from apps.models import ConfigChange, ConfigProposal, Environment, Release
from clusters.models import Work
from paas.identity import services as identity
from paas.identity.models import ApiToken, Team, User
from paas.identity.roles import role_of
from paas.identity.service_accounts import create_service_account

pytestmark = pytest.mark.browser

BOTH = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}}


@pytest.fixture
def abroad(page, served):
    """Requests that went to another host."""
    found = []
    page.on("request", lambda request: found.append(request.url) if not request.url.startswith(served) else None)
    return found


@pytest.fixture
def second(person, team):
    return person("otto", team, "owner")


@pytest.fixture
def application(deploy, west, configure, team, owner, project):
    """Two environments with values from everywhere: inherited, overridden, waiting, missing, protected, secret."""
    configure(None, LOG_LEVEL="info")
    configure(team, SHOP_HOST="shop.example", reason="first settings")
    deploy(environments=BOTH, reason="first")
    made = deploy(environments=BOTH, greeting="hi", reason="Say it shorter").application
    production, staging = (Environment.objects.get(name=name) for name in BOTH)
    configure(production, LOG_LEVEL="warning", reason="too much of it")
    configure(staging, LOG_LEVEL="debug", release=False)
    services.set_secret(environment=production, name="database", values={"DATABASE_URL": "hush"}, actor=owner)
    configure(team, declare={"LIMIT": Declaration("integer", protected=True, description="Of one payment.")})
    configure(made, LIMIT="5000", reason="season")
    services.set_project_member(project=project, user=owner, role="developer", actor=owner)
    pipeline = create_service_account(team=team, name="pipeline", actor=owner)
    for user, name in ((owner, "laptop"), (pipeline, "deploys")):
        identity.create_token(user=user, name=name, scope="deploy", actor=owner)
    return made


def place(served, name, *parts, **query):
    return (
        served
        + reverse(f"admin:{name}", args=parts)
        + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
    )


def olga():
    return User.objects.get(username="olga")


def screens(served, application):
    """Each page by name."""
    production, staging = (Environment.objects.get(name=name) for name in BOTH)
    old = Release.objects.filter(environment=production).order_by("number").first()
    layer = ("application", "demo/hello")
    at = {"edit": "LOG_LEVEL", "at": "environment/demo/hello/staging"}
    return {
        "matrix": place(served, "config_layer", *layer),
        "compared": place(served, "config_layer", *layer, left=production.pk, right=staging.pk),
        "edit": place(served, "config_layer", *layer, **at),
        "declare": place(served, "config_layer", "team", "crew", declare="LIMIT"),
        "secret-store": place(served, "secret_store", production.pk) + "?name=database",
        "secret-revoke": place(served, "secret_revoke", production.pk, "database"),
        "proposal": place(served, "config_proposal", ConfigProposal.objects.get().pk),
        "key": place(served, "config_layer_key", *layer, key="LOG_LEVEL"),
        "secret": place(served, "config_layer_key", "environment", "demo/hello/production", secret="database"),
        "team-config": place(served, "config_layer", "team", "crew"),
        "platform-config": place(served, "config"),
        "releases": place(served, "applications_application_releases", application.pk, environment="production"),
        "rollback": place(served, "applications_release_rollback", old.pk),
        "members": place(served, "identity_team_members", application.project.team_id),
        "member-remove": place(served, "identity_team_member_remove", application.project.team_id, olga().pk),
        "project-members": place(served, "applications_project_members", application.project_id),
        "project-member-remove": place(served, "applications_project_member_remove", application.project_id, olga().pk),
        "tokens": place(served, "tokens"),
        "token-revoke": place(served, "token_revoke", ApiToken.objects.get(name="deploys").token_key),
        "account-remove": place(served, "service_account_remove", User.objects.get(username="pipeline@crew").pk),
        "retire": place(served, "applications_application_retire", application.pk),
        "works": place(served, "clusters_work_changelist"),
        "teams": place(served, "identity_team_changelist"),
        "limits": place(served, "team_limits", application.project.team_id),
        "logs": place(served, "applications_environment_logs", production.pk),
        "applications": place(served, "applications_application_changelist"),
        "nothing-found": place(served, "applications_application_changelist", q="nowhere"),
        "team": place(served, "identity_team_change", application.project.team_id),
        "project": place(served, "applications_project_change", application.project_id),
    }


def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def serious(page):
    """What axe finds that stands in somebody's way."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in {"serious", "critical"}]


def wide(page):
    """How much wider than the window the page is."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_screen_at_both_widths(
    sign_in, served, application, configure, team, second, errors, abroad, scheme, width
):
    configure(team, declare={"POOL_SIZE": Declaration("integer", required=True)})
    page = sign_in(second)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    pages = screens(served, application)
    found = {}
    for name, address in pages.items():
        assert page.goto(address).status == 200
        picture(page, f"{name}-{width}-{scheme}")
        found[name] = [*serious(page), *(["too wide"] if wide(page) > 0 else [])]
        assert "hush" not in page.content()
    assert found == {name: [] for name in pages}
    assert errors == []
    assert abroad == []


def test_in_chinese(sign_in, served, application, second, errors):
    identity.set_language(user=second, language="zh-hans", actor=second)
    work = Work.objects.filter(name="application").first()
    reason = {
        "type": "Ready", "status": "False", "reason": "CrashLoopBackOff", "message": "Container main crashed",
        "lastTransitionTime": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    Work.objects.filter(pk=work.pk).update(conditions=[reason], health="Degraded")
    page = sign_in(second)
    pages = screens(served, application)
    pages["application"] = place(served, "applications_application_change", application.pk)
    for name, address in pages.items():
        page.goto(address)
        picture(page, f"zh-{name}")
        assert serious(page) == [], name
    assert page.get_by_text("反复崩溃").first.is_visible()
    assert page.get_by_text("程序反复以错误退出").first.is_visible()
    assert page.get_by_text("Container main crashed").first.is_visible()
    assert errors == []


def test_a_key_is_changed_by_hand_and_by_two_where_it_is_protected(sign_in, served, application, owner, second, errors):
    page = sign_in(second)
    page.get_by_role("link", name="hello").first.click()
    page.get_by_role("link", name="Configuration").last.click()
    page.get_by_role("link", name="Edit LOG_LEVEL, hello/production").click()
    page.get_by_label("Value", exact=True).fill("error")
    page.get_by_label("Reason").fill("too loud")
    page.get_by_role("button", name="Change…").click()
    page.get_by_text("These environments get a release").wait_for()
    assert page.get_by_label("Reason").input_value() == "too loud"
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("Environments released: 1.").wait_for()
    made = ConfigChange.objects.first()
    assert (made.after["value"], made.reason, made.created_by) == ("error", "too loud", second)
    page.get_by_role("link", name="Accept or decline…").click()
    page.get_by_label("Reason").fill("yes")
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("It is accepted.").wait_for()
    assert ConfigProposal.objects.get().decided_by_name == "otto"
    assert errors == []


def test_by_keyboard_alone(sign_in, served, application, second, errors):
    page = sign_in(second)
    page.goto(screens(served, application)["edit"])
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("each => each === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        style = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).boxShadow"
        )
        assert not style.startswith("nonenone"), here
        if here == "value":
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("trace")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("environment/demo/hello/staging has changed: LOG_LEVEL").wait_for()
    assert ConfigChange.objects.first().after["value"] == "trace"
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Name of a page").wait_for()
    assert errors == []


def test_releases_are_chosen_compared_and_restored(sign_in, served, application, second, errors):
    page = sign_in(second)
    page.goto(screens(served, application)["releases"])
    assert page.get_by_label("From").input_value() == "2"
    assert page.get_by_label("To", exact=True).input_value() == "3"
    page.get_by_text("Key LOG_LEVEL on east").wait_for()
    page.get_by_label("From").select_option("1")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("GREETING").first.wait_for()
    page.get_by_role("link", name="Roll back… production r1").click()
    page.get_by_text("Objects on east").wait_for()
    page.get_by_label("Reason").fill("it was better")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("production returns to r1 as r4.").wait_for()
    assert Release.objects.get(environment__name="production", number=4).reason == "it was better"
    assert errors == []


def test_a_secret_is_stored_and_revoked_by_hand(sign_in, served, application, owner, errors):
    page = sign_in(owner)
    page.goto(screens(served, application)["matrix"])
    page.get_by_role("link", name="Store a version… database, hello/production").click()
    key = page.get_by_label("Key").first
    assert key.input_value() == "DATABASE_URL"
    value = page.get_by_label("Value").first
    value.fill("a new one")
    assert value.get_attribute("autocomplete") == "off"
    assert value.evaluate("each => getComputedStyle(each).webkitTextSecurity") == "disc"
    page.get_by_role("button", name="Store it").click()
    page.get_by_text("database v2 is stored.").wait_for()
    assert "a new one" not in page.content()
    page.get_by_role("link", name="v2 database, hello/production").click()
    page.get_by_role("link", name="Revoke… v1").click()
    page.get_by_text("database v1 would be revoked.").wait_for()
    page.get_by_label("To confirm, type the name").fill("database")
    page.get_by_role("button", name="Revoke database v1").click()
    page.get_by_text("Revoked: database v1.").wait_for()
    assert errors == []


def test_a_key_is_declared_by_hand(sign_in, served, application, owner, errors):
    page = sign_in(owner)
    page.goto(screens(served, application)["team-config"])
    page.get_by_role("link", name="Declare a key…").click()
    page.get_by_label("Key", exact=True).fill("POOL_SIZE")
    page.get_by_label("Type", exact=True).select_option("integer")
    page.get_by_label("Required: no release without a value").check()
    page.get_by_role("button", name="Declare it").click()
    page.get_by_text("team/crew declares POOL_SIZE.").wait_for()
    page.get_by_text("Required, missing").first.wait_for()
    assert errors == []


def test_members_are_chosen_by_hand(sign_in, served, application, owner, stranger, errors):
    page = sign_in(owner)
    page.goto(screens(served, application)["members"])
    page.get_by_label("Username").fill("nobody")
    page.get_by_role("button", name="Give the role").click()
    page.get_by_text("user_not_found").wait_for()
    assert page.get_by_label("Username").input_value() == "nobody"
    page.get_by_label("Username").fill("stella")
    page.get_by_role("button", name="Give the role").click()
    page.get_by_text("stella has the role viewer now.").wait_for()
    assert role_of(Team.objects.get(), User.objects.get(username="stella")) == "viewer"
    assert errors == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_steps(sign_in, person, admin, served, errors, abroad, width):
    oscar = person("oscar")
    identity.set_operator(user=oscar, operator=True, actor=admin)
    page = sign_in(oscar)
    page.set_viewport_size({"width": width, "height": 900})
    steps = page.get_by_role("region", name="First steps")
    steps.get_by_role("link", name="A cluster").wait_for()
    picture(page, f"first-{width}")
    assert serious(page) == []
    assert wide(page) <= 0
    assert errors == []
    assert abroad == []


def test_rows_stand_closer_and_stay_so(sign_in, served, application, second, errors):
    page = sign_in(second)
    page.goto(screens(served, application)["matrix"])
    rows = page.locator("#matrix tbody tr").first
    before = rows.bounding_box()["height"]
    page.get_by_role("button", name="Close rows").click()
    assert rows.bounding_box()["height"] < before
    page.reload()
    assert page.get_by_role("button", name="Close rows").get_attribute("aria-pressed") == "true"
    assert rows.bounding_box()["height"] < before
    assert errors == []


def test_the_page_follows_without_a_reload(sign_in, served, application, configure, second, errors):
    page = sign_in(second)
    page.goto(screens(served, application)["edit"])
    page.get_by_text("Live", exact=True).wait_for()
    page.get_by_label("Value", exact=True).fill("half a thought")
    configure(application, NEW_ONE="from elsewhere", release=False)
    page.get_by_role("link", name="NEW_ONE").first.wait_for()
    assert page.get_by_text("from elsewhere").first.is_visible()
    assert page.get_by_label("Value", exact=True).input_value() == "half a thought"
    services.refuse_proposal(proposal=ConfigProposal.objects.get(), actor=second)
    page.get_by_role("link", name="Accept or decline…").wait_for(state="detached")
    assert errors == []
