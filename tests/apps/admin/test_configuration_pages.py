"""Configuration in the console: what each environment gets and from where, changed in place, by two where protected."""

import pytest
from django.urls import reverse

from apps import services
from apps.config import Declaration
from apps.models import ConfigChange, ConfigProposal, Environment, Release
from apps.selectors import config as layers

BOTH = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}}


def address(layer="", key=False):
    kind, _, name = layer.partition("/")
    ending = "_key" if key else ""
    if not name:
        return reverse(f"admin:config{ending}")
    return reverse(f"admin:config_layer{ending}", args=[kind, name])


@pytest.fixture
def application(deploy, west):
    deploy(environments=BOTH, host="hello.example", blocks=())
    return deploy(environments=BOTH, only=["production", "staging"]).application


@pytest.fixture
def told(client):
    """told(user, "application/demo/hello", left=…) → the page's context."""

    def get(user, layer, **query):
        client.force_login(user)
        answer = client.get(address(layer), query)
        assert answer.status_code == 200
        return answer.context

    return get


def cells(context, key):
    """What the cells of a key say, by column."""
    [row] = [each for each in context["rows"] if each["key"] == key]
    return {each["column"]: each["values"] for each in row["cells"]}


def environment(name):
    return Environment.objects.get(name=name)


@pytest.fixture
def posted(client):
    """posted(user, "environment/…", key=…, value=…) → the answer, followed."""

    def post(user, layer, *, page="application/demo/hello", **said):
        client.force_login(user)
        kind, _, name = layer.partition("/")
        scope = layers.find_scope(user, kind, name)
        form = {"at": layer, "version": layers.scope_version(scope), "release": "on", "reason": "", "value": "", **said}
        return client.post(address(page), {key: value for key, value in form.items() if value is not None}, follow=True)

    return post


def seen(answer):
    """What the form says that was rehearsed."""
    return answer.context["editing"].form["seen"].value()


def test_each_cell_says_from_which_layer(told, application, configure, viewer, team, project):
    configure(team, LEVEL="info", ADDRESS="x")
    configure(environment("production"), LEVEL="debug")
    context = told(viewer, "application/demo/hello")
    found = cells(context, "LEVEL")
    assert [found[each][0]["value"] for each in found] == ["info", "debug", "info"]
    assert found["hello/production"][0]["here"]
    assert "Overridden" in found["hello/production"][0]["source"]
    assert "team/crew" in found["hello/production"][0]["source"]
    assert "Inherited" in found["hello/staging"][0]["source"]
    assert found["hello/staging"][0]["layer"] == "team/crew"
    assert {row["key"] for row in told(viewer, "team/crew")["rows"]} == {"LEVEL", "ADDRESS"}
    assert [each["title"] for each in told(viewer, "project/demo")["columns"]] == [
        "This layer", "hello/production", "hello/staging",
    ]  # fmt: skip
    assert [each["title"] for each in told(viewer, "environment/demo/hello/staging")["columns"]] == ["hello/staging"]


def test_two_environments_are_compared(told, application, configure, viewer, team):
    configure(team, LEVEL="info", SAME="1")
    configure(environment("production"), LEVEL="debug")
    sides = {"left": environment("production").pk, "right": environment("staging").pk}
    context = told(viewer, "application/demo/hello", **sides)
    assert [row["key"] for row in context["rows"]] == ["LEVEL"]
    assert [each["title"] for each in context["columns"]] == ["hello/production", "hello/staging"]
    assert "dougong config compare demo/hello production staging" in context["twin"]
    assert len(told(viewer, "application/demo/hello", left="x", right="y")["rows"]) == 2


def test_what_waits_for_a_release_says_what_runs(told, application, configure, viewer):
    configure(environment("production"), LEVEL="info")
    configure(environment("production"), LEVEL="debug", release=False)
    [value] = cells(told(viewer, "application/demo/hello"), "LEVEL")["hello/production"]
    assert value["waits"]
    assert (value["value"], value["released"]) == ("debug", "info")
    assert any("Waits for a release" in mark for mark in value["marks"])


