"""Why somebody may do something, by API, command and page: the way from person to object, or who can give it."""

import pytest
from django.urls import reverse

from apps import services
from paas.identity import services as identity
from paas.identity.service_accounts import create_service_account


@pytest.fixture
def environment(deploy):
    return deploy().releases[0].environment


@pytest.fixture
def ask(api, environment):
    """ask(user, person, action) → the answer about the environment, or about what `on` names."""

    def go(user, person, action, on="environment/demo/hello/production"):
        return api(user).get("/api/v1/permissions/explanation/", {"person": person, "action": action, "object": on})

    return go


def test_the_way_leads_from_the_person_to_the_object(ask, owner):
    told = ask(owner, "olga", "deploy").json()
    assert told["allowed"]
    assert told["ways"] == [{"group": "team:crew:owner", "role": "owner", "on": "team crew"}]
    assert told["reason"] == ""


def test_every_way_is_told(ask, owner, viewer, project):
    services.set_project_member(project=project, user=viewer, role="releaser", actor=owner)
    ways = ask(owner, "victor", "view").json()["ways"]
    assert [(each["role"], each["on"]) for each in ways] == [("viewer", "team crew"), ("releaser", "project demo")]


def test_who_may_not_learns_which_role_would_do_and_who_gives_it(ask, viewer):
    told = ask(viewer, "", "release").json()
    assert (told["person"], told["allowed"], told["reason"]) == ("victor", False, "no_role")
    assert told["roles"] == ["owner", "releaser"]
    assert told["grantors"] == ["admin", "olga"]


@pytest.mark.parametrize(
    ("who", "reason"), [("stella", "unseen"), ("victor", "no_role"), ("kurt", "deactivated"), ("ci@crew", "no_role")]
)
def test_why_not(ask, owner, team, stranger, viewer, person, admin, who, reason):
    create_service_account(team=team, name="ci", actor=owner)
    gone = person("kurt", team, "owner")
    identity.set_active(user=gone, active=False, actor=admin)
    told = ask(owner, who, "own").json()
    assert (told["allowed"], told["ways"], told["reason"]) == (False, [], reason)


def test_others_are_asked_about_by_owners_and_those_who_oversee(ask, owner, viewer, operator, admin, person):
    auditor = person("aida")
    identity.set_platform_role(user=auditor, role="auditor", held=True, actor=admin)
    for may in (owner, operator, auditor):
        assert ask(may, "victor", "view").json()["allowed"]
    refused = ask(viewer, "olga", "view")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    refused = ask(viewer, "olga", "operate", "platform")
    assert (refused.status_code, refused.json()["code"]) == (403, "auditor_required")


def test_what_one_may_not_view_is_not_there(ask, stranger):
    for on in ("environment/demo/hello/production", "team/crew", "project/demo", "team/nowhere"):
        assert ask(stranger, "", "view", on).status_code == 404


@pytest.mark.parametrize(
    ("who", "action", "on", "way"),
    [
        ("operator", "operate", "platform", {"group": "operators", "role": "operator", "on": "platform"}),
        ("operator", "view", "team/crew", {"group": "operators", "role": "operator", "on": "platform"}),
        ("owner", "view", "cluster/east", {"group": "", "role": "everyone", "on": "platform"}),
        ("admin", "exec", "project/demo", {"group": "team:crew:owner", "role": "owner", "on": "team crew"}),
    ],
)
def test_roles_of_the_platform(request, ask, who, action, on, way):
    assert ask(request.getfixturevalue(who), "", action, on).json()["ways"] == [way]


def test_a_token_that_holds_back_is_named(api, environment, owner):
    client = api(owner)
    owner.auth_token_set.update(scope="read")
    told = client.get("/api/v1/permissions/explanation/?action=own&object=team/crew").json()
    assert (told["allowed"], told["token"]) == (True, "read")


@pytest.mark.parametrize(
    ("action", "on", "code"),
    [
        ("fly", "team/crew", "action_unknown"),
        ("view", "crew", "object_name_invalid"),
        ("view", "platform/x", "object_name_invalid"),
        ("view", "project/demo/hello", "config_scope_unknown"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, owner, action, on, code):
    answer = ask(owner, "", action, on)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_the_question_costs_few_queries(ask, owner, django_assert_max_num_queries):
    ask(owner, "victor", "view")
    with django_assert_max_num_queries(20):
        ask(owner, "olga", "deploy")


@pytest.mark.django_db(transaction=True)
def test_the_command_says_the_way(dougong, environment, owner, viewer):
    code, out, _ = dougong(owner)("explain", "permission", "me", "deploy", "environment/demo/hello/production")
    assert code == 0
    assert "olga → group team:crew:owner → role owner → team crew → environment" in out
    code, out, _ = dougong(viewer)("explain", "permission", "victor", "own", "project/demo")
    assert (code, "Who can give one: admin, olga." in out) == (0, True)
    assert dougong(viewer)("explain", "permission", "victor")[0] == 2


def test_the_page_shows_it(client, environment, owner, viewer, stranger):
    page = reverse("admin:explain", args=["team/crew"])
    client.force_login(owner)
    text = client.get(page, {"person": "victor", "action": "own"}).content.decode()
    assert "They may view it; no role of theirs has this permission." in text
    assert "dougong explain permission victor own team/crew" in text
    assert (
        page
        in client.get(reverse("admin:identity_team_change", args=[owner.groups.get().owned_team.pk])).content.decode()
    )
    client.force_login(viewer)
    assert "permission_denied" in client.get(page, {"person": "olga", "action": "own"}).content.decode()
    assert "team:crew:viewer" in client.get(page, {"person": "victor", "action": "view"}).content.decode()
    client.force_login(stranger)
    assert client.get(page).status_code == 404
