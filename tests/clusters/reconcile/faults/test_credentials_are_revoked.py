"""A credential revoked while a batch is under way: nobody hammers, the cluster says so, and a new one resumes it."""

import asyncio
import base64

import pytest

from clusters import credentials, resolve, tasks
from clusters.manifests import ObjectId
from clusters.models import Cluster, ClusterCredential
from clusters.reconcile.drain import WORKS_AT_ONCE
from tests.clusters.reconcile.conftest import LONG_AGO
from tests.fault_proxy import After, Answer

APPLICATIONS = 40
WRITER = "system:serviceaccount:dougong-system:dougong-writer"
REFUSED = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Unauthorized", "code": 401}

TOKEN_PATH = "/api/v1/namespaces/dougong-system/serviceaccounts/dougong-writer/token"


@pytest.fixture
def revoke(proxied):
    """revoke(5): after five writes every request is answered 401, until a new token has been asked for."""
    proxy, _ = proxied

    def after(writes):
        first = len(proxy.seen)

        def script(request):
            done = proxy.seen[first : request.number]
            if request.path == TOKEN_PATH or any(each.path == TOKEN_PATH for each in done):
                return None
            written = sum(each.method == "PATCH" for each in done)
            return Answer(401, REFUSED) if written >= writes else None

        proxy.script = script

    return after


@pytest.fixture
def minter(proxied, admin):
    """The cluster has a credential that can mint."""
    token = admin.get(ObjectId("", "Secret", "dougong-system", "dougong-minter"))["data"]["token"]
    ClusterCredential.objects.create(cluster=proxied[1], purpose="minter", token=base64.b64decode(token).decode())


def accepted(cluster):
    cluster.refresh_from_db()
    return next(each["status"] for each in cluster.conditions if each["type"] == "CredentialsAccepted")


def test_a_refused_token_is_not_tried_again_and_a_new_one_goes_on(
    proxied, minter, revoke, submit, until, drain, sweep, healthy, ground, config, live, monkeypatch
):
    proxy, cluster = proxied
    base = submit("ground", ground)
    until(lambda: healthy(base))
    works = [submit(f"app-{number}", [config(f"app-{number}", key="1")]) for number in range(APPLICATIONS)]
    revoke(5)
    drain()
    refused = [each for each in proxy.seen if each.status == 401]
    assert 0 < len(refused) <= 2 * WORKS_AT_ONCE, "what was under way, and a look or two"
    assert sum(healthy(work) for work in works) <= 5

    with monkeypatch.context() as without:
        without.setattr(credentials, "rotate", lambda *_: [])
        _turn(cluster)
    assert accepted(cluster) == "False"
    asked = len(proxy.seen)
    sweep(3)
    assert len(proxy.seen) == asked, "nothing more is asked with it"

    tasks.rotate_credentials()
    _turn(cluster)
    assert accepted(cluster) == "True"
    until(lambda: healthy(*works))
    assert all(live("ConfigMap", f"app-{number}") for number in range(APPLICATIONS))
    assert cluster.credentials.get(purpose="writer").version == 2, "the refused one is forgotten"


def _turn(cluster):
    """The probe's next round, with the cluster's turn come."""
    Cluster.objects.filter(pk=cluster.pk, breaker_until__isnull=False).update(breaker_until=LONG_AGO)
    tasks.probe_clusters()


def test_a_right_that_is_taken_away_midway_is_given_back_by_the_ground(
    proxied, submit, until, drain, sweep, healthy, condition, ground, config, secret, admin, namespace, oid, live,
    monkeypatch,
):  # fmt: skip
    monkeypatch.setitem(resolve._resolvers, "test", lambda rest: rest.encode())
    proxy, _ = proxied
    base = submit("ground", ground)
    work = submit("application", [config("a", key="1"), secret("keys-1", key="test:1")], waits_for=[base])
    until(lambda: healthy(base, work))
    submit("application", [config("a", key="2"), secret("keys-2", key="test:2")], waits_for=[base])
    first = len(proxy.seen)

    def taken_away(_):
        admin.delete(oid("RoleBinding", "dougong-writer"))
        admin.until(lambda client: _refused(client, namespace))

    def script(request):
        return After(lambda each: asyncio.to_thread(taken_away, each)) if request.number == first else None

    proxy.script = script
    drain()
    assert condition(work, "ApplyFailed")["reason"] == "PermissionDenied"
    assert live("ConfigMap", "a")["data"] == {"key": "2"}, "what we may do is done"
    assert live("Secret", "keys-1") is not None, "nothing is pruned meanwhile"
    sweep(2)
    assert live("RoleBinding", "dougong-writer") is not None
    until(lambda: healthy(base, work))
    assert live("Secret", "keys-2") is not None
    assert live("Secret", "keys-1") is None


async def _refused(client, namespace):
    may = {"namespace": namespace, "verb": "create", "resource": "secrets"}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    said = await client.request("POST", path, body={**body, "spec": {"user": WRITER, "resourceAttributes": may}})
    return not said["status"]["allowed"]
