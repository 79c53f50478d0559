"""Gives a process a service account of its own with annotations, by which a cloud knows it; no token is mounted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from apps.contribution import Contribution, Object, ProcessContribution, RenderError
from apps.naming import object_name
from apps.offered import check_offered
from apps.pulls import TEAM_SECRET
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
        metadata={"description": "Its annotations, those that the cluster offers; never those of Kubernetes itself."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    for key, value in sorted(params.annotations.items()):
        domain = key.rpartition("/")[0]
        if any(domain == each or domain.endswith(f".{each}") for each in RESERVED):
            raise RenderError("reserved_annotation", "annotations", f"{key} is set by the platform alone")
        _check_annotation(target, key, value)
    name = object_name(app, params.process)
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "annotations": dict(sorted(params.annotations.items()))},
        "automountServiceAccountToken": False,
        **({"imagePullSecrets": [{"name": TEAM_SECRET}]} if target.team_pulls else {}),
    }
    return Contribution(
        objects=(Object(body, process=params.process),),
        processes={params.process: ProcessContribution(service_account=name)},
    )


def _check_annotation(target: ClusterTarget, key: str, value: str) -> None:
    """By an annotation a cloud gives rights: only what the cluster offers, key and value."""
    offered = {key for key, _ in target.service_account_annotations}
    check_offered(target, "annotation", key, offered, code="annotation_missing", path="annotations")
    globs = [glob for each, glob in target.service_account_annotations if each == key]
    if not any(fnmatchcase(value, glob) for glob in globs):
        message = f"cluster {target.name} offers {key} as {' or '.join(globs)} only, not as {value}"
        raise RenderError("annotation_value", "annotations", message)
