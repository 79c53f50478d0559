"""What teams get on clusters, by the API and by the command."""

import json

import pytest

from apps.models import TenantPolicy
from clusters.models import Work
from paas.core.models import AuditEvent

AT = "/api/v1/tenant-policy/"


def change(client, query, figures, tag=None, reason=""):
    tag = tag or client.get(f"{AT}?{query}")["ETag"]
    body = {"figures": figures, "reason": reason}
    return client.patch(f"{AT}?{query}", body, format="json", HTTP_IF_MATCH=tag)


def test_what_a_team_gets(api, owner, operator, deploy):
    deploy()
    answer = change(api(operator), "team=crew&cluster=east", {"cpu": "8"}, reason="enough")
    assert answer.status_code == 200
    assert answer.json() == {"of": "crew on east", "version": 1, "figures": {"cpu": "8"}, "groups": {}, "grounds": 1}
    assert answer["ETag"] == '"1"'
    assert AuditEvent.objects.get(action="tenant_policy.changed").reason == "enough"
    [found] = api(owner).get("/api/v1/teams/crew/clusters/").json()
    assert (found["cluster"], found["environments"]) == ("east", 1)
    assert found["figures"]["cpu"] == {"value": "8", "said_by": "crew on east"}
    assert found["figures"]["pods"] == {"value": "250", "said_by": ""}


def test_an_edit_names_what_was_read(api, operator, team):
    client = api(operator)
    assert client.patch(AT, {"figures": {"cpu": "8"}}, format="json").status_code == 428
    assert change(client, "", {"cpu": "8"}).status_code == 200
    assert change(client, "", {"cpu": "9"}, tag='"0"').status_code == 412
    assert client.get(AT).json()["figures"] == {"cpu": "8"}
    assert change(client, "", {"cpu": None}).json()["figures"] == {}


@pytest.mark.parametrize("figures", [{}, {"cpu": "much"}, {"gpu": "1"}, [], {"cpu": {"a": 1}}])
def test_what_is_wrong_is_refused(api, operator, team, figures):
    assert change(api(operator), "team=crew", figures).status_code == 400
    assert not TenantPolicy.objects.exists()


def test_groups_of_the_clusters_directory(api, owner, operator, east, team):
    client = api(operator)
    tag = client.get(f"{AT}?team=crew")["ETag"]
    body = {"groups": {"oidc:crew": "edit"}}
    answer = client.patch(f"{AT}?team=crew", body, format="json", HTTP_IF_MATCH=tag)
    assert answer.json()["groups"] == {"oidc:crew": "edit"}
    [found] = api(owner).get("/api/v1/teams/crew/clusters/").json()
    assert (found["groups"], found["waits"]) == ({"oidc:crew": {"value": "edit", "said_by": "crew"}}, True)


def test_who_may_what(api, owner, viewer, stranger, team):
    assert change(api(owner), "team=crew", {"cpu": "999"}).json()["code"] == "operator_required"
    assert api(viewer).get("/api/v1/teams/crew/clusters/").status_code == 200
    assert api(stranger).get("/api/v1/teams/crew/clusters/").status_code == 404
    assert api(stranger).get(f"{AT}?team=crew").status_code == 404
    assert api(stranger).get(f"{AT}?cluster=moon").status_code == 404
    assert api().get(AT).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_by_the_command(dougong, owner, operator, deploy):
    deploy()
    operate = dougong(operator, "tenant")
    code, out, _ = operate("set", "pods=20", "egress=open", "--team", "crew", "--reason", "they fetch", "-o", "json")
    assert (code, json.loads(out)["figures"]) == (0, {"pods": "20", "egress": "open"})
    code, out, _ = operate("set", "egress=inherited", "--team", "crew")
    assert code == 0
    assert "pods 20" in out
    code, out, _ = dougong(owner, "tenant")("show", "crew")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["east", "1", "pods", "20", "crew"] in rows
    assert ["east", "1", "egress", "closed", "default"] in rows
    assert operate("group", "oidc:crew", "--role", "edit", "--team", "crew")[0] == 0
    assert "edit, once the cluster is joined again" in dougong(owner, "tenant")("show", "crew")[1]
    assert operate("group", "system:masters", "--team", "crew")[0] == 1
    ask = dougong(owner, "tenant")
    code, out, _ = ask("request", "crew", "cpu=64", "--cluster", "east", "--reason", "a load test", "-o", "json")
    assert (code, json.loads(out)["state"]) == (0, "Proposed")
    made = json.loads(out)["id"]
    assert "cpu 64" in ask("exceptions", "crew")[1]
    assert ask("accept", "crew", made)[0] == 1
    operate = dougong(operator, "tenant")
    assert "InForce" in operate("accept", "crew", made)[1]
    assert "Ended" in operate("end", "crew", made, "--reason", "over")[1]
    assert operate("set", "pods")[0] == 2
    assert dougong(owner, "tenant")("set", "pods=99", "--team", "crew")[0] == 1
    assert Work.objects.get(name="ground").generation == 1
