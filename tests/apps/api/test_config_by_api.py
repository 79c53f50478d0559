"""/api/v1/config/ and the config of environments: layers, their history, what they come to, proposals."""

import pytest

from apps.config import Declaration
from apps.models import ConfigChange, Environment, Release
from paas.identity import services as identity

CONFIG = "/api/v1/config/"
TEAM = f"{CONFIG}?scope=team&of=crew"
PROJECT = f"{CONFIG}?scope=project&of=demo"


@pytest.fixture
def patch(api, owner):
    """patch(values={…}, at=…, user=…) reads the layer and changes it as it was read."""

    def send(at=PROJECT, user=owner, tag=None, **body):
        client = api(user)
        read = client.get(at)
        return client.patch(at, body, headers={"If-Match": tag or read.headers.get("ETag", '"0"')})

    return send


def code(answer):
    return answer.status_code, answer.json()["code"]


def address():
    return f"/api/v1/environments/{Environment.objects.get(name='production').pk}/config/"


def test_a_layer_is_read_and_changed(deploy, patch, api, viewer):
    deploy()
    answer = patch(values={"LEVEL": "info"}, reason="less noise")
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["version"], found["keys"], found["proposal"]) == (1, ["LEVEL"], None)
    [release] = found["releases"]
    assert (release["project"], release["application"], release["environment"]) == ("demo", "hello", "production")
    assert release["differences"] == [{"cluster": "east", "key": "LEVEL", "before": None, "after": "info"}]
    assert Release.objects.get(number=release["release"]).reason == "config LEVEL changed: less noise"
    read = api(viewer).get(PROJECT)
    assert (read.headers["ETag"], answer.headers["ETag"]) == ('"1"', '"1"')
    [key] = read.json()["keys"]
    assert (key["key"], key["value"], key["declaration"], key["changed_by"]) == ("LEVEL", "info", None, "olga")
    assert patch(values={"LEVEL": None}).json()["version"] == 2
    assert api(viewer).get(PROJECT).json()["keys"] == []


def test_a_change_names_the_version_it_was_made_for(project, patch, api, owner):
    assert code(api(owner).patch(PROJECT, {"values": {"A": "1"}})) == (428, "if_match_required")
    assert patch(values={"A": "1"}).status_code == 200
    assert code(patch(values={"A": "2"}, tag='"0"')) == (412, "version_changed")
    dry = api(owner).patch(PROJECT, {"values": {"A": "2"}, "dryRun": True})
    assert (dry.status_code, "ETag" in dry.headers, ConfigChange.objects.count()) == (200, False, 1)


def test_stored_without_a_release(deploy, patch):
    deploy()
    assert patch(values={"LEVEL": "info"}, release=False).json()["releases"] == []
    assert Release.objects.count() == 1


def test_declarations(team, patch, api, owner):
    answer = patch(TEAM, declarations={"SIZE": {"type": "integer", "required": True}})
    assert answer.status_code == 200, answer.json()
    [key] = api(owner).get(TEAM).json()["keys"]
    assert (key["value"], key["declaration"]["type"], key["declaration"]["required"]) == (None, "integer", True)
    assert code(patch(TEAM, values={"SIZE": "big"})) == (400, "config_value_wrong")
    assert code(patch(TEAM, declarations={"SIZE": {"type": "colour"}})) == (400, "config_declaration_invalid")
    assert patch(TEAM, declarations={"SIZE": None}).status_code == 200
    assert api(owner).get(TEAM).json()["keys"] == []


def test_a_refusal_says_what_and_what_to_do(project, patch):
    answer = patch(values={"A": "${B}", "B": "${A}"})
    assert code(answer) == (400, "config_cycle")
    [error] = answer.json()["errors"]
    assert (error["keys"], answer.json()["remedy"]) == (["A", "B", "A"], "Write out one of them.")
    assert code(patch(values={"A": None})) == (404, "config_not_set")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("", (400, "config_scope_unknown")),
        ("?scope=planet&of=earth", (400, "config_scope_unknown")),
        ("?scope=application&of=hello", (400, "config_scope_unknown")),
        ("?scope=team&of=none", (404, "team_not_found")),
        ("?scope=team&of=crew%00", (404, "not_found")),
        ("?scope=cluster&of=moon", (404, "cluster_not_found")),
        ("?scope=application&of=demo/none", (404, "application_not_found")),
        ("?scope=environment&of=demo/hello/none", (404, "environment_not_found")),
    ],
)
def test_a_layer_that_is_not_there(api, project, owner, query, answer):
    assert code(api(owner).get(CONFIG + query)) == answer
    assert code(api(owner).get(f"{CONFIG}history/{query}")) == answer


