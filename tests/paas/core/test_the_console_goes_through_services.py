"""The console: open to every signed-in person, showing what they may view, changing through services alone."""

import re

import pytest
from django.urls import reverse

from paas.core import site
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import Team, User


@pytest.fixture
def console(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def sections(monkeypatch):
    monkeypatch.setattr(site, "console_home_sections", {})


def change(model, obj):
    return reverse(f"admin:identity_{model}_change", args=[obj.pk])


def test_the_root_leads_to_the_console_and_the_console_to_the_login(client, db):
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/console/", 302), ("/console/login/?next=/console/", 302)]
    assert "password" in response.content.decode()


def test_a_person_who_is_no_staff_comes_in(client, owner):
    response = client.post("/console/login/?next=/console/", {"login": "olga", "password": "olga likes dumplings"})
    assert response.status_code == 302
    assert client.get("/console/").status_code == 200


def test_home_shows_what_is_for_this_person(console, sections, owner, operator):
    for name, order, context in [
        ("late", 20, lambda request: {"events": []}),
        ("for-operators", 10, lambda request: {"events": []} if request.user.groups.exists() else None),
    ]:
        site.register_home_section(site.HomeSection(name, order, "console/events.html", context))
    assert console(owner).get("/console/").content.decode().count("Nothing has been recorded") == 1
    assert console(operator).get("/console/").content.decode().count("Nothing has been recorded") == 2


def test_home_with_nothing_says_so(console, sections, owner):
    assert "Nothing here yet" in console(owner).get("/console/").content.decode()


def test_the_sidebar_offers_what_one_may(console, owner, operator):
    people = reverse("admin:identity_user_changelist")
    assert people not in console(owner).get("/console/").content.decode()
    assert people in console(operator).get("/console/").content.decode()


def test_lists_and_pages_show_what_one_may_view(console, team, owner, stranger):
    assert "The shop" in console(owner).get(reverse("admin:identity_team_changelist")).content.decode()
    assert "The shop" not in console(stranger).get(reverse("admin:identity_team_changelist")).content.decode()
    assert console(stranger).get(change("team", team)).status_code == 404
    assert console(owner).get(change("team", team)).status_code == 200


def test_a_change_is_made_by_the_service(console, team, owner):
    response = console(owner).post(change("team", team), {"title": "New title"})
    assert response.status_code == 302
    assert Team.objects.get().title == "New title"
    event = AuditEvent.objects.get(action="team.renamed")
    assert (event.actor, event.before, event.after) == (owner, {"title": "The shop"}, {"title": "New title"})


def test_a_viewer_changes_nothing(console, team, viewer):
    assert console(viewer).post(change("team", team), {"title": "Mine"}).status_code == 403
    assert Team.objects.get().title == "The shop"


def test_creating_goes_through_the_service(console, operator, owner):
    address = reverse("admin:identity_team_add")
    assert console(owner).get(address).status_code == 403
    response = console(operator).post(address, {"name": "shop", "title": "The shop"})
    assert response.status_code == 302
    assert AuditEvent.objects.get(action="team.created").actor == operator


def test_a_refusal_is_told_and_nothing_is_half_done(console, operator, monkeypatch):
    services.create_user(username="ann", password="a long password", actor=operator)
    made = AuditEvent.objects.filter(action="user.created")
    before = made.count()
    answers = {"username": "ben", "email": "", "password": "short"}
    response = console(operator).post(reverse("admin:identity_user_add"), answers, follow=True)
    assert "Choose a longer" in response.content.decode()
    assert not User.objects.filter(username="ben").exists()
    assert made.count() == before


def test_people_are_let_in_and_made_operators(console, operator, owner):
    page = change("user", owner)
    assert console(operator).post(page, {"is_active": "on", "operator": "on"}).status_code == 302
    assert owner.groups.filter(name="operators").exists()
    assert console(operator).post(page, {}).status_code == 302
    owner.refresh_from_db()
    assert not owner.is_active
    assert not owner.groups.filter(name="operators").exists()


def test_people_are_seen_by_operators_alone(console, owner, viewer):
    assert console(owner).get(change("user", viewer)).status_code == 404


def test_the_history_is_the_audit_trail(console, team, owner):
    services.rename_team(team=team, title="New title", actor=owner)
    page = console(owner).get(reverse("admin:identity_team_history", args=[team.pk])).content.decode()
    assert "Team renamed" in page
    assert "Role on the team given" in page
    # A field that was not there before is no change from anything.
    assert "<del>title: The shop</del>" in page
    assert '<ins class="no-underline">title: New title</ins>' in page
    assert "None" not in page


def test_the_audit_trail_is_read_and_never_written(console, operator, team):
    event = AuditEvent.objects.first()
    page = reverse("admin:core_auditevent_change", args=[event.pk])
    shown = console(operator).get(page)
    assert shown.status_code == 200
    assert "Actor name" not in shown.content.decode()
    assert console(operator).post(page, {"action": "nothing"}).status_code == 403
    assert console(operator).get(reverse("admin:core_auditevent_changelist")).status_code == 200


@pytest.mark.parametrize("page", ["/console/", "/console/login/", "/api/docs/"])
def test_nothing_is_fetched_from_elsewhere(console, owner, client, page):
    if page != "/console/login/":
        console(owner)
    response = client.get(page)
    loaded = re.findall(r'<(?:script|img|iframe)[^>]+src="([^"]+)"|<link[^>]+href="([^"]+)"', response.content.decode())
    assert loaded
    assert [one for pair in loaded for one in pair if one and not one.startswith(("/", "data:"))] == []
    assert "default-src 'self'" in response["Content-Security-Policy"]
