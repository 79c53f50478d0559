"""Gives a process a service account of its own with annotations, by which a cloud knows it; no token is mounted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import object_name
from apps.spec import AppSpec
from apps.terms import AnnotationText, LabelKey, Name
from clusters.target import ClusterTarget

# What stands before the / of an annotation that Kubernetes or Dougong reads.
RESERVED = ("kubernetes.io", "k8s.io", "dougong.dev")
EXAMPLE = {"process": "web", "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/hello"}}


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process that runs under it."})
    annotations: Mapping[LabelKey, AnnotationText] = field(
        metadata={"description": "Its annotations; those of Kubernetes and Dougong cannot be set."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    for key in sorted(params.annotations):
        domain = key.rpartition("/")[0]
        if any(domain == each or domain.endswith(f".{each}") for each in RESERVED):
            raise RenderError("reserved_annotation", "annotations", f"{key} is set by the platform alone")
    name = object_name(app, params.process)
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "annotations": dict(sorted(params.annotations.items()))},
        "automountServiceAccountToken": False,
    }
    return Contribution(
        objects=(Object(body, process=params.process),),
        processes={params.process: ProcessContribution(service_account=name)},
    )
