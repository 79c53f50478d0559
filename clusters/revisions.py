"""Which release a pod is of, as the revision of its workload says. Read for `stream`, as the platform.

The release stands on our workloads and never on their pods, and nothing is sent to a workload that a release leaves
alone. A Deployment hands it down to the ReplicaSet that it has now, which keeps it when another takes its place; a
StatefulSet names the revision that it has now. So a pod is of the latest release that changed its workload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clusters.client import ClusterClient
from clusters.faults import ClusterFault
from clusters.health.reading import items, text
from clusters.kinds import Resource
from clusters.manifests import ANNOTATION_RELEASE
from clusters.sessions import Access

REPLICA_SET = Resource("apps/v1", "ReplicaSet", "replicasets")
STATEFUL_SET = Resource("apps/v1", "StatefulSet", "statefulsets")
_REVISION = "controller-revision-hash"


class Revisions:
    """Of the workloads that `selector` takes in a namespace. Where they cannot be read what was known stays."""

    def __init__(self, access: Access, namespace: str, selector: str) -> None:
        self._client = ClusterClient(access.endpoint)
        self._namespace, self._selector = namespace, selector
        self._known: dict[str, str] = {}

    async def look(self) -> None:
        """As they are now."""
        try:
            sets, _ = await self._client.list(REPLICA_SET, self._namespace, selector=self._selector)
            stateful, _ = await self._client.list(STATEFUL_SET, self._namespace, selector=self._selector)
        except ClusterFault:
            return
        # A StatefulSet's former revisions are told by nothing that is there now.
        self._known |= known(sets, stateful)

    def release(self, pod: Mapping[str, Any]) -> str:
        """`r8`; "" where nothing tells."""
        return self._known.get(_revision(pod), "")

    async def close(self) -> None:
        """End the session."""
        await self._client.close()


def known(replica_sets: Iterable[Mapping[str, Any]], stateful_sets: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Revision → release. Pure."""
    found = {text(each, "metadata", "name"): text(each, "metadata", "annotations", ANNOTATION_RELEASE)
             for each in replica_sets}  # fmt: skip
    for each in stateful_sets:
        status = each.get("status") or {}
        # Until it has been looked at, what it calls its revision is the former one.
        if status.get("observedGeneration") == each["metadata"].get("generation"):
            found[text(each, "status", "updateRevision")] = text(each, "metadata", "annotations", ANNOTATION_RELEASE)
    return found


def _revision(pod: Mapping[str, Any]) -> str:
    """The name of the ReplicaSet behind a pod, or of its StatefulSet's revision."""
    owner = next((each for each in items(pod, "metadata", "ownerReferences") if each.get("controller") is True), {})
    return text(owner, "name") if owner.get("kind") == "ReplicaSet" else text(pod, "metadata", "labels", _REVISION)
