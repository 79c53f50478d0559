"""/api/v1/: projects, deploy, applications, status, releases, rollback, retirement."""

import json

import pytest

from apps.models import Application, Environment, Release
from clusters.models import OwnedObject, Work
from paas.core.models import AuditEvent

DEPLOY = "/api/v1/projects/demo/applications/hello/"
APPLICATIONS = "/api/v1/applications/"


@pytest.fixture
def put(api, project, owner, east, document):
    """put(greeting="hi", user=…) → the answer to a deploy."""

    def send(user=owner, reason="", headers=None, address=DEPLOY, **fields):
        body = {"appFile": document(**fields), "reason": reason}
        return api(user).put(address, body, headers=headers or {})

    return send


@pytest.fixture
def application(put):
    return f"{APPLICATIONS}{put().json()['id']}/"


def code(answer):
    return answer.status_code, answer.json()["code"]


def test_projects(api, team, owner, viewer, stranger):
    body = {"team": "crew", "name": "shop", "title": "The shop"}
    assert code(api(viewer).post("/api/v1/projects/", body)) == (403, "permission_denied")
    assert code(api(stranger).post("/api/v1/projects/", body)) == (404, "team_not_found")
    made = api(owner).post("/api/v1/projects/", body)
    assert (made.status_code, made.json()["team"], made.json()["title"]) == (201, "crew", "The shop")
    assert code(api(owner).post("/api/v1/projects/", body)) == (409, "project_name_taken")
    assert code(api(owner).post("/api/v1/projects/", {**body, "name": "No Name"})) == (400, "project_invalid")
    assert [each["name"] for each in api(viewer).get("/api/v1/projects/").json()["results"]] == ["shop"]
    assert api(stranger).get("/api/v1/projects/").json()["results"] == []
    assert api(viewer).get("/api/v1/projects/shop/").json()["applications"] == 0
    assert api(stranger).get("/api/v1/projects/shop/").status_code == 404


def test_a_deploy_answers_with_the_application(put):
    answer = put(reason="first")
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["name"], found["project"], found["team"], found["state"]) == ("hello", "demo", "crew", "Active")
    [environment] = found["environments"]
    assert (environment["name"], environment["release"], environment["clusters"]) == ("production", 1, ["east"])
    assert environment["released_by"] == "olga"
    assert (found["deployed"], found["unchanged"]) == ({"production": 1}, [])
    assert put().json()["unchanged"] == ["production"]


def test_whatever_is_wrong_with_the_file_is_told_at_once(put):
    answer = put(image="hello:latest", blocks=[{"port": {"process": "web", "port": "http"}}, {"sorcery": {}}])
    assert code(answer) == (400, "app_file_invalid")
    errors = {each["path"]: each for each in answer.json()["errors"]}
    assert set(errors) == {"image", "blocks[4].port.port", "blocks[5]"}
    assert all(each["expected"] and each["got"] for each in errors.values())
    assert not Application.objects.exists()


@pytest.mark.parametrize("file", [None, [], "text", {}, {"name": 1}, {"environments": [1]}])
def test_what_is_no_app_file(api, project, owner, file):
    answer = api(owner).put(DEPLOY, {"appFile": file})
    assert answer.status_code == 400


def test_the_address_and_the_file_agree(put):
    assert code(put(address="/api/v1/projects/demo/applications/other/")) == (400, "application_mismatch")
    assert code(put(project="other")) == (400, "project_mismatch")
    assert code(put(address="/api/v1/projects/none/applications/hello/")) == (404, "project_not_found")


def test_who_may_deploy(put, viewer, stranger, operator):
    assert code(put(viewer)) == (403, "permission_denied")
    assert code(put(operator)) == (403, "permission_denied")
    assert code(put(stranger)) == (404, "project_not_found")
    assert not Application.objects.exists()


def test_a_deploy_made_for_another_version_is_refused(put):
    first = put()
    etag = first.headers["ETag"]
    second = put(greeting="hi", headers={"If-Match": etag})
    assert second.status_code == 200
    assert second.headers["ETag"] != etag
    assert code(put(greeting="hey", headers={"If-Match": etag})) == (412, "version_changed")
    assert Release.objects.count() == 2


def test_a_deploy_sent_twice_under_one_key_is_carried_out_once(put, viewer):
    key = {"Idempotency-Key": "k1"}
    first = put(headers=key)
    put(greeting="hi")
    again = put(headers=key)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Release.objects.count() == 2
    assert code(put(greeting="hey", headers=key)) == (409, "idempotency_key_reused")


def test_a_refusal_keeps_no_key(put):
    key = {"Idempotency-Key": "k1"}
    assert put(headers=key, clusters=["moon"]).status_code == 400
    assert put(headers=key).status_code == 200


