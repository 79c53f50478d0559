"""An API server that refuses, and says back all that it was sent: what a debugging proxy or a careless webhook does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from clusters.manifests import ANNOTATION_CLAIM, ObjectId
from clusters.models import Cluster, ClusterCredential, OwnedObject
from clusters.reconcile.hiding import LAST_APPLIED
from tests.fault_proxy import Answer, FaultProxy, Request

NAMESPACE = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "uid-of-east"}}


@dataclass
class Echo:
    """`manner`: how it refuses; "writes" lets reads find what it `holds`, by path, which it says with each refusal."""

    proxy: FaultProxy
    manner: str = "writes"
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer:
        """To everything."""
        said = json.dumps(dict(request.headers)) + request.body.decode(errors="replace")
        if self.manner == "text":
            return Answer(502, f"<html>{said}</html>")
        if self.manner != "writes":
            return Answer(int(self.manner), _status(int(self.manner), said))
        path = request.path.partition("?")[0]
        live = self.holds.get(path)
        if request.method != "GET":
            return Answer(422, _status(422, json.dumps(live) if live else said, "Invalid"))
        if live:
            return Answer(200, live)
        if request.path.startswith("/api/v1/namespaces/kube-system"):
            return Answer(200, NAMESPACE)
        return Answer(404, _status(404, "not found", "NotFound"))

    def hold_secret(self, row: OwnedObject, value: str, applied: str) -> None:
        """A Secret of ours that holds another value, and what somebody has applied by hand; both in base64."""
        oid = ObjectId.parse(row.oid)
        annotations = {ANNOTATION_CLAIM: row.claim, LAST_APPLIED: json.dumps({"data": {"PASSWORD": applied}})}
        metadata = {"name": oid.name, "namespace": oid.namespace, "uid": "uid-1", "resourceVersion": "7",
                    "annotations": annotations}  # fmt: skip
        self.holds[f"/api/v1/namespaces/{oid.namespace}/secrets/{oid.name}"] = {
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"PASSWORD": value},
        }  # fmt: skip

    @property
    def seen(self) -> bytes:
        """Everything that it was sent."""
        return b"\n".join(each.body + repr(dict(each.headers)).encode() for each in self.proxy.seen)


def _status(code: int, message: str, reason: str = "Refused") -> dict[str, Any]:
    causes = [{"reason": "FieldValueInvalid", "field": "data", "message": message}]
    return {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message,
        "metadata": {}, "details": {"causes": causes},
    }  # fmt: skip


@contextmanager
def echoing(cluster: Cluster, token: str) -> Iterator[Echo]:
    """Such a server behind the cluster's address, opened by the token."""
    with FaultProxy("https://127.0.0.1:1", "") as proxy:
        proxy.script = echo = Echo(proxy)
        Cluster.objects.filter(pk=cluster.pk).update(server=proxy.server, ca_data=proxy.ca)
        ClusterCredential.objects.create(cluster=cluster, token=token, version=2)
        yield echo
