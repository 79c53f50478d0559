"""GET environments/{id}/logs/: lines as server-sent events, for those who may view."""

import json

import pytest
from asgiref.sync import async_to_sync

from apps import logs
from apps.models import Environment
from clusters.mixer import Line
from clusters.models import Cluster, ClusterCredential
from paas.identity import services as identity


@pytest.fixture
def address(deploy, west):
    deploy(clusters=["east", "west"])
    for cluster in Cluster.objects.all():
        ClusterCredential.objects.create(cluster=cluster, token="canary-token")
    return f"/api/v1/environments/{Environment.objects.get().pk}/logs/"


@pytest.fixture
def asked(monkeypatch):
    """What the clusters are asked for; they answer one line each."""
    seen = []

    async def pod_logs(accesses, query):
        seen.append((sorted(each.name for each in accesses), query))
        for access in accesses:
            yield Line(access.name, "hello-web-1", "web", "2026-01-01T00:00:00Z", "hello\u2028there")
        yield None

    monkeypatch.setattr(logs, "pod_logs", pod_logs)
    return seen


@pytest.fixture
def get(async_client):
    def go(user, address):
        token, _ = identity.create_token(user=user, name="test", actor=user)

        async def read():
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
            answer = await async_client.get(address, headers=headers)
            if not answer.streaming:
                return answer.status_code, answer.content.decode()
            return answer.status_code, b"".join([chunk async for chunk in answer]).decode()

        return async_to_sync(read)()

    return go


def lines(text):
    return [json.loads(each.removeprefix("data: ")) for each in text.split("\n") if each.startswith("data: ")]


def test_lines_of_every_cluster(get, address, viewer, asked):
    status, text = get(viewer, address)
    assert status == 200
    assert sorted(each["cluster"] for each in lines(text)) == ["east", "west"]
    assert set(lines(text)[0]) == {"cluster", "pod", "process", "release", "at", "line"}
    [(names, query)] = asked
    assert (names, query.follow, query.tail) == (["east", "west"], False, 100)
    assert query.namespace == Environment.objects.get().namespace
    assert query.selector == "app.kubernetes.io/name=hello,app.kubernetes.io/component"
    assert "canary" not in text


def test_one_cluster_and_one_process(get, address, viewer, asked):
    get(viewer, f"{address}?cluster=west&process=web&follow=1&tail=7")
    [(names, query)] = asked
    assert (names, query.follow, query.tail) == (["west"], True, 7)
    assert query.selector == "app.kubernetes.io/name=hello,app.kubernetes.io/component=web"


def test_a_container_beside_the_process(get, address, deploy, viewer, asked):
    cache = {"name": "cache", "process": "web", "cpu": "10m", "memory": "16Mi", "command": ["cache"]}
    deploy(clusters=["east", "west"], blocks=[{"sidecar": cache}])
    get(viewer, f"{address}?process=web&container=cache")
    [(_, query)] = asked
    assert query.container == "cache"
    status, text = get(viewer, f"{address}?container=nobody")
    refused = json.loads(text)
    assert (status, refused["code"]) == (404, "container_not_found")
    assert "cache, web" in refused["rule"]
    assert get(viewer, f"{address}?process=other&container=cache")[0] == 404


@pytest.mark.parametrize("said", ["1", "r1", "r01"])
def test_one_release(get, address, viewer, asked, said):
    get(viewer, f"{address}?release={said}")
    [(_, query)] = asked
    assert query.release == "r1"
    assert sorted(query.revisions) == ["east", "west"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("release=r2", 404, "release_not_found"),
        ("release=latest", 404, "release_not_found"),
        ("release=99999999999999999999", 404, "release_not_found"),
        ("cluster=moon", 404, "cluster_not_found"),
        ("process=web,app!=x", 404, "process_not_found"),
        ("tail=many", 400, "invalid"),
    ],
)
def test_what_is_refused_is_a_problem(get, address, viewer, asked, query, status, code):
    found, text = get(viewer, f"{address}?{query}")
    assert (found, json.loads(text)["code"]) == (status, code)
    assert asked == []


def test_strangers_read_nothing(get, address, stranger, asked):
    assert get(stranger, address)[0] == 404
    assert asked == []


def test_too_many_at_once(get, address, viewer, asked, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"stream_limit": 0})
    status, text = get(viewer, address)
    assert (status, json.loads(text)["code"]) == (503, "too_many_streams")


def test_a_lost_role_ends_the_stream(get, address, viewer, asked, team, admin, monkeypatch):
    monkeypatch.setattr(logs, "CHECK_SECONDS", -1)
    monkeypatch.setattr(logs, "fresh", lambda actor: None)
    _, text = get(viewer, address)
    assert "event: refused" in text
    assert len(lines(text)) == 2
