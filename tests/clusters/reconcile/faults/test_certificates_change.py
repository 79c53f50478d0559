"""The API server shows a certificate of another authority, or the one that we show has ended: it is said in words,
nothing is sent nor tried again and again, and what an operator then registers goes on by itself.
"""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from clusters import registry, tasks
from clusters.breaker import FAILURES
from clusters.credentials import put_in_force
from clusters.models import Cluster
from deploy.lab.lab import opened
from paas.identity import services
from tests.certificate import serving, signed
from tests.clusters.reconcile.conftest import LONG_AGO
from tests.labs import LAB

HOUR = timedelta(hours=1)
# The writer, as a certificate names an account: RBAC and the fence take it for the same.
WRITER = x509.Name.from_rfc4514_string(
    "CN=system:serviceaccount:dougong-system:dougong-writer,"
    "O=system:serviceaccounts+O=system:serviceaccounts:dougong-system"
)


@pytest.fixture
def operator(db):
    return services.bootstrap_admin(username="ada", password="a long password")


@pytest.fixture
def said(cluster):
    """said("Reachable") → its status, reason and message."""

    def of(name):
        cluster.refresh_from_db()
        found = next(each for each in cluster.conditions if each["type"] == name)
        return found["status"], found["reason"], found.get("message", "")

    return of


@pytest.fixture
def faults(sweep):
    """How often the cluster failed the loop in three sweeps."""

    def count():
        with capture_logs() as logged:
            sweep(3)
        return [each["event"] for each in logged].count("cluster_fault")

    return count


def _turn(cluster):
    """The probe's next round, with the cluster's turn come."""
    Cluster.objects.filter(pk=cluster.pk, breaker_until__isnull=False).update(breaker_until=LONG_AGO)
    tasks.probe_clusters()


def test_another_authority_is_told_and_its_registration_goes_on(
    proxied, operator, granted, submit, drain, healthy, ground, config, live, theirs, said, faults
):
    proxy, cluster = proxied
    work = submit("application", [*ground, config("a", key="1")])
    drain()
    assert healthy(work)
    theirs()
    asked = len(proxy.seen)
    proxy.show(*serving())
    submit("application", [*ground, config("a", key="2")])
    with capture_logs() as logged:
        drain()
    assert [each["event"] for each in logged].count("cluster_fault") == FAILURES, "then its breaker is open"
    _turn(cluster)
    status, reason, message = said("Reachable")
    assert (status, reason) == ("False", "CertificateNotTrusted")
    assert "certificate verify failed" in message
    assert said("CredentialsAccepted")[:2] == ("Unknown", "NotReachable")
    assert faults() == 0, "nobody tries"
    assert len(proxy.seen) == asked, "no request, and so no token, reached who shows it"
    work.refresh_from_db()
    assert (work.observed_generation, work.health, live("ConfigMap", "a")["data"]) == (1, "Healthy", {"key": "1"})

    registry.replace_credential(cluster=cluster, actor=operator, ca_data=proxy.ca, token=granted["east"][2])
    tasks.probe_cluster(str(cluster.pk))  # as the registry asked for
    assert said("Reachable")[:2] == ("True", "Answered")
    assert said("IdentityConfirmed")[:2] == ("True", "SameCluster")
    drain()
    assert healthy(work)
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert [each.status for each in proxy.seen[asked:] if each.method == "PATCH"] == [200], "the edit, once"
    assert theirs.untouched()


def test_who_registers_both_authorities_beforehand_notices_nothing(
    proxied, operator, granted, submit, drain, healthy, ground, config, live, faults
):
    proxy, cluster = proxied
    coming = serving()
    both, token = f"{proxy.ca}\n{coming[0]}", granted["east"][2]
    registry.replace_credential(cluster=cluster, actor=operator, ca_data=both, token=token)
    for edit, shown in (("1", None), ("2", coming)):
        if shown:
            proxy.show(*shown)
        work = submit("application", [*ground, config("a", key=edit)])
        drain()
        assert healthy(work)
        assert live("ConfigMap", "a")["data"] == {"key": edit}
    registry.replace_credential(cluster=cluster, actor=operator, ca_data=coming[0], token=token)
    assert faults() == 0


@pytest.fixture
def certificate():
    """certificate(ends) → one of the writer by east's own authority, and its key."""
    with opened(LAB, changing=False) as lab:
        pki = lab.cluster("east").control.pki
        authority, key = (pki / "ca.crt").read_bytes(), (pki / "ca.key").read_bytes()
    return lambda ends: signed(authority, key, WRITER, ends)


def test_a_client_certificate_that_has_ended_is_told_and_another_goes_on(
    proxied, certificate, operator, cluster, granted, submit, drain, healthy, ground, config, live, said, faults
):
    """Straight to the API server: a proxy that ends the TLS has no certificate of ours to show."""
    server, ca, _ = granted["east"]
    Cluster.objects.filter(pk=cluster.pk).update(server=server, ca_data=ca)

    def kubeconfig(certificate, key):
        def encoded(text):
            return base64.b64encode(text.encode()).decode()

        user = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
        there = {"server": server, "certificate-authority-data": encoded(ca)}
        context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
        named = {"clusters": [{"name": "c", "cluster": there}], "users": [{"name": "c", "user": user}]}
        return json.dumps(
            {"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [context], **named}
        )

    good = kubeconfig(*certificate(datetime.now(UTC) + HOUR / 2))
    registry.replace_credential(cluster=cluster, actor=operator, kubeconfig=good)
    tasks.probe_cluster(str(cluster.pk))
    assert said("CredentialsAccepted")[:2] == ("True", "Accepted")
    work = submit("application", [*ground, config("a", key="1")])
    drain()
    assert healthy(work)

    ended = datetime.now(UTC) - timedelta(minutes=1)
    public, key = certificate(ended)
    put_in_force(cluster, "writer", client_certificate=public, client_key=key, expires_at=ended)
    submit("application", [*ground, config("a", key="2")])
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "1"}
    _turn(cluster)
    assert said("Reachable")[:2] == ("True", "Answered")
    assert said("CredentialsAccepted")[:2] == ("False", "Unauthorized")
    assert said("CredentialsExpiring")[:2] == ("True", "Expired")
    assert faults() == 0, "nothing more is asked with it"

    fresh = kubeconfig(*certificate(datetime.now(UTC) + HOUR / 2))
    registry.replace_credential(cluster=cluster, actor=operator, kubeconfig=fresh)
    tasks.probe_cluster(str(cluster.pk))
    assert said("CredentialsAccepted")[:2] == ("True", "Accepted")
    drain()
    assert healthy(work)
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
