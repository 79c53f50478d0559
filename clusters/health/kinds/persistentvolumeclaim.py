"""PersistentVolumeClaim: Healthy when bound; says whether it is provisioned or waits for its first consumer. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.reading import condition, part, text
from clusters.health.verdict import Verdict, degraded, healthy, progressing

KIND = ("", "PersistentVolumeClaim")
# Written when provisioning begins: at once, or when the first consumer has been scheduled.
_PROVISIONING = (
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
)


def assess(body: dict[str, Any]) -> Verdict:
    phase = text(body, "status", "phase")
    if phase == "Lost":
        return degraded("Lost", "The volume behind the claim is gone")
    if phase == "Bound":
        return _bound(body)
    if any(name in part(body, "metadata", "annotations") for name in _PROVISIONING):
        return progressing("Provisioning", "The volume is being provisioned")
    if text(body, "spec", "volumeName"):
        return progressing("Binding", "The claim waits for the volume it names")
    return progressing("WaitForFirstConsumer", "No volume yet: the claim waits for its first consumer or for a volume")


def _bound(body: dict[str, Any]) -> Verdict:
    if condition(body, "FileSystemResizePending").get("status") == "True":
        return healthy("FileSystemResizePending", "The new size holds when the pod is started again")
    if condition(body, "Resizing").get("status") == "True":
        return progressing("Resizing", "The volume is being resized")
    return healthy("Bound", f"{text(body, 'status', 'capacity', 'storage')} bound".strip())
