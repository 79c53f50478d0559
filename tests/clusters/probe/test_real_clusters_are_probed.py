"""The probe and the rotation of tokens against the API servers of the lab, as the accounts that a join makes."""

import base64
import json
import subprocess
import sys
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest
from django.utils import timezone

from clusters import credentials, registry
from clusters.models import Cluster, ClusterCredential
from clusters.probe import probe_clusters
from clusters.sessions import on_loop, sessions
from paas.core.models import AuditEvent
from tests import labs

pytestmark = [pytest.mark.lab, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[3]
LAB = [sys.executable, "-m", "deploy.lab", "--lab", labs.LAB]


def lab(*arguments, stdin=None):
    done = subprocess.run([*LAB, *arguments], cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def kubeconfigs():
    """Admin kubeconfigs by cluster."""
    return {name: lab("kubeconfig", name) for name in ("east", "west")}


@pytest.fixture(scope="module")
def tokens():
    """Writer and minter of east, as a join makes them."""
    files = sorted(file.name for file in resources.files("deploy.member").iterdir() if file.name.endswith(".yaml"))
    text = "\n---\n".join((resources.files("deploy.member") / name).read_text() for name in files)
    lab(
        "kubectl",
        "east",
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=dougong-join",
        "-f",
        "-",
        stdin=text,
    )
    minter = lab("kubectl", "east", "get", "secret", "dougong-minter", "-n", "dougong-system", "-o", "json")
    writer = lab("kubectl", "east", "create", "token", "dougong-writer", "-n", "dougong-system", "--duration=1h")
    return {"token": writer.strip(), "minter_token": base64.b64decode(json.loads(minter)["data"]["token"]).decode()}


@pytest.fixture
def where(kubeconfigs):
    """Server and CA of a cluster."""

    def of(name):
        cluster = json.loads(kubeconfigs[name])["clusters"][0]["cluster"]
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return {"server": cluster["server"], "ca_data": ca}

    return of


@pytest.fixture
def join(operator, networks, where, tokens):
    """Register east by its writer's token."""
    networks("198.18.0.0/15", "127.0.0.0/8")

    def make(name="east", **given):
        return registry.register_cluster(name=name, actor=operator, **{**where("east"), **tokens, **given})

    yield make
    on_loop(sessions().close())


def see(cluster):
    probe_clusters([cluster.pk])
    cluster.refresh_from_db()
    return {each["type"]: (each["status"], each["reason"]) for each in cluster.conditions}


def test_all_is_well_with_a_joined_cluster(join):
    cluster = join()
    said = see(cluster)
    assert said == {
        "Reachable": ("True", "Answered"),
        "CredentialsAccepted": ("True", "Accepted"),
        "IdentityConfirmed": ("True", "SameCluster"),
        "VersionSupported": ("True", "Proven"),
        "FenceMissing": ("False", "InForce"),
        "KindsUnknown": ("False", "AllAnswered"),
        "CertificateExpiring": ("False", "FarAway"),
        "CredentialsExpiring": ("False", "FarAway"),
    }
    facts = cluster.facts
    assert facts["unreadable"] == []
    assert facts["version"].startswith("v1.34.")
    assert {node["name"] for node in facts["nodes"]} >= {"edge"}
    assert facts["capacity"]["cpu_millicores"] >= facts["allocatable"]["cpu_millicores"] > 0
    assert facts["resources"]["apps/v1/Deployment"] == {"plural": "deployments", "namespaced": True}
    assert facts["gateway"]
    assert facts["certificate_expires_at"] > timezone.now().isoformat()
    target = cluster.target
    assert target.serves("gateway.networking.k8s.io/v1", "HTTPRoute")
    assert target.storage_class("default")


def test_an_administrators_kubeconfig_works_too(operator, networks, kubeconfigs):
    cluster = registry.register_cluster(name="west", actor=operator, kubeconfig=kubeconfigs["west"])
    said = see(cluster)
    on_loop(sessions().close())
    assert said["CredentialsAccepted"] == ("True", "Accepted")
    assert said["FenceMissing"][0] in ("True", "False")


def test_a_server_under_another_ca_is_not_spoken_to(join, where):
    said = see(join(ca_data=where("west")["ca_data"]))
    assert said["Reachable"] == ("False", "CertificateNotTrusted")
    assert said["CredentialsAccepted"] == ("Unknown", "NotReachable")


def test_a_wrong_token_is_refused_by_a_reachable_server(join):
    said = see(join(token="wrong", minter_token=None))
    assert said["Reachable"] == ("True", "Answered")
    assert said["CredentialsAccepted"] == ("False", "Unauthorized")


def test_a_token_for_something_else_is_forbidden(join, tokens):
    said = see(join(token=tokens["minter_token"], minter_token=None))
    assert said["CredentialsAccepted"] == ("False", "Forbidden")


def test_a_port_where_nobody_listens_is_unreachable(join, where):
    cluster = join(server=where("east")["server"].replace(":6443", ":6444"))
    for _ in range(3):
        said = see(cluster)
    assert said["Reachable"] == ("False", "NoConnection")
    assert cluster.breaker_until is not None
    assert probe_clusters() == []


def test_another_cluster_behind_the_row_is_noticed(join, where, kubeconfigs):
    cluster = join()
    see(cluster)
    known = cluster.identity
    version = cluster.credentials.get(purpose="writer").version
    # Somebody moved the name to another cluster, with an account that is good there.
    user = json.loads(kubeconfigs["west"])["users"][0]["user"]
    decoded = {key: base64.b64decode(text).decode() for key, text in user.items()}
    ClusterCredential.objects.create(
        cluster=cluster,
        version=version + 1,
        client_certificate=decoded["client-certificate-data"],
        client_key=decoded["client-key-data"],
    )
    Cluster.objects.filter(pk=cluster.pk).update(**where("west"))
    said = see(cluster)
    assert said["IdentityConfirmed"] == ("False", "AnotherCluster")
    assert cluster.identity == known


def test_a_second_registration_of_the_same_cluster_is_noticed(join):
    see(join())
    said = see(join("again"))
    assert said["IdentityConfirmed"] == ("False", "RegisteredTwice")


def test_an_address_that_is_no_longer_allowed_is_not_connected_to(join, networks):
    cluster = join()
    networks("10.0.0.0/8")
    assert see(cluster)["Reachable"] == ("False", "AddressNotAllowed")


def test_a_token_past_a_third_of_its_life_is_renewed(join):
    cluster = join()
    assert not credentials.due().exists()
    ClusterCredential.objects.filter(purpose="writer").update(issued_at=timezone.now() - timedelta(hours=1))
    assert credentials.rotate() == [cluster.pk]
    newest = cluster.credentials.filter(purpose="writer").order_by("-version").first()
    assert newest.version == 2
    assert newest.expires_at > timezone.now() + timedelta(days=29)
    assert see(cluster)["CredentialsAccepted"] == ("True", "Accepted")
    assert [each.version for each in cluster.credentials.filter(purpose="writer")] == [2]
    event = AuditEvent.objects.get(action="cluster.credential_rotated")
    assert (event.actor_name, newest.token in json.dumps(event.after)) == ("system", False)
    assert not credentials.due().exists()


def test_a_refused_token_is_renewed_by_itself(join):
    cluster = join(token="no longer taken".replace(" ", "-"))
    from clusters.tasks import probe_clusters as task

    task()
    assert see(cluster)["CredentialsAccepted"] == ("True", "Accepted")


def test_without_a_minter_nothing_is_renewed(join):
    cluster = join(token="wrong", minter_token=None)
    see(cluster)
    assert credentials.rotate([cluster.pk]) == []
    assert cluster.credentials.count() == 1


def test_a_minter_that_is_refused_leaves_all_as_it_is(join):
    cluster = join(minter_token="wrong")
    assert credentials.rotate([cluster.pk]) == []
    assert see(cluster)["CredentialsAccepted"] == ("True", "Accepted")
    assert cluster.credentials.filter(purpose="writer").count() == 1
