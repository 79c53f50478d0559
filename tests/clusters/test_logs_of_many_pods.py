"""Lines of many pods on many clusters in one stream: whole, with where they come from, and what cannot be read."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from clusters import revisions, stream
from clusters.client import Endpoint
from clusters.faults import ApiRefused, Unreachable
from clusters.revisions import known
from clusters.sessions import Access
from clusters.stream import Query, pod_logs

QUERY = Query(namespace="n", selector="app=hello", container_label="component", tail=5)
AT = "2026-01-01T00:00:00.000000001Z"


class Fleet:
    """Pods by cluster, lines by pod; an exception in the place of either is raised."""

    def __init__(self):
        self.pods, self.lines, self.asked, self.closed = {}, {}, [], []
        self.sets, self.stateful = {}, {}

    def client(self, endpoint):
        return Client(self, endpoint.server)


class Client:
    def __init__(self, fleet, cluster):
        self.fleet, self.cluster = fleet, cluster

    async def list(self, resource, namespace, *, selector):
        kinds = {"pods": self.fleet.pods, "replicasets": self.fleet.sets, "statefulsets": self.fleet.stateful}
        found = kinds[resource.plural].get(self.cluster, [])
        if isinstance(found, Exception):
            raise found
        return list(found), "1"

    async def stream(self, path, params):
        self.fleet.asked.append((self.cluster, path, params))
        name = path.split("/")[-2]
        for line in self.fleet.lines.get(name, []):
            if isinstance(line, Exception):
                raise line
            yield line
        if params.get("follow"):
            await asyncio.Event().wait()

    async def close(self):
        self.fleet.closed.append(self.cluster)


def pod(name, *, state="running", restarts=0, of="", revision=""):
    status = {"name": "web", "state": {state: {}}, "restartCount": restarts}
    labels = {"component": "web", **({"controller-revision-hash": revision} if revision else {})}
    owner = {"kind": "ReplicaSet" if of else "StatefulSet", "name": of or "db", "controller": True}
    metadata = {"name": name, "uid": f"uid-{name}", "labels": labels, "ownerReferences": [owner]}
    return {"metadata": metadata, "status": {"containerStatuses": [status]}}


@pytest.fixture
def fleet(monkeypatch):
    found = Fleet()
    monkeypatch.setattr(stream, "ClusterClient", found.client)
    monkeypatch.setattr(revisions, "ClusterClient", found.client)
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    return found


def accesses(*names):
    return [Access(None, name, "writer", 1, Endpoint(server=name, ca_data="")) for name in names]


def read(*names, query=QUERY, most=None, meanwhile=None):
    """(cluster, pod, text) of what comes, up to `most` lines; `meanwhile` is called at each."""

    async def collect():
        found = []
        async with asyncio.timeout(20), aclosing(pod_logs(accesses(*names), query)) as lines:
            async for line in lines:
                found.append((line.cluster, line.pod, line.text))
                if meanwhile is not None:
                    meanwhile()
                if len(found) == most:
                    break
        return found

    return asyncio.run(collect())


def test_the_last_lines_of_each_pod_then_the_end(fleet):
    fleet.pods = {"east": [pod("a"), pod("b")], "west": [pod("c")]}
    fleet.lines = {name: [f"{AT} one {name}".encode(), f"{AT} two".encode()] for name in "abc"}
    found = read("east", "west")
    assert sorted(found) == sorted(
        (cluster, name, text)
        for cluster, name in (("east", "a"), ("east", "b"), ("west", "c"))
        for text in (f"one {name}", "two")
    )
    assert fleet.asked[0][2] == {"container": "web", "timestamps": "true", "tailLines": "5"}
    assert sorted(fleet.closed) == ["east", "west"]


def test_a_container_beside_or_before_the_process(fleet):
    there = pod("a")
    there["status"]["initContainerStatuses"] = [{"name": "cache", "state": {"terminated": {}}, "restartCount": 0}]
    fleet.pods = {"east": [there, pod("b")]}
    fleet.lines = {"a": [f"{AT} of the cache".encode()], "b": [f"{AT} of another".encode()]}
    assert read("east", query=replace(QUERY, container="cache")) == [("east", "a", "of the cache")]
    assert [params["container"] for _, _, params in fleet.asked] == ["cache"]


def test_a_cluster_that_does_not_answer_keeps_no_other_back(fleet):
    fleet.pods = {"east": Unreachable("no route"), "west": [pod("c")]}
    fleet.lines = {"c": [f"{AT} hello".encode()]}
    assert sorted(read("east", "west")) == [("east", "", "cannot be read: no route"), ("west", "c", "hello")]


def test_a_pod_that_cannot_be_read_is_said(fleet):
    fleet.pods = {"east": [pod("a")]}
    fleet.lines = {"a": [f"{AT} hello".encode(), ApiRefused(403, "Forbidden", "no")]}
    assert read("east") == [("east", "a", "hello"), ("east", "a", "(cannot be read: 403 Forbidden: no)")]


def test_what_has_not_started_is_not_asked(fleet):
    fleet.pods = {"east": [pod("a", state="waiting")]}
    assert read("east") == []
    assert fleet.asked == []


def test_no_pod_is_said(fleet):
    assert read("east") == [("east", "", "no pod is there")]


def test_following_finds_new_pods_and_restarts(fleet):
    fleet.pods = {"east": [pod("a")]}
    fleet.lines = {"a": [f"{AT} old".encode()], "b": [f"{AT} new".encode()]}
    query = Query(namespace="n", selector="", container_label="component", follow=True)

    def meanwhile():
        fleet.pods["east"] = [pod("a", restarts=1), pod("b")]

    found = read("east", query=query, most=3, meanwhile=meanwhile)
    assert sorted(found) == [("east", "a", "old"), ("east", "a", "old"), ("east", "b", "new")]
    assert ["tailLines" in params for _, _, params in fleet.asked] == [True, False, False]
    assert fleet.closed == ["east"]


def test_bytes_that_are_no_text_and_endless_lines(fleet, monkeypatch):
    monkeypatch.setattr(stream, "LONGEST_LINE", 40)
    fleet.pods = {"east": [pod("a")]}
    fleet.lines = {"a": [f"{AT} ".encode() + b"\xff" * 100]}
    [(_, _, text)] = read("east")
    assert 0 < len(text) < 40


def test_a_heartbeat_where_nothing_is_written(fleet, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.01)
    fleet.pods = {"east": [pod("a")]}
    query = Query(namespace="n", selector="", container_label="component", follow=True)

    async def first():
        async with asyncio.timeout(20), aclosing(pod_logs(accesses("east"), query)) as lines:
            return await anext(lines)

    assert asyncio.run(first()) is None


def replica_set(name, release):
    return {"metadata": {"name": name, "annotations": {"dougong.dev/release": release}}}


def stateful_set(revision, release, *, observed=1):
    metadata = {"name": "db", "generation": 1, "annotations": {"dougong.dev/release": release}}
    return {"metadata": metadata, "status": {"observedGeneration": observed, "updateRevision": revision}}


@pytest.fixture
def released(fleet):
    """Pods of two revisions of a Deployment, of one of a StatefulSet, and one of which nothing is known."""
    fleet.pods = {"east": [pod("a", of="web-1"), pod("b", of="web-2"), pod("c", revision="db-1"), pod("d")]}
    fleet.sets = {"east": [replica_set("web-1", "r3"), replica_set("web-2", "r4")]}
    fleet.stateful = {"east": [stateful_set("db-1", "r4")]}
    fleet.lines = {name: [f"{AT} from {name}".encode()] for name in "abcd"}
    return fleet


def told(query):
    async def collect():
        async with aclosing(pod_logs(accesses("east"), query)) as lines:
            return sorted([(line.pod, line.release, line.text) async for line in lines])

    return asyncio.run(collect())


def by_release(**more):
    return replace(QUERY, revisions={"east": accesses("east")[0]}, **more)


def test_a_line_says_the_release_of_its_pod(released):
    assert [each[:2] for each in told(by_release())] == [("a", "r3"), ("b", "r4"), ("c", "r4"), ("d", "")]
    assert released.closed == ["east", "east"]
    assert {each[1] for each in told(QUERY)} == {""}


def test_only_one_release(released):
    assert [each[0] for each in told(by_release(release="r4"))] == ["b", "c"]
    [(pod, _, text)] = told(by_release(release="r2"))
    assert (pod, text.startswith("no pod of r2 is there")) == ("", True)


def test_who_may_not_read_revisions_reads_lines_all_the_same(released):
    released.sets = {"east": ApiRefused(403, "Forbidden", "no")}
    assert [each[:2] for each in told(by_release())] == [(name, "") for name in "abcd"]


def test_a_stateful_set_that_was_not_looked_at_yet_tells_nothing_new():
    assert known([], [stateful_set("db-1", "r5", observed=0)]) == {}


def test_a_release_that_changes_nothing_of_a_pod_but_its_workload_takes_it_over(released):
    """Its lines say so from then on."""
    released.pods = {"east": [pod("a", of="web-1")]}

    async def collect():
        found = []
        async with asyncio.timeout(20), aclosing(pod_logs(accesses("east"), by_release(follow=True))) as lines:
            async for line in lines:
                found.append(line.release)
                released.sets = {"east": [replica_set("web-1", "r5")]}
                released.pods = {"east": [pod("a", of="web-1", restarts=1)]}
                if len(found) == 2:
                    break
        return found

    assert asyncio.run(collect()) == ["r3", "r5"]
