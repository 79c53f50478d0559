"""`?dryRun=true`: what a deploy or rollback would do, refusals included; nothing is written and nobody is woken."""

import json

import pytest
from django.apps import apps as registry

from apps import services
from apps.models import Environment
from clusters.manifests import ObjectId
from clusters.models import Work
from paas.core.models import AuditEvent

DEPLOY = "/api/v1/projects/demo/applications/hello/"
DRY = f"{DEPLOY}?dryRun=true"
# They are the dry run's own request's, not the application's.
OTHERS = {"identity", "knox", "sessions"}


def everything():
    """Every row of every table, as it is, but for what the audit trail keeps of refusals."""
    return {
        model._meta.label: sorted(map(repr, rows_of(model)))
        for model in registry.get_models()
        if model._meta.app_label not in OTHERS
    }


def rows_of(model):
    rows = model._default_manager.values_list()
    return rows.exclude(outcome=AuditEvent.Outcome.REFUSED) if model is AuditEvent else rows


@pytest.fixture
def send(api, project, owner, east, document, django_capture_on_commit_callbacks):
    """send(greeting="hi") → a dry run's answer; nothing may have come of it."""
    client = api(owner)

    def put(headers=None, address=DRY, only=None, by=client, **fields):
        before = everything()
        body = {"appFile": document(**fields), **({"environments": only} if only else {})}
        with django_capture_on_commit_callbacks() as callbacks:
            answer = by.put(address, body, headers=headers or {})
        assert everything() == before
        assert callbacks == []
        return answer

    return put


def objects(answer, environment=0, cluster=0):
    return answer.json()["environments"][environment]["clusters"][cluster]["objects"]


def test_a_first_deploy(send):
    answer = send()
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert (found["dryRun"], found["project"], found["application"], found["changed"]) == (True, "demo", "hello", True)
    [environment] = found["environments"]
    assert (environment["name"], environment["created"]) == ("production", True)
    assert environment["release"] == {"before": None, "after": 1}
    [cluster] = environment["clusters"]
    assert (cluster["name"], cluster["placed"], cluster["unchanged"]) == ("east", "added", 0)
    assert {each["change"] for each in cluster["objects"]} == {"added"}
    kinds = [each["id"].partition("/")[0] for each in cluster["objects"]]
    assert kinds[0] == "Namespace"
    assert {"Deployment", "ConfigMap", "Service", "HTTPRoute"} <= set(kinds)


def test_a_change_is_what_the_deploy_then_makes_of_it(send, deploy):
    deploy()
    foretold = send(greeting="hi", image=f"registry.example/hello@sha256:{'b' * 64}")
    before = _desired()
    deploy(greeting="hi", image=f"registry.example/hello@sha256:{'b' * 64}")
    after = _desired()
    found = objects(foretold)
    assert {each["oid"] for each in found if each["change"] == "added"} == after - before
    assert {each["oid"] for each in found if each["change"] == "removed"} == before - after
    [changed] = [each for each in found if each["change"] == "changed"]
    assert changed["id"] == "Deployment/hello-web"
    images = [each for each in changed["fields"] if each["path"].endswith(".image")]
    assert [(each["before"][-1], each["after"][-1]) for each in images] == [("a", "b")]
    environment = foretold.json()["environments"][0]
    assert environment["release"] == {"before": 1, "after": 2}
    assert environment["image"]["after"].endswith("b" * 64)


def _desired():
    return {str(ObjectId.of(each["body"])) for work in Work.objects.all() for each in work.manifests}


def test_nothing_to_change(send, deploy):
    deploy()
    found = send().json()
    assert found["changed"] is False
    assert found["environments"][0]["clusters"][0]["objects"] == []
    assert found["environments"][0]["release"] == {"before": 1, "after": 1}


def test_another_cluster_and_one_left(send, deploy, west):
    deploy(clusters=["east"])
    [here, there] = send(clusters=["west"]).json()["environments"][0]["clusters"]
    assert (here["name"], here["placed"], {each["change"] for each in here["objects"]}) == (
        "east",
        "removed",
        {"removed"},
    )
    assert (there["name"], there["placed"], {each["change"] for each in there["objects"]}) == (
        "west",
        "added",
        {"added"},
    )


def test_only_the_environments_asked_for(send, deploy, west):
    both = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}}
    deploy(environments=both)
    found = send(greeting="hi", environments=both, only=["staging"]).json()
    assert [each["name"] for each in found["environments"]] == ["staging"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"clusters": ["moon"]},
        {"only": ["nowhere"]},
        {"image": "hello:latest"},
        {"host": "taken.example"},
        {"blocks": [{"port": {"process": "none", "port": 1}}]},
    ],
)
def test_a_refusal_is_the_one_of_the_real_deploy(send, deploy, api, owner, document, wrong):
    deploy(host="taken.example", name="other")
    refused = send(**wrong)
    only = wrong.pop("only", None)
    body = {"appFile": document(**wrong), **({"environments": only} if only else {})}
    really = api(owner).put(DEPLOY, body)
    assert really.status_code >= 400
    told, meant = refused.json(), really.json()
    assert refused.status_code == really.status_code
    del told["request_id"], meant["request_id"]
    assert told == meant


def test_who_may_not_deploy_learns_nothing(send, api, viewer, stranger):
    assert send(by=api(viewer)).status_code == 403
    assert send(by=api(stranger)).status_code == 404


def test_the_version_it_was_made_for_is_asked_too(send, deploy):
    deploy()
    assert send(headers={"If-Match": '"99"'}).json()["code"] == "version_changed"


def test_its_key_is_free_for_the_real_request(send, api, owner, document):
    key = {"Idempotency-Key": "k"}
    assert send(headers=key).json()["dryRun"] is True
    really = api(owner).put(DEPLOY, {"appFile": document()}, headers=key)
    assert really.json()["deployed"] == {"production": 1}


@pytest.mark.parametrize("said", ["yes", "1", "True", ""])
def test_a_misspelt_dry_run_is_no_deploy(send, said):
    assert send(address=f"{DEPLOY}?dryRun={said}").status_code == 400
    assert not Environment.objects.exists()


def test_no_value_of_a_secret(send, deploy, owner):
    environment = deploy().releases[0].environment
    services.set_secret(environment=environment, name="database", values={"PASSWORD": "canary"}, actor=owner)
    answer = send(blocks=[{"secret": {"name": "database", "keys": ["PASSWORD"]}}])
    [secret] = [each for each in objects(answer) if each["id"].startswith("Secret/")]
    assert list(secret["object"]["data"]) == ["PASSWORD"]
    assert "canary" not in json.dumps(answer.json())


def test_a_rollback(deploy, api, owner, django_capture_on_commit_callbacks):
    application = deploy().application
    deploy(greeting="hi")
    client = api(owner)
    before = everything()
    with django_capture_on_commit_callbacks() as callbacks:
        answer = client.post(
            f"/api/v1/applications/{application.pk}/rollback/?dryRun=true", {"environment": "production"}
        )
    assert (everything(), callbacks) == (before, [])
    assert answer.status_code == 200
    [environment] = answer.json()["environments"]
    assert environment["release"] == {"before": 2, "after": 3}
    changed = [each["change"] for each in environment["clusters"][0]["objects"]]
    assert sorted(changed) == ["added", "changed", "removed"]


def test_a_rollback_that_is_refused(deploy, api, owner):
    application = deploy().application
    answer = api(owner).post(
        f"/api/v1/applications/{application.pk}/rollback/?dryRun=true", {"environment": "production"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_roll_back")
