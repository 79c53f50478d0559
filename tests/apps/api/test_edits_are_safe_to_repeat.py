"""If-Match and Idempotency-Key on what changes what is there: by the OpenAPI file, and by what comes of it."""

from pathlib import Path

import pytest
import yaml

from apps import services
from apps.models import ConfigChange, ConfigProposal, Environment, Release
from clusters.models import Work

PATHS = yaml.safe_load((Path(__file__).parents[3] / "docs" / "openapi.yaml").read_text())["paths"]
KEY = {"Idempotency-Key": "once"}
# They make something new, change nothing, end what is never edited, or put somebody into a group: docs/api.md says why.
NOTHING_TO_MATCH = {
    "break_glass_end",
    "break_glass_take",
    "clusters_create",
    "device_authorization",
    "device_token",
    "environments_create",
    "environments_exec",
    "freezes_create",
    "freezes_end",
    "login",
    "platform_members_remove",
    "platform_members_set",
    "projects_create",
    "render",
    "service_account_tokens_create",
    "service_account_tokens_destroy",
    "service_accounts_create",
    "service_accounts_destroy",
    "teams_create",
    "teams_exceptions_propose",
    "tokens_create",
    "tokens_destroy",
    "works_let_go",
}
REPEATABLE = {
    "approvals_approve",
    "applications_deploy",
    "applications_rollback",
    "config_proposals_accept",
    "config_update",
    "environments_rerender",
    "environments_schedules_run",
    "environments_secrets_revoke",
    "environments_update",
}
REPORT = {"schedule": {"name": "report", "schedule": "0 3 * * *", "cpu": "50m", "memory": "64Mi"}}


def taking(header):
    """The operations that change something and take the header."""
    return {
        operation["operationId"]
        for operations in PATHS.values()
        for method, operation in operations.items()
        if method in ("put", "post", "patch", "delete")
        and any(each["in"] == "header" and each["name"] == header for each in operation.get("parameters", ()))
    }


def test_each_edit_of_what_is_there_takes_its_version():
    writes = {
        operation["operationId"]
        for operations in PATHS.values()
        for method, operation in operations.items()
        if method in ("put", "post", "patch", "delete")
    }
    assert writes - taking("If-Match") == NOTHING_TO_MATCH


def test_what_makes_releases_and_runs_can_be_sent_twice():
    assert taking("Idempotency-Key") == REPEATABLE


def twice(client, method, address, body, **headers):
    """Sent twice under one key: the first answer, and whether the second is the same one, given again."""
    first = getattr(client, method)(address, body, headers={**KEY, **headers})
    second = getattr(client, method)(address, body, headers={**KEY, **headers})
    assert first.status_code < 300, first.json()
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second["Idempotent-Replayed"] == "true"
    assert second.headers.get("ETag") == first.headers.get("ETag")
    return first


def test_config_is_changed_once(api, deploy, owner, project):
    deploy()
    address = "/api/v1/config/?scope=project&of=demo"
    tag = api(owner).get(address)["ETag"]
    answer = twice(api(owner), "patch", address, {"values": {"LEVEL": "info"}}, **{"If-Match": tag})
    assert (answer["ETag"] != tag, ConfigChange.objects.count(), Release.objects.count()) == (True, 1, 2)


