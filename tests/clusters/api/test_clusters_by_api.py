"""/api/v1/clusters/: what it takes, what it refuses and how, and who may."""

from pathlib import Path

import pytest

from clusters.models import Cluster

CORPUS = Path(__file__).parents[1] / "kubeconfigs" / "refused"
# Bytes that are no text cannot be sent in JSON at all.
REFUSED = {path.stem: path.read_bytes() for path in sorted(CORPUS.iterdir()) if not path.stem.startswith("not_utf8")}
CLUSTERS = "/api/v1/clusters/"


@pytest.fixture
def given(ca):
    return {"name": "east", "server": "https://198.18.0.9:6443", "ca_data": ca, "token": "canary-token"}


def test_a_cluster_is_registered_and_read_by_name_and_id(api, operator, networks, given):
    answer = api(operator).post(CLUSTERS, {**given, "identity": "uid-1", "labels": {"region": "eu"}})
    assert answer.status_code == 201
    body = answer.json()
    assert body["spec"] == {
        "server": given["server"],
        "labels": {"region": "eu"},
        "cordoned": False,
        "suspended": False,
        "leaving": False,
        "priority_classes": [],
        "node_pools": [],
        "service_account_annotations": {},
        "secret_stores": {},
    }
    assert (body["identity"], body["conditions"], body["works"]) == ("uid-1", [], 0)
    for key in ("east", body["id"]):
        assert api(operator).get(f"{CLUSTERS}{key}/").json()["id"] == body["id"]