def test_a_required_key_without_a_value_is_marked(told, application, configure, viewer, team):
    configure(team, declare={"POOL": Declaration("integer", required=True)})
    configure(environment("staging"), POOL="3", release=False)
    found = cells(told(viewer, "application/demo/hello"), "POOL")
    assert any("Required, missing" in mark for mark in found["hello/production"][0]["marks"])
    assert found["hello/production"][0]["faults"] == ["POOL has no value, and team crew requires one."]
    assert found["hello/staging"][0]["faults"] == []


def test_what_differs_between_clusters_stands_apart(told, deploy, west, configure, viewer, east):
    deploy(clusters=["east", "west"])
    configure(east, ZONE="one")
    [value, other] = cells(told(viewer, "application/demo/hello"), "ZONE")["hello/production"]
    assert {(value["clusters"], value["value"]), (other["clusters"], other["value"])} == {
        ("east", "one"),
        ("west", None),
    }


def test_secrets_show_versions_and_never_a_value(client, told, application, owner, viewer):
    production = environment("production")
    services.set_secret(environment=production, name="database", values={"URL": "top-secret-1"}, actor=owner)
    context = told(viewer, "application/demo/hello")
    [row] = context["secrets"]
    [here, there] = row["cells"]
    assert (here["version"], here["keys"], here["age"], there) == (
        "v1", ["URL"], "under a minute", {"column": "hello/staging", "store": ""},
    )  # fmt: skip
    services.revoke_secret(environment=production, name="database", actor=owner)
    [row] = told(viewer, "application/demo/hello")["secrets"]
    assert any("Revoked" in mark for mark in row["cells"][0]["marks"])
    page = client.get(address("environment/demo/hello/production", key=True), {"secret": "database"})
    assert "v1" in page.content.decode()
    assert "top-secret" not in page.content.decode()


def test_a_secret_that_the_release_has_not_taken_waits(told, deploy, project, owner, viewer):
    secret = {"secret": {"name": "database", "keys": ["URL"]}}
    services.create_environment(project=project, application="hello", name="production", actor=owner)
    services.set_secret(environment=environment("production"), name="database", values={"URL": "a"}, actor=owner)
    deploy(blocks=[secret])
    services.set_secret(environment=environment("production"), name="database", values={"URL": "b"}, actor=owner)
    [row] = told(viewer, "application/demo/hello")["secrets"]
    [cell] = row["cells"]
    assert (cell["version"], cell["released"], cell["waits"]) == ("v2", "v1", True)


def test_a_change_is_rehearsed_then_done(posted, application, owner):
    answer = posted(owner, "application/demo/hello", key="LEVEL", value="debug\r\nmore", reason="look closer")
    assert not ConfigChange.objects.exists()
    foreseen = answer.context["editing"].foreseen
    assert [each.environment.name for each in foreseen.releases] == ["production", "staging"]
    before = Release.objects.count()
    said = {"key": "LEVEL", "value": "debug\r\nmore", "reason": "look closer"}
    answer = posted(owner, "application/demo/hello", seen=seen(answer), **said)
    assert "Environments released: 2." in answer.content.decode()
    made = ConfigChange.objects.get()
    assert (made.after["value"], made.reason, made.created_by) == ("debug\nmore", "look closer", owner)
    assert Release.objects.count() == before + 2


def test_another_value_than_the_one_that_was_rehearsed_is_rehearsed_anew(posted, application, owner):
    answer = posted(owner, "application/demo/hello", key="LEVEL", value="debug")
    answer = posted(owner, "application/demo/hello", key="LEVEL", value="info", seen=seen(answer))
    assert answer.context["editing"].foreseen.releases
    assert not ConfigChange.objects.exists()