def test_one_key_is_not_for_two_layers(api, deploy, owner, team):
    deploy()
    body, headers = {"values": {"LEVEL": "info"}}, {**KEY, "If-Match": "*"}
    assert api(owner).patch("/api/v1/config/?scope=project&of=demo", body, headers=headers).status_code == 200
    other = api(owner).patch("/api/v1/config/?scope=team&of=crew", body, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_dry_run_keeps_no_key(api, deploy, owner):
    deploy()
    address = "/api/v1/config/?scope=project&of=demo"
    order = {"values": {"LEVEL": "info"}}
    assert api(owner).patch(address, {**order, "dryRun": True}, headers=KEY).status_code == 200
    assert api(owner).patch(address, order, headers={**KEY, "If-Match": "*"}).status_code == 200
    assert ConfigChange.objects.count() == 1


def test_a_schedule_is_run_once(api, deploy, owner):
    deploy(blocks=[REPORT])
    environment = Environment.objects.get()
    address = f"/api/v1/environments/{environment.pk}/schedules/report/run/"
    old = api(owner).post(address, {}, headers={"If-Match": '"0"'})
    assert (old.status_code, old.json()["code"]) == (412, "version_changed")
    assert twice(api(owner), "post", address, {}).json()["number"] == 1
    assert Work.objects.filter(name__startswith="run-").count() == 1


def test_a_body_of_any_numbers_has_a_key(api, deploy, owner):
    deploy()
    address = f"/api/v1/environments/{Environment.objects.get().pk}/rerender/"
    twice(api(owner), "post", address, {"reason": "why", "more": [2**70, 0.5, None]})


def test_a_rendering_is_made_once(api, deploy, owner):
    deploy()
    environment = Environment.objects.get()
    twice(api(owner), "post", f"/api/v1/environments/{environment.pk}/rerender/", {})
    assert Environment.objects.get().generation == environment.generation + 1


@pytest.fixture
def proposal(api, configure, team, owner, deploy):
    from apps.config import Declaration

    deploy()
    configure(team, declare={"LIMIT": Declaration("integer", protected=True)})
    configure(team, LIMIT="20")
    return f"/api/v1/config/proposals/{ConfigProposal.objects.get().pk}/"


def test_a_proposal_is_decided_as_it_was_read(api, proposal, owner, team, person):
    second = api(person("sofia", team, "owner"))
    tag = second.get(proposal)["ETag"]
    for verb in ("accept", "refuse"):
        assert second.post(f"{proposal}{verb}/", {}, headers={"If-Match": '"2"'}).json()["code"] == "version_changed"
    twice(second, "post", f"{proposal}accept/", {}, **{"If-Match": tag})
    assert Release.objects.count() == 2
    assert second.get(proposal)["ETag"] != tag


def test_an_environment_is_placed_once(api, deploy, owner, west):
    deploy()
    address = f"/api/v1/environments/{Environment.objects.get().pk}/"
    tag = api(owner).get(address)["ETag"]
    answer = twice(api(owner), "patch", address, {"placement": {"clusters": ["west"]}}, **{"If-Match": tag})
    assert answer["ETag"] != tag
    assert Environment.objects.get().generation == 2


def test_a_secret_is_revoked_once(api, deploy, owner):
    environment = deploy().releases[0].environment
    for value in ("old", "new"):
        services.set_secret(environment=environment, name="database", values={"KEY": value}, actor=owner)
        if value == "old":
            deploy(blocks=[{"secret": {"name": "database"}}])
    address = f"/api/v1/environments/{environment.pk}/secrets/database/?version=1"
    answer = twice(api(owner), "delete", address, None, **{"If-Match": "*"})
    assert answer.json()["release"] == 3
    assert Release.objects.count() == 3


def test_an_exception_is_decided_as_it_was_read(api, owner, operator, team):
    asked = {"figures": {"pods": "90"}, "days": 7, "reason": "a sale"}
    made = api(owner).post("/api/v1/teams/crew/exceptions/", asked)
    address = f"/api/v1/teams/crew/exceptions/{made.json()['id']}"
    accepted = api(operator).post(f"{address}/accept/", {}, headers={"If-Match": made["ETag"]})
    assert accepted.json()["state"] == "InForce"
    late = api(owner).post(f"{address}/end/", {}, headers={"If-Match": made["ETag"]})
    assert (late.status_code, late.json()["code"]) == (412, "version_changed")
    [row] = api(owner).get("/api/v1/teams/crew/exceptions/").json()
    assert (row["state"], f'"{row["version"]}"') == ("InForce", accepted["ETag"])
    assert api(owner).post(f"{address}/end/", {}, headers={"If-Match": accepted["ETag"]}).json()["state"] == "Ended"