def test_joining_again_is_the_same_request(api, operator, networks, given):
    first = api(operator).post(CLUSTERS, {**given, "identity": "uid-1"})
    again = api(operator).post(CLUSTERS, {**given, "identity": "uid-1", "token": "another"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


def test_a_taken_name_is_a_conflict(api, operator, register, given):
    register()
    answer = api(operator).post(CLUSTERS, given)
    assert (answer.status_code, answer.json()["code"]) == (409, "cluster_name_taken")


def test_a_forbidden_address_names_rule_and_remedy(api, operator, networks, given):
    answer = api(operator).post(CLUSTERS, {**given, "server": "https://169.254.169.254"})
    assert (answer.status_code, answer.json()["code"]) == (400, "address_not_allowed")
    assert answer.json()["address_rule"] == "metadata"
    assert "DOUGONG_CLUSTER_NETWORKS" in answer.json()["remedy"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_kubeconfig_is_refused_with_its_code(api, operator, networks, name):
    text = REFUSED[name].decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    answer = api(operator).post(CLUSTERS, {"name": "east", "kubeconfig": text})
    assert answer.status_code == 400
    # A text beyond what the form takes, or empty, is refused by the form.
    assert answer.json()["code"] in {name.partition("--")[0], "invalid"}
    assert not Cluster.objects.exists()


def test_a_stranger_may_read_but_is_told_who_may_change(api, stranger, register, given):
    register()
    client = api(stranger)
    assert [each["name"] for each in client.get(CLUSTERS).json()["results"]] == ["east"]
    assert client.get(f"{CLUSTERS}east/").json()["permissions"] == ["view"]
    for answer in (
        client.post(CLUSTERS, {**given, "name": "west"}),
        client.patch(f"{CLUSTERS}east/", {"cordoned": True}, headers={"If-Match": '"1"'}),
        client.post(f"{CLUSTERS}east/credentials/", {"token": "t"}),
        client.delete(f"{CLUSTERS}east/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "operator_required")
        assert answer.json()["remedy"]
    assert Cluster.objects.get().cordoned is False


def test_nobody_else_sees_anything(api, register):
    register()
    assert api().get(CLUSTERS).status_code == 401


@pytest.mark.parametrize("key", ["west", "0b7c5d0e-8a52-4f0e-9d8f-5a3f9a1f2c11", "..", "%00", "-"])
def test_what_is_not_there_is_not_found(api, operator, register, key):
    register()
    answer = api(operator).get(f"{CLUSTERS}{key}/")
    assert answer.status_code == 404


def test_an_edit_names_its_version(api, operator, register):
    register()
    client = api(operator)
    tag = client.get(f"{CLUSTERS}east/")["ETag"]
    assert client.patch(f"{CLUSTERS}east/", {"cordoned": True}).status_code == 428
    changes = {"cordoned": True, "suspended": True, "labels": {"a": "b"}, "reason": "new kernel"}
    answer = client.patch(f"{CLUSTERS}east/", changes, headers={"If-Match": tag})
    assert answer.status_code == 200
    spec = answer.json()["spec"]
    assert (spec["cordoned"], spec["suspended"], spec["labels"]) == (True, True, {"a": "b"})
    assert answer["ETag"] != tag
    assert client.patch(f"{CLUSTERS}east/", {"cordoned": False}, headers={"If-Match": tag}).status_code == 412


def test_what_is_offered_is_set_and_read(api, operator, stranger, register):
    register()
    client = api(operator)
    tag = client.get(f"{CLUSTERS}east/")["ETag"]
    offered = {"priority_classes": ["high"], "service_account_annotations": {"example.org/role": ["a*"]}}
    answer = client.patch(f"{CLUSTERS}east/", offered, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert {**answer.json()["spec"], **offered, "node_pools": []} == answer.json()["spec"]
    wrong = client.patch(f"{CLUSTERS}east/", {"node_pools": ["No"]}, headers={"If-Match": answer["ETag"]})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "offer_invalid")
    refused = api(stranger).patch(f"{CLUSTERS}east/", offered, headers={"If-Match": answer["ETag"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "operator_required")


def test_a_status_that_changed_is_sent_again(api, operator, register):
    register()
    client = api(operator)
    tag = client.get(f"{CLUSTERS}east/")["ETag"]
    said = {"type": "Reachable", "status": "True", "reason": "Answered", "message": ""}
    Cluster.objects.update(conditions=[{**said, "lastTransitionTime": "2026-01-01T00:00:00+00:00"}])
    answer = client.get(f"{CLUSTERS}east/", headers={"If-None-Match": tag})
    assert answer.json()["conditions"][0]["type"] == "Reachable"


def test_a_credential_is_replaced_and_never_answered(api, operator, register):
    register()
    address, order = f"{CLUSTERS}east/credentials/", {"token": "canary-two", "minter_token": "canary-three"}
    assert api(operator).post(address, order).json()["code"] == "if_match_required"
    assert api(operator).post(address, order, headers={"If-Match": '"9"'}).json()["code"] == "version_changed"
    tag = api(operator).get(f"{CLUSTERS}east/")["ETag"]
    answer = api(operator).post(address, order, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert answer.json()["status"]["credential_renewed"] is True
    assert Cluster.objects.get().credentials.filter(purpose="writer").order_by("-version").first().token == "canary-two"
    assert "canary" not in answer.content.decode()


def test_no_answer_holds_a_secret(api, operator, networks, given, kubeconfig):
    client = api(operator)
    answers = [
        client.post(CLUSTERS, {**given, "minter_token": "canary-minter"}),
        client.post(CLUSTERS, {**given, "minter_token": "canary-minter"}),
        client.post(CLUSTERS, {"name": "west", "kubeconfig": kubeconfig(token="canary kubeconfig")}),
        client.post(CLUSTERS, {"name": "west", "kubeconfig": kubeconfig(token="canary-token") + "canary: ["}),
        client.post(CLUSTERS, {"name": "west", "token": ["canary-list"]}),
        client.get(CLUSTERS),
        client.get(f"{CLUSTERS}east/"),
        client.options(CLUSTERS),
        client.get("/api/schema/"),
    ]
    assert [answer.status_code for answer in answers][:5] == [201, 409, 400, 400, 400]
    assert not any("canary" in answer.content.decode() for answer in answers)


def test_the_log_holds_no_secret(api, operator, networks, given, capfd, caplog):
    api(operator).post(CLUSTERS, {**given, "minter_token": "canary-minter"})
    api(operator).post(CLUSTERS, {**given, "server": "https://127.0.0.1"})
    written = capfd.readouterr()
    assert "canary" not in written.out + written.err + caplog.text


def test_unregistering_an_empty_cluster(api, operator, register):
    register()
    assert api(operator).delete(f"{CLUSTERS}east/?reason=sold").status_code == 204
    assert not Cluster.objects.exists()


def test_the_list_costs_the_same_for_many(api, operator, register, django_assert_max_num_queries):
    for number in range(12):
        register(f"c{number}", server=f"https://198.18.1.{number}:6443")
    client = api(operator)
    with django_assert_max_num_queries(10):
        assert len(client.get(CLUSTERS).json()["results"]) == 12
