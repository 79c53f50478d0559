"""One kind, followed: what is watched, and what a stream does when its place in the history is gone."""

import asyncio
import contextlib

import pytest

from clusters.client import ClusterClient
from clusters.kinds import WELL_KNOWN
from clusters.models import Cluster, OwnedObject
from clusters.sessions import endpoint_for
from clusters.watch import stream
from clusters.watch.process import _wanted
from clusters.watch.stream import Change, Listed, follow


@pytest.fixture
def told(cluster, monkeypatch):
    """told(kind, enough) follows that kind until enough(all that was told) → what was told."""
    endpoint = endpoint_for(cluster)
    monkeypatch.setattr(stream, "FIRST_PAUSE", 0.05)

    async def run(resource, enough):
        client, heard = ClusterClient(endpoint), []
        over = asyncio.Event()

        async def tell(each):
            heard.append(each)
            if enough(heard):
                over.set()

        following = asyncio.create_task(follow(client, cluster.pk, resource, tell))
        try:
            async with asyncio.timeout(30):
                await over.wait()
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            await client.close()
        return heard

    return lambda kind, enough: asyncio.run(run(WELL_KNOWN[kind], enough))


def lists(heard):
    return [each for each in heard if isinstance(each, Listed)]


def test_a_list_comes_first_and_says_all_there_is(told, submit, until, healthy, ground, config, row, oid):
    work = submit("application", [*ground, config("a", key="1")])
    until(lambda: healthy(work))
    heard = told(("v1", "ConfigMap"), lists)
    uid = row(oid("ConfigMap", "a")).uid
    assert uid in lists(heard)[0].uids
    assert uid in [each.body["metadata"]["uid"] for each in heard if isinstance(each, Change)]


def test_garbage_is_asked_again(told, monkeypatch):
    real, asked = ClusterClient.watch, []

    async def garbled(client, resource, **given):
        asked.append(resource)
        if len(asked) < 3:
            yield {"type": "ADDED", "object": {}}
        async for event in real(client, resource, **given):
            yield event

    monkeypatch.setattr(ClusterClient, "watch", garbled)
    assert len(lists(told(("v1", "ConfigMap"), lambda heard: len(lists(heard)) == 3))) == 3


def test_secrets_are_never_watched_whatever_the_inventory_says(cluster):
    OwnedObject.objects.create(cluster=cluster, oid="core/Secret/ns/keys", api_version="v1", claim="c")
    OwnedObject.objects.create(cluster=cluster, oid="core/ResourceQuota/ns/q", api_version="v1", claim="c")
    _, resources = _wanted()[cluster.pk]
    kinds = {each.kind for each in resources}
    assert "Secret" not in kinds
    assert {"ResourceQuota", "Deployment", "Pod", "ConfigMap", "Namespace", "HTTPRoute"} <= kinds


def test_the_writer_may_watch_all_that_is_watched(cluster, granted):
    endpoint = endpoint_for(cluster)

    async def ask():
        client = ClusterClient(endpoint)
        try:
            for resource in resources:
                await client.list(resource, selector=stream.selector_for(resource))
        finally:
            await client.close()

    _, resources = _wanted()[cluster.pk]
    asyncio.run(ask())


@pytest.mark.parametrize(
    "state",
    [{"suspended": True}, {"identity": None}, {"conditions": [{"type": "CredentialsAccepted", "status": "False"}]}],
)
def test_a_cluster_that_may_not_be_delivered_to_is_not_watched(cluster, state):
    Cluster.objects.update(**state)
    assert _wanted() == {}
