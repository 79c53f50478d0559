"""The limits of a team in the console: seen by its members, changed by operators."""

import re

import pytest
from django.urls import reverse

from apps.models import TenantException, TenantPolicy
from clusters.manifests import ObjectId
from clusters.models import Work, WorkloadPods
from paas.core.models import AuditEvent


@pytest.fixture
def address(team):
    return reverse("admin:team_limits", args=[team.pk])


def words(answer):
    """The page's text, without tags."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def filled(**changes):
    names = (
        "whose",
        "cluster",
        "cpu",
        "memory",
        "pods",
        "storage",
        "volumes",
        "egress",
        "registries",
        "pools",
        "placement",
        "group",
        "reason",
    )
    return {**dict.fromkeys(names, ""), "whose": "team", "role": "view", **changes}


def test_an_operator_changes_a_layer(client, operator, address, deploy):
    deploy()
    client.force_login(operator)
    answer = client.post(address, filled(cluster="east", cpu="8", egress="open", reason="they fetch"), follow=True)
    text = words(answer)
    assert "Changed; 1 namespaces follow within half a minute." in text
    figures = "8 crew on east 128Gi default 250 default 1Ti default 100 default open crew on east"
    assert f"east 1 {figures} unlimited default unlimited default open default" in text
    assert AuditEvent.objects.get(action="tenant_policy.changed").reason == "they fetch"
    client.post(address, filled(whose="", pods="50"))
    client.post(address, filled(cluster="east", cpu="inherited"))
    said = {str(each): each.figures for each in TenantPolicy.objects.all()}
    assert said == {"crew on east": {"egress": "open"}, "all teams": {"pods": 50}}


def test_how_full_quotas_are(client, viewer, address, api, deploy):
    deploy()
    entry = {"id": "core/ResourceQuota/ns/dougong-quota", "hard": {"pods": "250"}, "used": {"pods": "3"}}
    Work.objects.filter(name="ground").update(reported={"Quota": [entry]})
    client.force_login(viewer)
    assert "demo/hello/production east unlimited unlimited 3 / 250 unlimited unlimited" in words(client.get(address))
    [found] = api(viewer).get("/api/v1/teams/crew/usage/").json()
    assert (found["cluster"], found["figures"]) == ("east", {"pods": {"used": "3", "limit": "250"}})


def test_what_asks_for_most(client, viewer, stranger, address, api, deploy):
    deploy(clusters=["east"])
    greedy = {"process": {"name": "greedy", "replicas": 3, "cpu": "1", "memory": "2Gi"}}
    deploy(name="big", host="big.example", clusters=["east"], blocks=[greedy])
    entry = {"id": "core/ResourceQuota/ns/dougong-quota", "hard": {"pods": "10"}, "used": {"pods": "3"}}
    Work.objects.filter(name="ground").update(reported={"Quota": [entry]})
    for work in Work.objects.filter(name="application").select_related("cluster"):
        for body in (each["body"] for each in work.manifests if each["body"]["kind"] == "Deployment"):
            where = {"cluster": work.cluster, "namespace": body["metadata"]["namespace"], "pods": []}
            total = body["spec"]["replicas"]
            WorkloadPods.objects.create(oid=str(ObjectId.of(body)), total=total, **where)
    first, *others = api(viewer).get("/api/v1/teams/crew/consumers/").json()
    assert (first["environment"], first["process"], first["pods"]) == ("demo/big/production", "greedy", 3)
    assert (first["cpu"], first["memory"]) == (3.0, 6 * 2**30)
    assert first["part"] > 0.9
    assert [each["process"] for each in others] == ["web", "web"]
    assert sum(each["cpu"] for each in others) < 1
    client.force_login(viewer)
    assert "greedy demo/big/production east 3 3 6.00 GiB" in words(client.get(address))
    assert api(stranger).get("/api/v1/teams/crew/consumers/").status_code == 404


def test_a_group_is_let_in(client, operator, address, east):
    client.force_login(operator)
    text = words(client.post(address, filled(group="oidc:crew", role="edit"), follow=True))
    assert "east oidc:crew edit crew once the cluster is joined again" in text
    client.post(address, filled(group="oidc:crew", role="inherited"))
    assert TenantPolicy.objects.get().groups == {}


def test_more_is_asked_for_and_given(client, owner, viewer, operator, team, east):
    here = reverse("admin:team_exceptions", args=[team.pk])
    order = {"cluster": "east", "cpu": "64", "egress": "", "days": "3", "reason": "a load test"}
    client.force_login(viewer)
    client.post(here, order)
    assert "Who deploys for the team may ask for one." in words(client.get(here))
    client.force_login(owner)
    text = words(client.post(here, order, follow=True))
    assert "It is asked for: an operator decides." in text
    assert "asked for east CPU, requested: 64 olga a load test 3 days from its acceptance" in text
    assert "no figure and no group is named" in words(client.post(here, {**order, "cpu": ""}))
    row = TenantException.objects.get()
    decision = reverse("admin:team_exception", args=[team.pk, row.pk])
    assert "Accept" not in words(client.get(decision))
    client.force_login(operator)
    assert f"dougong tenant accept crew {row.pk}" in words(client.get(decision))
    assert "It is in force." in words(client.post(decision, {"act": "accept", "reason": "go on"}, follow=True))
    row.refresh_from_db()
    assert (row.state, row.decided_by_name) == ("InForce", "oscar")
    assert "exception of olga until" in words(client.get(reverse("admin:team_limits", args=[team.pk])))
    client.post(decision, {"act": "end"})
    row.refresh_from_db()
    assert row.state == "Ended"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"memory": "much"}, "memory is an amount with its unit"),
        ({}, "no figure and no group is named"),
        ({"group": "system:masters"}, "is a group of Kubernetes itself"),
        ({"cluster": "moon", "cpu": "8"}, "moon"),
    ],
)
def test_what_is_wrong_is_told_in_the_form(client, operator, address, east, changes, said):
    client.force_login(operator)
    answer = client.post(address, filled(**changes))
    assert said in words(answer)
    assert not TenantPolicy.objects.exists()


def test_members_see_it_and_change_nothing(client, owner, viewer, stranger, address, east):
    for person in (owner, viewer):
        client.force_login(person)
        assert "Operators of the platform change them." in words(client.get(address))
        client.post(address, filled(cpu="999"))
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    assert not TenantPolicy.objects.exists()