def test_lists_and_filters(api, application, viewer, stranger):
    client = api(viewer)
    for query, count in (("", 1), ("?name=hello&project=demo", 1), ("?name=other", 0), ("?retired=true", 0)):
        assert len(client.get(APPLICATIONS + query).json()["results"]) == count
    assert api(stranger).get(APPLICATIONS).json()["results"] == []
    assert code(api(stranger).get(application)) == (404, "application_not_found")
    assert client.get(application).json()["appFile"]["name"] == "hello"


def test_the_status_goes_down_to_the_objects(api, application, viewer, stranger):
    work = Work.objects.get(name="application")
    OwnedObject.objects.create(
        work=work,
        cluster=work.cluster,
        oid=f"apps/Deployment/{Environment.objects.get().namespace}/hello-web",
        api_version="apps/v1",
        claim="canary-claim",
        health="Degraded",
        reason="ImagePullBackOff",
        message="no such image",
    )
    Work.objects.update(health="Degraded", observed_generation=1)
    answer = api(viewer).get(f"{application}status/")
    [environment] = answer.json()["environments"]
    assert (environment["name"], environment["release"], environment["health"]) == ("production", 1, "Degraded")
    [cluster] = environment["clusters"]
    assert [each["name"] for each in cluster["works"]] == ["ground", "application"]
    [found] = cluster["works"][1]["objects"]
    assert (found["id"], found["health"], found["reason"]) == ("Deployment/hello-web", "Degraded", "ImagePullBackOff")
    assert "canary" not in answer.content.decode()
    assert api(stranger).get(f"{application}status/").status_code == 404


def test_releases_newest_first(api, put, application, viewer):
    put(greeting="hi", reason="louder")
    found = api(viewer).get(f"{application}releases/").json()["results"]
    assert [each["number"] for each in found] == [2, 1]
    assert (found[0]["environment"], found[0]["created_by"], found[0]["reason"]) == ("production", "olga", "louder")
    one = api(viewer).get(f"/api/v1/releases/{found[0]['id']}/").json()
    assert one["appFile"]["blocks"][2] == {"config": {"values": {"GREETING": "hi"}}}
    assert one["spec"]["release"] == "r2"
    assert [each["number"] for each in api(viewer).get("/api/v1/releases/?application=hello").json()["results"]] == [
        2,
        1,
    ]


def test_rollback(api, put, application, owner, viewer):
    put(greeting="hi")
    order = {"environment": "production", "reason": "it broke"}
    assert code(api(viewer).post(f"{application}rollback/", order)) == (403, "permission_denied")
    made = api(owner).post(f"{application}rollback/", order)
    assert (made.status_code, made.json()["number"], made.json()["rolled_back_to"]) == (201, 3, 1)
    for said in ("2", "r2", str(Release.objects.get(number=2).pk)):
        answer = api(owner).post(f"{application}rollback/", {**order, "release": said})
        assert answer.json().get("rolled_back_to") == 2 or code(answer) == (409, "already_running")
    assert code(api(owner).post(f"{application}rollback/", {**order, "release": "99"})) == (404, "release_not_found")
    assert code(api(owner).post(f"{application}rollback/", {"environment": "moon"})) == (404, "environment_not_found")


def test_retirement(api, application, owner, viewer):
    assert code(api(viewer).post(f"{application}retire/", {"confirm": "hello"})) == (403, "permission_denied")
    assert code(api(owner).post(f"{application}retire/", {"confirm": ""})) == (400, "not_confirmed")
    answer = api(owner).post(f"{application}retire/", {"confirm": "hello", "reason": "over"})
    assert (answer.status_code, answer.json()["state"]) == (202, "Retiring")
    assert AuditEvent.objects.get(action="application.retiring").reason == "over"
    assert code(api(owner).post(f"{application}retire/", {"confirm": "hello"})) == (409, "application_retiring")


def test_environments(api, application, viewer, owner, stranger):
    [found] = api(viewer).get("/api/v1/environments/?application=hello&project=demo").json()["results"]
    assert (found["placement"], found["clusters"], found["generation"]) == ({"clusters": ["east"]}, ["east"], 1)
    address = f"/api/v1/environments/{found['id']}/"
    assert api(viewer).get(address).json()["namespace"].startswith("demo-hello-production-")
    assert api(stranger).get(address).status_code == 404
    assert api(owner).post(f"{address}rerender/", {}).json() == {"notes": []}
    answer = api(owner).post(f"{address}retire/", {"confirm": "production"})
    assert answer.status_code == 202
    assert Environment.objects.get().retiring_at is not None


def test_a_schedule_is_run_now(api, project, owner, viewer, stranger, east, document):
    report = {"name": "report", "schedule": "0 3 * * *", "cpu": "50m", "memory": "64Mi"}
    assert api(owner).put(DEPLOY, {"appFile": document(blocks=[{"schedule": report}])}).status_code == 200
    address = f"/api/v1/environments/{Environment.objects.get().pk}/schedules/report/run/"
    assert api(stranger).post(address, {}).status_code == 404
    assert code(api(viewer).post(address, {})) == (403, "permission_denied")
    answer = api(owner).post(address, {"cluster": "east", "reason": "asked for"})
    assert (answer.status_code, answer.json()["clusters"], answer.json()["number"]) == (202, ["east"], 1)
    assert code(api(owner).post(address, {})) == (409, "schedule_running")
    assert code(api(owner).post(address.replace("report", "nightly"), {})) == (404, "schedule_not_found")


