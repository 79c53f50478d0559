"""Foreign hands: changes to objects of ours that somebody makes on the cluster, past Dougong."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bench.objects import path_of
from clusters.client import ClusterClient
from clusters.manifests import Body, ObjectId

HAND = "kubectl-edit"
IMAGE = f"registry.invalid/drift@sha256:{'0' * 64}"
# Kind → the field that is changed, as a JSON pointer, and its foreign value. What is not here is deleted.
EDITS = {
    "Deployment": ("/spec/template/spec/containers/0/image", IMAGE),
    "Service": ("/spec/selector/app.kubernetes.io~1component", "drift"),
}


@dataclass(frozen=True)
class Target:
    """An object as it was declared, and the Work that declares it."""

    work_id: object
    body: Body

    @property
    def oid(self) -> ObjectId:
        return ObjectId.of(self.body)


async def disturb(client: ClusterClient, body: Body) -> float:
    """Edit the object in a field of ours, or delete it where none can be changed; when that was answered."""
    if body["kind"] not in EDITS:
        return await delete(client, body)
    pointer, value = EDITS[body["kind"]]
    patch: list[dict[str, Any]] = [{"op": "replace", "path": pointer, "value": value}]
    await client.request(
        "PATCH", path_of(body), body=patch, content_type="application/json-patch+json", params={"fieldManager": HAND}
    )
    return time.perf_counter()


async def delete(client: ClusterClient, body: Body) -> float:
    """Delete the object; when that was answered."""
    await client.request("DELETE", path_of(body))
    return time.perf_counter()
