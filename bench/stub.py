"""A stand-in for API servers, for counts of clusters only: `python -m bench.stub CERTIFICATE DELAY PORT [PORT …]`.

CERTIFICATE is a PEM file with its key. One program serves a cluster a port: it stores what is applied and answers get,
list, watch, apply and delete, and what the probe asks, each after DELAY seconds. It imitates no more than the loop
needs: uids, versions, one entry of managedFields, and a Deployment that is available at once. Whoever stops the program
hangs all its clusters.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import sys
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from clusters.kinds import WELL_KNOWN, Resource
from clusters.manifests import Body

HOST = "127.0.0.1"
VERSION = {"major": "1", "minor": "34", "gitVersion": "v1.34.4"}
FENCE = "dougong-fence"
# Discovery of every well-known kind.
KINDS = tuple(WELL_KNOWN.values())
_LEFT_OUT = frozenset({"apiVersion", "kind"})
_NAMES = frozenset({"name", "namespace", "uid"})

Key = tuple[str, str, str]


class Cluster:
    """What one API server knows."""

    def __init__(self, port: int) -> None:
        self.identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"stub/{port}"))
        self._objects: dict[Key, Body] = {}
        self._versions = itertools.count(1000)
        self._watches: dict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)

    def find(self, plural: str, namespace: str, name: str) -> Body | None:
        if plural == "namespaces" and name == "kube-system":
            return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": self.identity}}
        if plural == "validatingadmissionpolicies":
            return {"metadata": {"name": name}, "spec": {"failurePolicy": "Fail"}}
        if plural == "validatingadmissionpolicybindings":
            return {"metadata": {"name": name}, "spec": {"policyName": FENCE, "validationActions": ["Deny"]}}
        return self._objects.get((plural, namespace, name))

    def listed(self, plural: str, namespace: str) -> dict[str, Any]:
        items = [body for key, body in self._objects.items() if key[0] == plural and namespace in ("", key[1])]
        return {"metadata": {"resourceVersion": str(next(self._versions))}, "items": items}

    def apply(self, plural: str, namespace: str, name: str, body: Body) -> tuple[int, Body]:
        """The status and the object, or a refusal."""
        before = self._objects.get((plural, namespace, name))
        wanted = body["metadata"].get("uid")
        if wanted and (before is None or before["metadata"]["uid"] != wanted):
            return 409, _status(409, "Conflict", "the uid is another")
        live = self._live(body, before)
        self._objects[plural, namespace, name] = live
        self._tell(plural, "MODIFIED" if before else "ADDED", live)
        return (200 if before else 201), live

    def delete(self, plural: str, namespace: str, name: str) -> tuple[int, Body]:
        before = self._objects.pop((plural, namespace, name), None)
        if before is None:
            return 404, _status(404, "NotFound", "there is none")
        self._tell(plural, "DELETED", before)
        return 200, before

    def watch(self, plural: str) -> asyncio.Queue[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._watches[plural].add(queue)
        return queue

    def leave(self, plural: str, queue: asyncio.Queue[bytes]) -> None:
        self._watches[plural].discard(queue)

    def _live(self, body: Body, before: Body | None) -> Body:
        """The object as an API server would store it."""
        old = before["metadata"] if before else {}
        same = before is not None and before.get("spec") == body.get("spec")
        generation = int(old.get("generation", 0)) + (0 if same else 1)
        entry = {"manager": "dougong", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": _fields(body)}
        metadata = {
            **body["metadata"],
            "uid": old.get("uid") or str(uuid.uuid4()),
            "resourceVersion": str(next(self._versions)),
            "generation": generation,
            "managedFields": [entry],
        }
        live = {**body, "metadata": metadata}
        if body["kind"] == "Deployment":
            done = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
            live["status"] = {
                "observedGeneration": generation, "conditions": [*done, {"type": "Available", "status": "True"}],
            }  # fmt: skip
        if body["kind"] == "Namespace":
            live["status"] = {"phase": "Active"}
        return live

    def _tell(self, plural: str, event: str, body: Body) -> None:
        line = orjson.dumps({"type": event, "object": body}) + b"\n"
        for queue in self._watches[plural]:
            queue.put_nowait(line)


def _fields(body: Body) -> dict[str, Any]:
    """fieldsV1 of what was applied; a list is owned as a whole."""
    found = {f"f:{key}": _below(value) for key, value in body.items() if key not in _LEFT_OUT}
    metadata = {key: value for key, value in body["metadata"].items() if key not in _NAMES}
    return {**found, "f:metadata": _below(metadata)}


def _below(value: Any) -> dict[str, Any]:
    return {f"f:{key}": _below(part) for key, part in value.items()} if isinstance(value, dict) and value else {}


def _status(code: int, reason: str, message: str) -> Body:
    return {"kind": "Status", "metadata": {}, "code": code, "reason": reason, "message": message}


def _discovery(*, core: bool) -> dict[str, Any]:
    groups: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for each in KINDS:
        group, _, version = each.api_version.rpartition("/")
        if core == (not group):
            groups[group][version].append(each)
    items = [
        {"metadata": {"name": group}, "versions": [_version(version, kinds) for version, kinds in found.items()]}
        for group, found in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "metadata": {}, "items": items}


def _version(version: str, kinds: list[Resource]) -> dict[str, Any]:
    return {"version": version, "resources": [_served(each) for each in kinds]}


def _served(kind: Resource) -> dict[str, Any]:
    scope = "Namespaced" if kind.namespaced else "Cluster"
    return {"resource": kind.plural, "responseKind": {"kind": kind.kind}, "scope": scope, "verbs": ["get", "list"]}


@dataclass(frozen=True)
class Server:
    """Answers for one cluster."""

    cluster: Cluster
    delay: float

    def application(self) -> web.Application:
        """Its routes."""
        served = web.Application()
        for path in ("/version", "/api", "/apis"):
            served.router.add_get(path, self._fixed)
        for root in ("/api/{version}", "/apis/{group}/{version}"):
            for scope in ("/namespaces/{namespace}/{plural}", "/{plural}"):
                for path in (scope, f"{scope}/{{name}}"):
                    served.router.add_route("*", f"{root}{path}", self._handle)
        return served

    async def _fixed(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        answers = {"/version": VERSION, "/api": _discovery(core=True), "/apis": _discovery(core=False)}
        return _json(200, answers[request.path])

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        plural, namespace, name = (request.match_info.get(key, "") for key in ("plural", "namespace", "name"))
        if request.method == "PATCH":
            return _json(*self.cluster.apply(plural, namespace, name, orjson.loads(await request.read())))
        if request.method == "DELETE":
            return _json(*self.cluster.delete(plural, namespace, name))
        if name:
            found = self.cluster.find(plural, namespace, name)
            return _json(200, found) if found else _json(404, _status(404, "NotFound", "there is none"))
        if request.query.get("watch"):
            return await self._watch(request, plural)
        return _json(200, self.cluster.listed(plural, namespace))

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response, queue = web.StreamResponse(), self.cluster.watch(plural)
        try:
            await response.prepare(request)
            with contextlib.suppress(ConnectionResetError):
                while True:
                    await response.write(await queue.get())
        finally:
            self.cluster.leave(plural, queue)
        return response


def _json(code: int, body: Any) -> web.Response:
    return web.Response(status=code, body=orjson.dumps(body), content_type="application/json")


async def serve(certificate: str, delay: float, ports: list[int]) -> None:
    """Until the standard input ends, as it does with whoever has started the program."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for port in ports:
        runner = web.AppRunner(Server(Cluster(port), delay).application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, port, ssl_context=context).start()
    print("ready", flush=True)  # noqa: T201 - who has started it waits for that
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2]), [int(each) for each in sys.argv[3:]]))