def test_what_releases_nothing_is_done_at_once_and_taken_away_again(posted, application, owner):
    posted(owner, "environment/demo/hello/staging", key="LEVEL", value="debug", release=None)
    assert ConfigChange.objects.get().after["value"] == "debug"
    posted(owner, "environment/demo/hello/staging", key="LEVEL", unset="on", release=None)
    assert ConfigChange.objects.first().after is None
    assert Release.objects.filter(environment__name="staging").count() == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"key": "no key", "value": "1"}, "config_key_invalid"),
        ({"key": "PORT", "value": "1"}, "config_key_reserved"),
        ({"key": "A", "value": "${B"}, "config_expression_invalid"),
        ({"key": "A", "unset": "on"}, "config_not_set"),
    ],
)
def test_a_refusal_keeps_what_was_typed(posted, application, owner, said, code):
    answer = posted(owner, "application/demo/hello", reason="because of this", **said)
    text = answer.content.decode()
    assert code in text
    assert "because of this" in text
    assert answer.context["editing"].form["key"].value() == said["key"]
    assert answer.context["editing"].form["value"].value() == said.get("value", "")
    assert not ConfigChange.objects.exists()


def test_two_at_once_do_not_write_over_each_other(posted, application, owner, configure):
    stale = layers.scope_version(layers.scope_of(application))
    configure(application, LEVEL="theirs", release=False)
    answer = posted(owner, "application/demo/hello", key="LEVEL", value="mine", version=stale, release=None)
    assert "version_changed" in answer.content.decode()
    assert answer.context["editing"].present == "theirs"
    assert ConfigChange.objects.get().after["value"] == "theirs"
    again = answer.context["editing"].form["version"].value()
    posted(owner, "application/demo/hello", key="LEVEL", value="mine", version=again, release=None)
    assert ConfigChange.objects.first().after["value"] == "mine"


def test_who_may_only_view_is_told_whom_to_ask(client, posted, application, viewer, stranger, told):
    context = told(viewer, "application/demo/hello")
    assert not context["edits"]
    assert not any(each["edits"] for each in context["columns"])
    assert "role of team crew" in client.get(address("application/demo/hello")).content.decode()
    answer = posted(viewer, "application/demo/hello", key="LEVEL", value="debug")
    assert "permission_denied" in answer.content.decode()
    assert not ConfigChange.objects.exists()
    client.force_login(stranger)
    for layer in ("application/demo/hello", "team/crew", "nonsense/x", "application/demo"):
        assert client.get(address(layer)).status_code == 404
        assert client.get(address(layer, key=True)).status_code == 404


def test_operators_change_the_platform_others_look(told, posted, application, operator, viewer):
    posted(operator, "platform", page="", key="LEVEL", value="info", release=None)
    assert cells(told(viewer, ""), "LEVEL")["This layer"][0]["value"] == "info"
    assert not told(viewer, "")["edits"]


def test_the_platform_leads_to_clusters_and_the_teams_one_may_view(told, east, team, viewer, stranger):
    assert [str(layer) for layer, _ in told(viewer, "")["layers"]] == ["cluster/east", "team/crew"]
    assert [str(layer) for layer, _ in told(stranger, "")["layers"]] == ["cluster/east"]
    assert told(viewer, "cluster/east")["columns"][0]["title"] == "This layer"


def test_the_stream_asks_for_the_permission_each_time(application, viewer, team, admin, configure):
    from asgiref.sync import async_to_sync
    from django.test import RequestFactory

    from apps.admin import config
    from paas.identity import services as identity

    request = RequestFactory().get("/", {"q": "prod"})
    request.user = viewer
    streamed = config.live(request, "application", "demo/hello")

    async def first_two():
        chunks = aiter(streamed.streaming_content)
        return [await anext(chunks), await anext(chunks)]

    assert b"hello/production" in async_to_sync(first_two)()[1]
    identity.remove_member(team=team, user=viewer, actor=admin)
    streamed = config.live(request, "application", "demo/hello")
    assert b"event: refused" in async_to_sync(first_two)()[1]