def test_secrets_are_written_and_never_read(api, project, owner, viewer, east, document):
    made = api(owner).post("/api/v1/environments/", {"project": "demo", "application": "hello", "name": "production"})
    assert made.status_code == 201
    address = f"/api/v1/environments/{made.json()['id']}/secrets/"
    body = {"values": {"DATABASE_URL": "canary-value"}}
    assert code(api(viewer).put(f"{address}database/", body)) == (403, "permission_denied")
    stored = api(owner).put(f"{address}database/", body)
    assert (stored.status_code, stored.json()["version"], stored.json()["keys"]) == (200, 1, ["DATABASE_URL"])
    file = document(blocks=[{"secret": {"name": "database"}}])
    deployed = api(owner).put(DEPLOY, {"appFile": file})
    assert deployed.status_code == 200, deployed.json()
    seen = [stored, deployed]
    client = api(viewer)
    application = f"{APPLICATIONS}{deployed.json()['id']}/"
    work = Work.objects.get(name="application")
    addresses = [
        address, application, f"{application}status/", f"{application}releases/", "/api/v1/environments/",
        "/api/v1/releases/", f"/api/v1/releases/{Release.objects.get().pk}/", f"/api/v1/works/{work.pk}/",
    ]  # fmt: skip
    seen += [client.get(at) for at in addresses]
    assert {each.status_code for each in seen} == {200}
    assert not any("canary-value" in each.content.decode() for each in seen)
    assert "canary-value" not in json.dumps(list(AuditEvent.objects.values("before", "after")))
    revoked = api(owner).delete(f"{address}database/?force=true", headers={"If-Match": stored["ETag"]})
    assert revoked.json()["versions"] == [1]
    assert client.get(address).json()[0]["in_force"] is False


def test_a_preview_of_replicas_that_are_divided(api, east, west, make_cluster, viewer, document):
    make_cluster("north")
    web = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 5}}
    placement = {"clusters": ["east", "west"], "replicas": "divided", "blocks": [web]}
    body = {"appFile": document(environments={"production": placement}), "environment": "production"}

    def replicas(cluster):
        objects = api(viewer).post("/api/v1/render/", {**body, "cluster": cluster}).json()["objects"]
        return next(each["spec"]["replicas"] for each in objects if each["kind"] == "Deployment")

    assert (replicas("east"), replicas("west")) == (3, 2)
    assert replicas("north") == 5  # which has no part in it


def test_the_schema_and_a_preview(api, east, viewer, document):
    client = api(viewer)
    assert client.get("/api/v1/app-file-schema/").json()["title"] == "Dougong app file"
    body = {"appFile": document(), "environment": "production", "cluster": "east"}
    kinds = {each["kind"] for each in client.post("/api/v1/render/", body).json()["objects"]}
    assert {"Deployment", "Service", "HTTPRoute", "ConfigMap"} <= kinds
    assert code(client.post("/api/v1/render/", {**body, "cluster": "moon"})) == (404, "cluster_not_found")
    assert code(client.post("/api/v1/render/", {**body, "environment": "moon"})) == (400, "app_file_invalid")
    assert not Application.objects.exists()


def test_a_rollback_sent_twice_under_one_key_is_carried_out_once(put, api, owner, application):
    put(greeting="hi")
    address, order, key = f"{application}rollback/", {"environment": "production"}, {"Idempotency-Key": "r"}
    first = api(owner).post(address, order, headers=key)
    again = api(owner).post(address, order, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Release.objects.count() == 3


@pytest.mark.parametrize("verb", ["rollback", "retire"])
def test_what_was_meant_for_another_version_is_refused(put, api, owner, application, verb):
    put(greeting="hi")
    order = {"rollback": {"environment": "production"}, "retire": {"confirm": "hello"}}[verb]
    old = api(owner).post(f"{application}{verb}/", order, headers={"If-Match": '"1"'})
    assert code(old) == (412, "version_changed")
    tag = api(owner).get(application)["ETag"]
    assert api(owner).post(f"{application}{verb}/", order, headers={"If-Match": tag}).status_code < 300


@pytest.mark.parametrize(("verb", "body"), [("rerender", {}), ("retire", {"confirm": "production"})])
def test_an_environment_too(api, owner, application, verb, body):
    environment = Environment.objects.get()
    address = f"/api/v1/environments/{environment.pk}/"
    old = api(owner).post(f"{address}{verb}/", body, headers={"If-Match": '"0"'})
    assert code(old) == (412, "version_changed")
    tag = api(owner).get(address)["ETag"]
    assert api(owner).post(f"{address}{verb}/", body, headers={"If-Match": tag}).status_code < 300
