"""The fleet's pages: for everyone to read, for operators to change, and never a secret in them."""

import pytest
from django.urls import reverse

from clusters.models import Cluster
from clusters.probe import Facts, Sight, record
from clusters.probe.facts import node
from clusters.sessions import access_for
from paas.core.models import AuditEvent

FLEET = reverse("admin:clusters_cluster_changelist")
REGISTER = reverse("admin:clusters_cluster_add")

NODE = {
    "metadata": {"name": "worker-1", "labels": {"node-role.kubernetes.io/edge": ""}},
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}],
        "nodeInfo": {"kubeletVersion": "v1.34.4"},
        "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        "allocatable": {"cpu": "3", "memory": "6Gi", "pods": "110"},
    },
}


@pytest.fixture
def console(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def east(register):
    cluster = register(labels={"region": "eu"}, minter_token="canary-minter")
    seen = Facts(version="v1.36.1", latency_ms=2.5, identity="uid-1", nodes=(node(NODE),), fence=False)
    record(Sight(access_for(cluster), facts=seen))
    cluster.refresh_from_db()
    return cluster


def page(cluster):
    return reverse("admin:clusters_cluster_change", args=[cluster.pk])


def do(cluster, verb):
    return reverse("admin:clusters_cluster_do", args=[cluster.pk, verb])


def test_the_list_says_how_each_cluster_is(console, operator, east, register):
    register("west", server="https://198.18.0.10:6443")
    shown = console(operator).get(FLEET).content.decode()
    for text in (
        "2.5 ms",
        "1/1",
        "v1.36.1 unproven",
        "3/4 cores",
        "6/8 GiB",
        "No fence",
    ):
        assert text in shown
    assert "Not seen yet" in shown
    assert "never" in shown


def test_the_list_costs_the_same_for_many(console, operator, register, django_assert_max_num_queries):
    for number in range(12):
        register(f"c{number}", server=f"https://198.18.1.{number}:6443")
    client = console(operator)
    with django_assert_max_num_queries(10):
        client.get(FLEET)


def test_the_page_of_a_cluster_shows_conditions_and_nodes(console, stranger, east):
    shown = console(stranger).get(page(east)).content.decode()
    for text in ("uid-1", "IdentityConfirmed", "Same cluster", "worker-1", "region=eu", "edge"):
        assert text in shown
    assert "Cordon<" not in shown
    assert "Unregister" not in shown


def test_no_page_holds_a_secret(console, operator, east):
    pages = [FLEET, REGISTER, page(east), reverse("admin:clusters_cluster_history", args=[east.pk])]
    pages.append(reverse("admin:clusters_cluster_unregister", args=[east.pk]))
    pages.append(reverse("admin:core_auditevent_changelist"))
    for address in pages:
        answer = console(operator).get(address)
        assert answer.status_code == 200
        assert "canary" not in answer.content.decode()


def test_a_cluster_is_registered_by_its_kubeconfig(console, operator, networks, kubeconfig):
    form = {"name": "east", "kubeconfig": kubeconfig(), "labels": "region=eu\n\ntier = gold"}
    answer = console(operator).post(REGISTER, form, follow=True)
    assert answer.status_code == 200
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.labels) == ("east", {"region": "eu", "tier": "gold"})
    assert cluster.credentials.get().token == "canary-token"


@pytest.mark.parametrize(
    "form",
    [
        {"name": "Not A Name"},
        {"name": "east", "labels": "no label"},
        {"name": "east", "kubeconfig": "canary: ["},
        {"name": ""},
    ],
)
def test_a_pasted_credential_is_not_sent_back(console, operator, networks, kubeconfig, form):
    answer = console(operator).post(REGISTER, {"kubeconfig": kubeconfig(), **form}, follow=True)
    assert not Cluster.objects.exists()
    assert "canary" not in answer.content.decode()


def test_a_refusal_is_told_with_its_rule(console, operator, networks, kubeconfig):
    form = {"name": "east", "kubeconfig": kubeconfig("https://127.0.0.1:6443")}
    shown = console(operator).post(REGISTER, form, follow=True).content.decode()
    assert "DOUGONG_CLUSTER_NETWORKS" in shown
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    ("verb", "field", "value"),
    [("cordon", "cordoned", True), ("suspend", "suspended", True)],
)
def test_operators_switch_with_a_button(console, operator, east, verb, field, value):
    answer = console(operator).post(do(east, verb), {"reason": "new kernel"}, follow=True)
    assert f"{verb} done" in answer.content.decode()
    east.refresh_from_db()
    assert getattr(east, field) is value
    assert AuditEvent.objects.get(action=f"cluster.{field}").actor == operator


def test_a_link_changes_nothing(console, operator, east):
    assert console(operator).get(do(east, "cordon")).status_code == 405
    assert Cluster.objects.get().cordoned is False


def test_others_are_told_who_may(console, stranger, east):
    client = console(stranger)
    answer = client.post(do(east, "suspend"), follow=True)
    assert "operators" in answer.content.decode()
    assert client.get(REGISTER).status_code == 403
    client.post(reverse("admin:clusters_cluster_unregister", args=[east.pk]), {"fate": "leave", "name": "east"})
    assert Cluster.objects.get().suspended is False


def test_labels_and_credential_are_replaced(console, operator, east, kubeconfig):
    client = console(operator)
    client.post(do(east, "labels"), {"labels": "a=b"})
    client.post(do(east, "credential"), {"kubeconfig": kubeconfig(token="canary-two")})
    east.refresh_from_db()
    assert east.labels == {"a": "b"}
    assert east.credentials.filter(purpose="writer").order_by("-version").first().token == "canary-two"


def test_unregistering_takes_a_typed_name(console, operator, east):
    address = reverse("admin:clusters_cluster_unregister", args=[east.pk])
    client = console(operator)
    shown = client.post(address, {"fate": "leave", "name": "west"}).content.decode()
    assert "Type the name of the cluster" in shown
    assert Cluster.objects.exists()
    assert client.post(address, {"fate": "leave", "name": "east"}).status_code == 302
    assert not Cluster.objects.exists()


def test_a_hostile_server_cannot_write_into_the_page(console, operator, register):
    cluster = register()
    evil = "<script>alert(1)</script>"
    body = {**NODE, "metadata": {"name": evil}}
    seen = Facts(version=f"v1.34.1{evil}", latency_ms=1, identity="uid-1", nodes=(node(body),), storage={evil: evil})
    record(Sight(access_for(cluster), facts=seen))
    for address in (FLEET, page(cluster)):
        assert evil not in console(operator).get(address).content.decode()
