"""Gives a process a directory that outlives its Pods; no deploy ever deletes it, a person has to name it for that."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, Mount, ProcessContribution, Volume
from apps.naming import object_name
from apps.offered import check_offered
from apps.spec import AppSpec
from apps.terms import AccessMode, MountPath, Name, Storage
from clusters.target import ClusterTarget

EXAMPLE = {
    "process": "web", "name": "uploads", "path": "/uploads", "size": "10Gi", "tier": "shared",
    "access_mode": "ReadWriteMany",
}  # fmt: skip
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process that has it; its user may write there."})
    name: Name = field(
        metadata={"description": "What it is called, unique in its process; another name is another one."}
    )
    path: MountPath = field(metadata={"description": "The directory where the process finds it."})
    size: Storage = field(metadata={"description": "How much it holds at least; later it can grow, never shrink."})
    tier: Name = field(metadata={"description": "The storage tier, as the cluster offers it; it cannot change later."})
    access_mode: AccessMode = field(
        default="ReadWriteOnce",
        metadata={
            "description": "Once: one replica, ended before its successor starts; if the process is stateful, each has "
            "its own. Many: any number of replicas have it together."
        },
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    check_offered(target, "storage tier", params.tier, dict(target.storage), code="tier_missing", path="tier")
    claim = {
        "accessModes": [params.access_mode],
        "resources": {"requests": {"storage": params.size}},
        "storageClassName": target.storage_class(params.tier),
    }
    source = {"persistentVolumeClaim": {"claimName": object_name(app, params.process, params.name)}}
    given = ProcessContribution(
        volumes=(Volume(params.name, source, exclusive=params.access_mode == "ReadWriteOnce", claim=claim),),
        mounts=(Mount(params.name, params.path, read_only=False),),
    )
    return Contribution(processes={params.process: given})
