"""Live logs on a real cluster: its own audit log names who reads them, and who is removed reads on no longer."""

import asyncio
import base64
import json
import threading
from dataclasses import replace

import pytest

from apps import logs
from clusters.by_hand import acting_for
from clusters.client import ClusterClient
from clusters.faults import ApiRefused
from clusters.models import ClusterCredential
from clusters.sessions import access_for
from clusters.stream import ACCOUNT, POD
from paas.identity.models import User
from paas.identity.revocation import end_access
from tests.apps.lab.site import WEB, kubectl
from tests.soak.audit_log import WRITER, AuditLog

TALKS = ["python3", "-uc", "import time\nwhile True:\n    print('still here')\n    time.sleep(0.2)"]


@pytest.fixture
def minter(granted, east):
    encoded = kubectl("get", "secret", "dougong-minter", "-n", "dougong-system", "-o", "jsonpath={.data.token}")
    ClusterCredential.objects.create(cluster=east, purpose="minter", token=base64.b64decode(encoded).decode())
    return access_for(east, ClusterCredential.Purpose.MINTER)


@pytest.fixture
def site(bring, minter):
    return bring({"process": {**WEB["process"], "command": TALKS}})


def read(answer, until=lambda text: False, then=lambda: None):
    """The text of the stream; `then` is done once, beside it, when `until` holds."""

    async def go():
        text, doing = "", None
        async with asyncio.timeout(90):
            async for chunk in answer:
                text += chunk.decode()
                if doing is None and until(text):
                    doing = asyncio.create_task(asyncio.to_thread(then))
        if doing is not None:
            await doing
        return text

    return asyncio.run(go())


def reads(log):
    return [each for each in log.events() if each["objectRef"].get("subresource") == "log"]


def test_the_clusters_own_audit_log_names_who_reads(site, viewer):
    log = AuditLog("east")
    text = read(logs.stream(actor=viewer, environment=site.environment, tail=3))
    assert text.count("still here") == 3
    [event] = [each for each in reads(log) if each["stage"] == "ResponseComplete"]
    assert event["user"]["username"] == "system:serviceaccount:dougong-system:dougong-logs"
    spoken_for = event["impersonatedUser"]
    assert spoken_for["username"] == f"system:serviceaccount:{site.namespace}:dougong-team"
    assert spoken_for["extra"] == {"dougong.dev/person": ["victor"]}
    assert event["objectRef"]["name"] == next(iter(site.pods()))


def test_two_who_read_the_same_are_two(site, viewer, owner):
    log = AuditLog("east")
    for actor in (viewer, owner):
        read(logs.stream(actor=actor, environment=site.environment, tail=1))
    named = {each["impersonatedUser"]["extra"]["dougong.dev/person"][0] for each in reads(log)}
    assert named == {"victor", "olga"}


def test_a_cluster_that_has_not_granted_it_is_read_as_before(site, viewer, east):
    east.facts["grants"] = 2
    east.save()
    log = AuditLog("east")
    assert "still here" in read(logs.stream(actor=viewer, environment=site.environment, tail=1))
    assert {each["user"]["username"] for each in reads(log)} == {WRITER}


@pytest.mark.timeout(200)
def test_who_is_removed_reads_no_further(site, viewer, admin):
    """The account is closed while lines go on coming: the stream ends by itself, long before its time is over."""
    closed = threading.Event()

    def close():
        end_access(User.objects.get(pk=viewer.pk), "left the company", actor=admin)
        closed.set()

    text = read(
        logs.stream(actor=viewer, environment=site.environment, follow=True),
        until=lambda text: "still here" in text,
        then=close,
    )
    assert closed.is_set()
    last = text.rpartition("event: refused\ndata: ")[2]
    assert json.loads(last.strip())["code"] == "not_authenticated"


def test_the_account_reads_logs_of_its_namespace_and_does_nothing_else(site, minter):
    async def ask(path, **headers):
        endpoint = await acting_for(minter, ACCOUNT, "olga", site.namespace, seconds=600)
        client = ClusterClient(replace(endpoint, headers=tuple(headers.items())) if headers else endpoint)
        try:
            await client.request("GET", path)
        except ApiRefused as refusal:
            return refusal.status
        finally:
            await client.close()
        return 200

    assert asyncio.run(ask(POD.path(site.namespace))) == 200
    for path in (
        POD.path("kube-system"),
        POD.path(),
        POD.path(site.namespace, next(iter(site.pods()))),
        f"/api/v1/namespaces/{site.namespace}/secrets",
        f"/api/v1/namespaces/{site.namespace}/configmaps",
    ):
        assert asyncio.run(ask(path)) == 403, path
    masters = {
        "Impersonate-User": f"system:serviceaccount:{site.namespace}:dougong-team",
        "Impersonate-Group": "system:masters",
    }
    for headers in (masters, {"Impersonate-User": "kubernetes-admin"}, {"Accept": "application/json"}):
        assert asyncio.run(ask(POD.path(site.namespace), **headers)) == 403, headers