def test_who_may_see_and_change_which_layer(deploy, patch, api, east, owner, viewer, stranger, operator):
    deploy()
    owned = [
        TEAM,
        PROJECT,
        f"{CONFIG}?scope=application&of=demo/hello",
        f"{CONFIG}?scope=environment&of=demo/hello/production",
    ]
    for at in owned:
        assert api(viewer).get(at).status_code == api(operator).get(at).status_code == 200
        assert api(stranger).get(at).status_code == 404
        assert code(patch(at, viewer, values={"A": "1"})) == (403, "permission_denied")
        assert code(patch(at, operator, values={"A": "1"})) == (403, "permission_denied")
        assert patch(at, stranger, values={"A": "1"}).status_code == 404
        assert patch(at, values={"A": at}).status_code == 200
    for at in (f"{CONFIG}?scope=platform", f"{CONFIG}?scope=cluster&of=east"):
        assert api(stranger).get(at).status_code == 200
        assert code(patch(at, owner, values={"A": "1"})) == (403, "operator_required")
        assert patch(at, operator, values={"A": "1"}).status_code == 200
    assert api().get(TEAM).status_code == 401


def test_history(project, patch, api, viewer, stranger):
    patch(values={"A": "1", "B": "1"}, reason="first")
    patch(values={"A": "2"}, reason="second")
    found = api(viewer).get(f"{CONFIG}history/?scope=project&of=demo&key=A").json()["results"]
    assert [
        (each["version"], each["before"] and each["before"]["value"], each["after"]["value"]) for each in found
    ] == [
        (2, "1", "2"),
        (1, None, "1"),
    ]
    assert (found[0]["changed_by"], found[0]["reason"], found[0]["of"]) == ("olga", "second", "demo")
    pages = api(viewer).get(f"{CONFIG}history/?scope=project&of=demo&limit=2").json()
    assert [each["key"] for each in pages["results"]] == ["A", "B"]
    assert [each["key"] for each in api(viewer).get(pages["next"]).json()["results"]] == ["A"]
    assert api(viewer).get(f"{CONFIG}history/?scope=project&of=demo&key=A%00").status_code == 404
    assert api(stranger).get(f"{CONFIG}history/?scope=project&of=demo").status_code == 404


def test_explained(deploy, configure, team, api, viewer, stranger):
    configure(team, GREETING="hidden", URL="https://${HOST}/", HOST="h")
    deploy()
    configure(Environment.objects.get(), HOST="near", release=False)
    configure(team, declare={"HOST": Declaration(description="where"), "LATER": Declaration(required=True)})
    [found] = api(viewer).get(address()).json()
    keys = {each["key"]: each for each in found["keys"]}
    assert (found["cluster"], list(keys)) == ("east", ["GREETING", "HOST", "LATER", "URL"])
    assert keys["URL"]["source"] == {"layer": "team", "of": "crew", "written": "https://${HOST}/"}
    assert (keys["URL"]["value"], keys["URL"]["released"]) == ("https://near/", "https://h/")
    assert keys["HOST"]["source"]["of"] == "demo/hello/production"
    assert keys["HOST"]["hides"] == [{"layer": "team", "of": "crew", "written": "h"}]
    assert keys["HOST"]["declared"][0]["description"] == "where"
    assert keys["GREETING"]["set_by_blocks"] == [{"process": "web", "block": "config"}]
    assert [(each["key"], each["code"]) for each in found["faults"]] == [("LATER", "config_required")]
    assert api(stranger).get(address()).status_code == 404


def test_explained_without_a_cluster(project, configure, api, owner, viewer):
    body = {"project": "demo", "application": "hello", "name": "production"}
    assert api(owner).post("/api/v1/environments/", body).status_code == 201
    configure(project, A="1")
    [found] = api(viewer).get(address()).json()
    assert (found["cluster"], found["keys"][0]["value"], found["keys"][0]["released"]) == (None, "1", None)