class TestProtectedKeys:
    @pytest.fixture
    def proposal(self, posted, application, configure, owner, team):
        configure(team, declare={"LIMIT": Declaration(protected=True)})
        said = {"key": "LIMIT", "value": "5000", "reason": "season"}
        answer = posted(owner, "application/demo/hello", **said)
        assert answer.context["editing"].protected
        assert not ConfigProposal.objects.exists()
        posted(owner, "application/demo/hello", seen=seen(answer), **said)
        return ConfigProposal.objects.get()

    @pytest.fixture
    def second(self, person, team):
        return person("otto", team, "owner")

    def decide(self, client, user, proposal, act, reason="well"):
        client.force_login(user)
        place = reverse("admin:config_proposal", args=[proposal.pk])
        return client.post(place, {"act": act, "reason": reason}, follow=True)

    def test_without_a_reason_nothing_is_proposed(self, posted, application, configure, owner, team):
        configure(team, declare={"LIMIT": Declaration(protected=True)})
        answer = posted(owner, "application/demo/hello", key="LIMIT", value="5000")
        assert answer.context["editing"].form["reason"].errors
        assert not ConfigProposal.objects.exists()

    def test_it_waits_on_the_page(self, told, proposal, viewer):
        context = told(viewer, "application/demo/hello")
        [waiting] = context["proposals"]
        assert (waiting["by"], waiting["reason"], waiting["changes"]) == (
            "olga", "season", [{"key": "LIMIT", "before": "not set", "after": "5000"}],
        )  # fmt: skip
        [row] = context["rows"]
        assert any("Protected" in mark for mark in row["marks"])
        for layer in ("", "team/crew", "project/demo", "environment/demo/hello/staging"):
            assert [each["pk"] for each in told(viewer, layer)["proposals"]] == [proposal.pk], layer

    def test_others_do_not_see_it_on_the_platform_s_page(self, told, proposal, stranger):
        assert told(stranger, "")["proposals"] == []

    def test_another_person_accepts(self, client, proposal, second, told):
        text = self.decide(client, second, proposal, "accept").content.decode()
        assert "Environments released: 2." in text
        assert ConfigProposal.objects.get().state == "Accepted"
        assert cells(told(second, "application/demo/hello"), "LIMIT")["hello/staging"][0]["value"] == "5000"

    def test_who_proposed_it_does_not(self, client, proposal, owner):
        text = self.decide(client, owner, proposal, "accept", "let me").content.decode()
        assert "second_person_required" in text
        assert 'value="let me"' in text
        assert ConfigProposal.objects.get().state == "Open"
        assert "Take back" in text

    def test_it_is_declined(self, client, proposal, second):
        self.decide(client, second, proposal, "decline", "too much")
        declined = ConfigProposal.objects.get()
        assert (declined.state, declined.decision_reason) == ("Refused", "too much")
        text = self.decide(client, second, proposal, "accept").content.decode()
        assert "config_proposal_decided" in text
        assert "otto has decided on it" in text
        assert not ConfigChange.objects.filter(key="LIMIT", after__value="5000").exists()

    def test_who_may_not_see_it_finds_nothing(self, client, proposal, stranger, viewer):
        assert self.decide(client, stranger, proposal, "accept").status_code == 404
        assert "permission_denied" in self.decide(client, viewer, proposal, "accept").content.decode()
        assert ConfigProposal.objects.get().state == "Open"


def test_the_history_of_a_key_says_who_when_why_and_by_whom_accepted(client, application, configure, viewer, team):
    configure(team, LEVEL="info", reason="first")
    configure(environment("staging"), LEVEL="debug", reason="look closer", release=False)
    client.force_login(viewer)
    answer = client.get(address("application/demo/hello", key=True), {"key": "LEVEL"})
    found = [
        (each["layer"], each["before"], each["after"], each["by"], each["reason"]) for each in answer.context["changes"]
    ]
    assert found == [
        ("environment/demo/hello/staging", "not set", "debug", "olga", "look closer"),
        ("team/crew", "not set", "info", "olga", "first"),
    ]
    assert client.get(address(key=True), {"key": "\1"}).status_code == 200


def test_a_page_costs_no_more_queries_for_more_environments(
    client, deploy, west, make_cluster, viewer, configure, team, django_assert_max_num_queries
):
    configure(team, LEVEL="info")
    deploy(environments=BOTH)
    client.force_login(viewer)

    def count():
        with django_assert_max_num_queries(30) as queries:
            assert client.get(address("application/demo/hello")).status_code == 200
        return len(queries)

    client.get(address("application/demo/hello"))
    few = count()
    for name in ("north", "south", "middle"):
        make_cluster(name)
    deploy(environments={**BOTH, "test": {"clusters": ["north"]}, "demo": {"clusters": ["middle", "south"]}})
    assert count() == few
