"""Two deploys at once: each sees the other whole or not at all, and neither ends in an unforeseen error."""

import threading

import pytest
from django.db import connection

from apps import services
from apps.api.idempotency import HEADER
from apps.appfile import validate
from apps.models import Application, ConfigChange, Environment, Release, RouteClaim, SecretVersion
from paas.core.errors import Conflict, Refusal
from paas.identity import services as identity

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 50


def together(*actions):
    """Run them in threads that begin at once; their results, or the refusals they ended with."""
    gate = threading.Barrier(len(actions))
    found = [None] * len(actions)

    def run(place, action):
        try:
            gate.wait()
            found[place] = action()
        except Refusal as refusal:
            found[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_edits_of_one_application_come_one_after_the_other(deploy):
    deploy()
    found = together(*(lambda word=word: deploy(greeting=word) for word in ("a", "b", "c", "d")))
    assert not [each for each in found if isinstance(each, Exception)]
    assert sorted(Release.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    environment = Environment.objects.select_related("current_release").get()
    assert (environment.generation, environment.current_release.number) == (5, 5)


def greeting_of(release):
    [values] = [each["config"]["values"] for each in blocks_of(release) if "config" in each]
    return values["GREETING"]


@pytest.mark.timeout(300)
def test_of_fifty_who_write_all_are_in_the_history_one_after_the_other(deploy):
    deploy()
    words = [f"word-{number}" for number in range(WRITERS)]
    found = together(*(lambda word=word: deploy(greeting=word) for word in words))
    assert not [each for each in found if isinstance(each, Exception)]
    releases = list(Release.objects.order_by("number"))
    assert [each.number for each in releases] == list(range(1, WRITERS + 2))
    assert sorted(greeting_of(each) for each in releases[1:]) == sorted(words)
    environment = Environment.objects.select_related("current_release").get()
    assert (environment.generation, environment.current_release) == (WRITERS + 1, releases[-1])


@pytest.mark.timeout(300)
def test_of_fifty_who_edit_the_same_state_one_does_and_nothing_of_another_is_lost(deploy, api, owner, document):
    deploy()
    address = "/api/v1/projects/demo/applications/hello/"
    clients = [api(owner) for _ in range(WRITERS)]
    seen = clients[0].get(f"/api/v1/applications/{Application.objects.get().pk}/")["ETag"]

    def go(number, client):
        body = {"appFile": document(greeting=f"word-{number}")}
        return lambda: client.put(address, body, headers={"If-Match": seen})

    found = together(*(go(number, client) for number, client in enumerate(clients)))
    assert sorted(each.status_code for each in found) == [200, *[412] * (WRITERS - 1)]
    [winner] = [number for number, each in enumerate(found) if each.status_code == 200]
    assert {each.json()["code"] for each in found if each.status_code == 412} == {"version_changed"}
    assert [greeting_of(each) for each in Release.objects.filter(number__gt=1)] == [f"word-{winner}"]


def test_of_two_first_deploys_one_makes_the_application(deploy):
    found = together(deploy, deploy)
    refused = [each.code for each in found if isinstance(each, Refusal)]
    assert refused in ([], ["application_just_created"])
    assert (Application.objects.count(), Release.objects.count()) == (1, 1)


def test_of_two_that_want_a_host_one_gets_it(project, owner, east, document):
    def go(name):
        file = validate(document(name=name))
        return lambda: services.deploy(project=project, app_file=file, actor=owner)

    found = together(go("one"), go("two"))
    refused = [each for each in found if isinstance(each, Refusal)]
    assert [(type(each), each.code) for each in refused] == [(Conflict, "host_taken")]
    assert RouteClaim.objects.count() == Application.objects.count() == 1


@pytest.fixture
def teams(api, admin, person, project, owner):
    """(client, project) of two teams."""
    other = identity.create_team(name="others", actor=admin)
    boss = person("otto", other, "owner")
    return [(api(owner), project), (api(boss), services.create_project(team=other, name="theirs", actor=boss))]


def of_two_teams(teams, document, *hosts):
    """What comes of it where each team deploys at once, each with a host."""

    def go(client, project, host):
        name = f"app-of-{project.name}"
        sent = {"appFile": document(name=name, project=project.name, host=host)}
        return lambda: client.put(f"/api/v1/projects/{project.name}/applications/{name}/", sent)

    return together(*(go(*each, host) for each, host in zip(teams, hosts, strict=True)))


@pytest.mark.parametrize("host", ["shop.example", "xn--bcher-kva.example", "a.b.shop.example"])
def test_of_two_teams_that_want_a_host_one_gets_it(teams, east, document, host):
    found = of_two_teams(teams, document, host, host)
    assert sorted(each.status_code for each in found) == [200, 409]
    [refused] = [each for each in found if each.status_code == 409]
    assert refused.json()["code"] == "host_taken"
    # Whose it is, is not said.
    [others] = [project for each, (_, project) in zip(found, teams, strict=True) if each.status_code == 200]
    assert not [name for name in (others.name, others.team.name) if name in refused.content.decode()]
    claim = RouteClaim.objects.get()
    assert (claim.host, claim.environment.application.project) == (host, others)


@pytest.mark.parametrize(
    "spelling",
    ["SHOP.example", "shop.example.", "*.example", "*.shop.example", "sh\u00f6p.example", "shop\uff0eexample",
     "shop.example:80", " shop.example", "shop\u200b.example"],
)  # fmt: skip
def test_no_other_spelling_of_a_host_nor_a_wildcard_takes_it(teams, east, document, spelling):
    """Two names that a gateway takes for one, or one that covers another, are no two hosts: there is one spelling."""
    first, second = of_two_teams(teams, document, "shop.example", spelling)
    assert first.status_code == 200, first.content
    assert (second.status_code, second.json()["code"]) == (400, "app_file_invalid")
    assert RouteClaim.objects.get().environment.application.project == teams[0][1]


def test_a_deploy_and_changes_of_config_come_one_after_the_other(deploy, configure, project, team):
    deploy()
    found = together(
        lambda: configure(team, A="1"),
        lambda: configure(project, B="1"),
        lambda: configure(project, C="1"),
        lambda: deploy(greeting="hi"),
    )
    assert not [each for each in found if isinstance(each, Exception)]
    environment = Environment.objects.select_related("current_release").get()
    assert environment.current_release.spec["config"] == {"east": {"A": "1", "B": "1", "C": "1"}}
    versions = ConfigChange.objects.filter(scope="project").values_list("version", flat=True)
    assert sorted(versions) == [1, 2]


def test_one_key_sent_twice_at_once_is_carried_out_once(api, project, owner, east, document):
    body = {"appFile": document()}

    def go():
        client = api(owner)
        return lambda: client.put("/api/v1/projects/demo/applications/hello/", body, headers={HEADER: "k"})

    found = together(go(), go())
    assert [each.status_code for each in found] == [200, 200]
    assert found[0].json() == found[1].json()
    assert Release.objects.count() == 1


@pytest.fixture
def environment(project, owner):
    return services.create_environment(project=project, application="hello", name="production", actor=owner)


def test_of_two_versions_made_for_the_same_one_is_stored(api, environment, owner):
    services.set_secret(environment=environment, name="database", values={"KEY": "one"}, actor=owner)
    address = f"/api/v1/environments/{environment.pk}/secrets/database/"

    def go(value):
        client = api(owner)
        return lambda: client.put(address, {"values": {"KEY": value}}, headers={"If-Match": '"1"'})

    found = together(go("two"), go("three"))
    assert sorted(each.status_code for each in found) == [200, 412]
    assert SecretVersion.objects.count() == 2


def test_a_deploy_and_a_revocation_leave_no_revoked_version_in_use(deploy, environment, owner):
    order = {"environment": environment, "name": "database", "actor": owner}
    blocks = [{"secret": {"name": "database"}}]
    services.set_secret(**order, values={"DATABASE_URL": "one"})
    deploy(blocks=blocks)
    services.set_secret(**order, values={"DATABASE_URL": "two"})
    found = together(
        lambda: deploy(greeting="hi", blocks=blocks),
        lambda: services.revoke_secret(**order, version=1),
    )
    assert not [each for each in found if isinstance(each, Exception)]
    current = Environment.objects.select_related("current_release").get().current_release
    assert current.secrets == {"database": 2}
    assert any(each["config"]["values"] == {"GREETING": "hi"} for each in blocks_of(current) if "config" in each)


def blocks_of(release):
    return release.app_file["blocks"]


def test_of_two_who_decide_one_does(deploy, owner, person, team):
    environment = deploy().releases[0].environment
    services.protect_environment(environment=environment, protected=True, actor=owner)
    proposal = deploy(greeting="hi").proposals[0]
    rosa, sam = person("rosa", team, "releaser"), person("sam", team, "releaser")
    found = together(
        lambda: services.approve_release(proposal=proposal, actor=rosa),
        lambda: services.decline_release(proposal=proposal, actor=sam, reason="no"),
    )
    refused = [each.code for each in found if isinstance(each, Refusal)]
    proposal.refresh_from_db()
    assert refused == ["proposal_decided"]
    assert Release.objects.count() == (2 if proposal.state == "Approved" else 1)