def test_what_is_released_and_no_longer_set(deploy, configure, project, api, viewer):
    configure(project, A="1")
    deploy()
    configure(project, A=None, release=False)
    [key] = api(viewer).get(address()).json()[0]["keys"]
    assert (key["value"], key["released"], key["source"]) == (None, "1", None)


def test_compared(deploy, configure, project, west, api, viewer, stranger):
    environments = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}}
    deploy(environments=environments)
    configure(project, SAME="1", LEVEL="info")
    configure(Environment.objects.get(name="staging"), LEVEL="debug")
    other = Environment.objects.get(name="staging").pk
    found = api(viewer).get(f"{address()}compare/?with={other}").json()
    assert (found["here"], found["there"]) == ("demo/hello/production", "demo/hello/staging")
    level, same = found["keys"]
    assert (level["key"], level["differs"], same["differs"]) == ("LEVEL", True, False)
    assert level["here"] == [{"cluster": "east", "value": "info", "layer": "project", "of": "demo"}]
    assert level["there"][0]["layer"] == "environment"
    for query in ("", "?with=staging", f"?with={project.pk}"):
        assert code(api(viewer).get(f"{address()}compare/{query}")) == (404, "environment_not_found")
    assert api(stranger).get(f"{address()}compare/?with={other}").status_code == 404


def test_proposals(team, project, patch, api, owner, viewer, stranger, person):
    second = person("sofia", team, "owner")
    patch(TEAM, declarations={"LIMIT": {"type": "integer", "protected": True}})
    answer = patch(values={"LIMIT": "20"}, reason="more guests")
    assert answer.status_code == 202, answer.json()
    proposals = f"{CONFIG}proposals/"
    [found] = api(viewer).get(f"{proposals}?state=Open").json()["results"]
    assert found["id"] == answer.json()["proposal"]["id"]
    assert (found["scope"], found["of"], found["proposed_by"]) == ("project", "demo", "olga")
    assert found["changes"]["LIMIT"]["before"] is None
    assert found["changes"]["LIMIT"]["after"]["value"] == "20"
    assert api(stranger).get(proposals).json()["results"] == []
    one = f"{proposals}{found['id']}/"
    assert api(stranger).post(f"{one}accept/").status_code == 404
    assert code(api(owner).post(f"{one}accept/")) == (403, "second_person_required")
    accepted = api(second).post(f"{one}accept/", {"reason": "yes"})
    assert (accepted.status_code, accepted.json()["keys"]) == (200, ["LIMIT"])
    assert code(api(second).post(f"{one}refuse/")) == (409, "config_proposal_decided")
    again = patch(values={"LIMIT": "30"}).json()["proposal"]["id"]
    refused = api(owner).post(f"{proposals}{again}/refuse/", {"reason": "a mistake"})
    assert (refused.json()["state"], refused.json()["decision_reason"]) == ("Refused", "a mistake")
    assert api(viewer).get(f"{proposals}?state=Open").json()["results"] == []


def test_people_of_the_platform_see_each_other_s_proposals(patch, api, operator, admin, person):
    patch(f"{CONFIG}?scope=platform", operator, declarations={"LIMIT": {"protected": True}})
    answer = patch(f"{CONFIG}?scope=platform", operator, values={"LIMIT": "1"})
    other = person("otto")
    identity.set_operator(user=other, operator=True, actor=admin)
    accepted = api(other).post(f"{CONFIG}proposals/{answer.json()['proposal']['id']}/accept/")
    assert accepted.status_code == 200, accepted.json()


def test_queries_do_not_grow_with_the_keys(deploy, configure, team, api, viewer, django_assert_max_num_queries):
    deploy()
    client = api(viewer)
    at = address()

    def count():
        with django_assert_max_num_queries(16) as seen:
            assert client.get(at).status_code == client.get(TEAM).status_code == 200
        return len(seen)

    configure(team, A="1")
    client.get(at)  # notes the token's last use
    few = count()
    configure(team, **{f"K{number}": "${A}" for number in range(50)})
    assert count() == few
