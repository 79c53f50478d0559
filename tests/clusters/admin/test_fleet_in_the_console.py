"""The fleet's pages: for everyone to read, for operators to change, and never a secret in them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clusters.admin.fleet import ClusterAdmin, fleet_snapshot
from clusters.admin.grid import Asked
from clusters.faults import Unreachable
from clusters.models import Cluster
from clusters.probe import Facts, Sight, record
from clusters.probe.facts import node
from clusters.sessions import access_for
from paas.core.models import AuditEvent
from paas.core.site import console as site
from paas.identity import services

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


def facts(version="v1.34.4", kubelet="v1.34.4", **more):
    body = {**NODE, "status": {**NODE["status"], "nodeInfo": {"kubeletVersion": kubelet}}}
    return Facts(version=version, latency_ms=2.5, nodes=(node(body),), fence=True, **more)


@pytest.fixture
def fleet(register):
    """Three clusters: one well, one older with older kubelets, one that was never seen."""
    made = {}
    for number, (name, seen) in enumerate(
        [("newer", facts(identity="a")), ("older", facts("v1.33.1", "v1.32.9", identity="b")), ("silent", None)]
    ):
        made[name] = register(name, server=f"https://198.18.0.{20 + number}:6443", labels={"tier": name})
        if seen:
            record(Sight(access_for(made[name]), facts=seen))
    return made


@pytest.mark.parametrize("twin", ["", "as=table"])
def test_how_far_versions_are_apart(console, operator, fleet, twin):
    shown = console(operator).get(f"{FLEET}?{twin}").content.decode()
    assert "3 clusters · 2 answering · 1 with trouble · v1.34 × 1, v1.33 × 1 · 1 minor apart" in shown
    assert "1 minor behind" in shown
    assert "kubelets v1.32" in shown


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["newer", "older", "silent"]),
        ("q=OLD", ["older"]),
        ("q=tier=newer", ["newer"]),
        ("state=silent", ["silent"]),
        ("state=cordoned", ["older"]),
        ("version=v1.33", ["older"]),
        ("state=silent&version=v1.33", []),
        ("state=nonsense", ["newer", "older", "silent"]),
    ],
)
def test_the_fleet_is_narrowed(console, operator, fleet, query, names):
    Cluster.objects.filter(name="older").update(cordoned=True)
    answer = console(operator).get(f"{FLEET}?{query}")
    assert [each.name for each in answer.context["tiles"]] == names
    if not names:
        assert "No cluster is like this" in answer.content.decode()


def test_dates_are_told_in_days(console, operator, fleet):
    ends = timezone.now() + timedelta(days=5, hours=1)
    fleet["newer"].credentials.update(expires_at=ends)
    Cluster.objects.filter(name="newer").update(
        facts={"certificate_expires_at": (ends + timedelta(days=60)).isoformat()}
    )
    answer = console(operator).get(FLEET)
    [tile] = [each for each in answer.context["tiles"] if each.name == "newer"]
    assert "5 days" in tile.credential
    assert "orange" in tile.credential
    assert "65 days" in tile.certificate


def test_what_is_wrong_is_told_in_words(console, operator, east):
    fault = Unreachable("connection refused by 198.18.0.9")
    record(Sight(access_for(east), fault=fault))
    shown = console(operator).get(FLEET).content.decode()
    assert "No connection" in shown
    assert "connection refused by 198.18.0.9" in shown
    assert "The policy dougong-fence and its binding are not there" in shown


def test_an_empty_fleet_says_how_to_begin(console, operator):
    assert "dougong cluster join NAME" in console(operator).get(FLEET).content.decode()


def test_operators_see_the_fleet_at_home_others_do_not(console, operator, stranger, east):
    assert "home-fleet" in console(operator).get(reverse("admin:index")).content.decode()
    assert "home-fleet" not in console(stranger).get(reverse("admin:index")).content.decode()


def test_the_live_fleet_is_the_same_html_and_ends_for_whoever_is_kept_out(fleet, operator, admin):
    read = fleet_snapshot(operator, Asked(), as_table=False)
    assert "older" in read()["html"]
    services.set_active(user=operator, active=False, actor=admin)
    assert "older" not in read()["html"]


def test_the_list_costs_the_same_for_many(console, operator, register, django_assert_max_num_queries):
    for number in range(12):
        register(f"c{number}", server=f"https://198.18.1.{number}:6443")
    client = console(operator)
    for address in (FLEET, f"{FLEET}?as=table"):
        with django_assert_max_num_queries(10):
            client.get(address)


def test_the_page_of_a_cluster_shows_conditions_and_nodes(console, stranger, east):
    shown = console(stranger).get(page(east)).content.decode()
    for text in ("uid-1", "IdentityConfirmed", "Same cluster", "worker-1", "region=eu", "edge"):
        assert text in shown
    assert "Cordon<" not in shown
    assert "Unregister" not in shown


def test_the_page_of_a_cluster_follows(console, first_state, operator, admin, east):
    live = ClusterAdmin(Cluster, site).cluster_live
    shown = console(operator).get(page(east)).content.decode()
    assert f'data-live="{reverse("admin:clusters_cluster_live", args=[east.pk])}"' in shown
    assert "worker-1" in first_state(live, operator, east.pk)
    record(Sight(access_for(east), fault=Unreachable("no route to host")))
    state = first_state(live, operator, east.pk)
    assert "no route to host" in state
    assert "csrfmiddlewaretoken" not in state
    services.set_active(user=operator, active=False, actor=admin)
    assert "event: refused" in first_state(live, operator, east.pk)


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
    assert "Rule: " in shown
    assert not Cluster.objects.exists()


def test_a_refused_form_keeps_what_was_typed_but_the_credential(console, operator, networks, kubeconfig):
    form = {"name": "east", "kubeconfig": kubeconfig("https://127.0.0.1:6443"), "context": "", "labels": "region=eu"}
    answer = console(operator).post(REGISTER, form)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert 'value="east"' in shown
    assert "region=eu" in shown
    assert "canary" not in shown


def test_refused_labels_stay_filled_in(console, operator, east):
    for labels, said in (("no label", "is not of the form"), ("-bad-=x", "(label")):
        shown = console(operator).post(do(east, "labels"), {"labels": labels}).content.decode()
        assert labels in shown
        assert said in shown
    assert Cluster.objects.get().labels == {"region": "eu"}


@pytest.mark.parametrize(
    ("verb", "field", "value"),
    [("cordon", "cordoned", True), ("suspend", "suspended", True)],
)
def test_operators_switch_with_a_button(console, operator, east, verb, field, value):
    answer = console(operator).post(do(east, verb), {"reason": "new kernel"}, follow=True)
    assert f"east is {verb}ed" in answer.content.decode()
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
    assert "This is not the name that is asked for." in shown
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
