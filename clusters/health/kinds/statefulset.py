"""StatefulSet: by replicas, partition and revision. Pure."""

from __future__ import annotations

from typing import Any

from clusters.health.generic import unseen_generation
from clusters.health.reading import count, text
from clusters.health.verdict import Verdict, healthy, progressing

KIND = ("apps", "StatefulSet")


def assess(body: dict[str, Any]) -> Verdict:
    unseen = unseen_generation(body, must_be_there=True)
    if unseen:
        return unseen
    wanted = count(body, "spec", "replicas", default=1)
    if text(body, "spec", "updateStrategy", "type") == "OnDelete":
        return healthy("OnDelete", "Replicas are updated when somebody deletes them")
    total, ready = count(body, "status", "replicas"), count(body, "status", "readyReplicas")
    if total < wanted:
        return progressing("LessReplicas", f"{total} of {wanted} replicas exist")
    if ready < wanted:
        return progressing("LessReady", f"{ready} of {wanted} replicas are ready")
    if total > wanted:
        return progressing("ExtraPods", f"{total - wanted} replicas are to go")
    return _revision(body, wanted)


def _revision(body: dict[str, Any], wanted: int) -> Verdict:
    updated = count(body, "status", "updatedReplicas")
    partition = count(body, "spec", "updateStrategy", "rollingUpdate", "partition")
    current, update = text(body, "status", "currentRevision"), text(body, "status", "updateRevision")
    if partition > 0:
        due = max(wanted - partition, 0)
        if updated < due:
            return progressing("PartitionRollout", f"{updated} of {due} replicas of the partition are updated")
        return healthy("PartitionRolledOut", f"{updated} replicas of the partition are updated")
    if current != update:
        return progressing("LessUpdated", f"{updated} of {wanted} replicas are updated")
    return healthy("Available", f"{wanted} replicas are ready")
