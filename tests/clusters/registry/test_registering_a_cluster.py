"""What makes a cluster part of the fleet, and what keeps it out."""

import base64
import json
import socket
import time

import pytest

from clusters import registry
from clusters.models import Cluster
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent


def jwt(**claims):
    """A token in the form of a ServiceAccount's."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.c2ln"


def refusal_of(register, **given):
    with pytest.raises(Invalid) as refusal:
        register(**given)
    assert not Cluster.objects.exists()
    return refusal.value.code


def test_a_cluster_is_registered_by_server_ca_and_token(register, ca):
    cluster = register(labels={"region": "eu", "tier.example/size": "big"}, minter_token="canary-minter")
    assert (cluster.name, cluster.server, cluster.ca_data) == ("east", "https://198.18.0.9:6443", ca)
    assert cluster.labels == {"region": "eu", "tier.example/size": "big"}
    assert {(each.purpose, each.token) for each in cluster.credentials.all()} == {
        ("writer", "canary-token"),
        ("minter", "canary-minter"),
    }


def test_a_cluster_is_registered_by_kubeconfig(operator, networks, kubeconfig):
    cluster = registry.register_cluster(name="east", actor=operator, kubeconfig=kubeconfig())
    assert cluster.server == "https://198.18.0.9:6443"
    assert cluster.credentials.get().token == "canary-token"


def test_a_ca_comes_as_pem_or_in_base64(register, ca):
    assert register(ca_data=base64.b64encode(ca.encode()).decode()).ca_data == ca


def test_the_end_of_a_token_is_read_from_it(register):
    ends = int(time.time()) + 3600
    cluster = register(token=jwt(exp=ends), expires_at=None)
    assert cluster.credentials.get().expires_at.timestamp() == ends


def test_a_token_that_has_ended_is_refused(register):
    assert refusal_of(register, token=jwt(exp=1_000_000_000)) == "credential_expired"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"token": None}, "credential_missing"),
        ({"token": "a b"}, "bad_token"),
        ({"token": "a\r\nX-Evil: 1"}, "bad_token"),
        ({"minter_token": "a\nb"}, "bad_token"),
        ({"ca_data": "no certificate"}, "bad_certificate"),
        ({"server": "http://198.18.0.9:6443"}, "not_https"),
        ({"server": "https://user:word@198.18.0.9:6443"}, "userinfo_in_url"),
        ({"server": "https://198.18.0.9:6443/k8s/clusters/c1"}, "server_path"),
        ({"server": "https://0x7f000001:6443"}, "bad_host"),
        ({"server": "https://2130706433:6443"}, "bad_host"),
        ({"name": "East"}, "cluster_invalid"),
        ({"name": "../east"}, "cluster_invalid"),
        ({"name": "east\n"}, "cluster_invalid"),
        ({"labels": {"a b": "c"}}, "labels_invalid"),
        ({"labels": {"a": "<script>"}}, "labels_invalid"),
        ({"kubeconfig": "{}"}, "credential_ambiguous"),
    ],
)
def test_what_is_unsound_is_refused(register, given, code):
    assert refusal_of(register, **given) == code


@pytest.mark.parametrize(
    "server",
    [
        "https://127.0.0.1:6443",
        "https://[::1]:6443",
        "https://10.0.0.1:6443",
        "https://169.254.169.254",
        "https://[::ffff:169.254.169.254]:6443",
        "https://[fe80::1]:6443",
        "https://0.0.0.0:6443",
    ],
)
def test_an_address_nobody_allowed_is_refused(register, server):
    assert refusal_of(register, server=server) == "address_not_allowed"


def test_one_forbidden_address_among_good_ones_refuses_the_name(register, monkeypatch):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 6443)) for host in ("198.18.0.9", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert refusal_of(register, server="https://api.example:6443") == "address_not_allowed"


def test_a_name_without_an_address_is_refused(register, monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert refusal_of(register, server="https://api.example:6443") == "address_unknown"


def test_a_client_key_of_another_certificate_is_refused(operator, networks, kubeconfig, pair):
    config = json.loads(kubeconfig())
    certificate, key = pair()[0], pair()[1]
    data = {"client-certificate-data": certificate, "client-key-data": key}
    config["users"][0]["user"] = {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}
    with pytest.raises(Invalid) as refusal:
        registry.register_cluster(name="east", actor=operator, kubeconfig=json.dumps(config))
    assert refusal.value.code == "bad_key"


def test_a_client_certificate_says_when_it_ends(operator, networks, kubeconfig, pair):
    config = json.loads(kubeconfig())
    certificate, key = pair(days=5)
    data = {"client-certificate-data": certificate, "client-key-data": key}
    config["users"][0]["user"] = {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}
    cluster = registry.register_cluster(name="east", actor=operator, kubeconfig=json.dumps(config))
    credential = cluster.credentials.get()
    assert 4 <= (credential.expires_at - credential.issued_at).days <= 5
    assert (credential.client_certificate, credential.client_key) == (certificate, key)


def test_a_name_is_taken_once(register):
    register()
    with pytest.raises(Conflict) as refusal:
        register()
    assert refusal.value.code == "cluster_name_taken"
    assert Cluster.objects.count() == 1


def test_a_cluster_is_registered_under_one_name_only(register):
    register(identity="uid-1")
    with pytest.raises(Conflict) as refusal:
        register("west", identity="uid-1")
    assert refusal.value.code == "cluster_already_registered"
    assert [each.name for each in Cluster.objects.all()] == ["east"]


def test_joining_again_renews_address_and_credentials(register):
    first = register(identity="uid-1", minter_token="canary-minter", labels={"a": "b"})
    again = register(identity="uid-1", token="another", server="https://198.18.0.10:6443", refresh=True)
    assert again.pk == first.pk
    assert (again.server, again.labels, again.version) == ("https://198.18.0.10:6443", {"a": "b"}, 2)
    writer = again.credentials.filter(purpose="writer").order_by("-version").first()
    assert (writer.version, writer.token) == (2, "another")


def test_a_minter_is_not_carried_to_another_address(register):
    register(identity="uid-1", minter_token="canary-minter")
    again = register(identity="uid-1", server="https://198.18.0.10:6443", refresh=True)
    assert not again.credentials.filter(purpose="minter").exists()


def test_another_cluster_cannot_take_a_name_by_joining(register):
    register(identity="uid-1")
    with pytest.raises(Conflict):
        register(identity="uid-2", token="another", refresh=True)
    assert Cluster.objects.get().credentials.get().token == "canary-token"


@pytest.mark.parametrize("identity", [None, "uid-1"])
def test_a_cluster_not_yet_known_cannot_be_taken_over_by_joining(register, identity):
    register()
    with pytest.raises(Conflict):
        register(identity=identity, token="another", refresh=True)


def test_only_operators_register(stranger, networks, kubeconfig):
    with pytest.raises(Forbidden) as refusal:
        registry.register_cluster(name="east", actor=stranger, kubeconfig=kubeconfig())
    assert refusal.value.code == "operator_required"
    assert not Cluster.objects.exists()


def test_registering_is_audited_without_the_secrets(register, operator):
    register(minter_token="canary-minter")
    event = AuditEvent.objects.get(action="cluster.registered")
    assert (event.actor, event.object_name) == (operator, "east")
    assert "canary" not in json.dumps(event.after)
