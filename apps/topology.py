"""What an application is made of on one cluster, as a tree: routes, the services they lead to, the workloads behind,
and what these are bound to.

Read out of the manifests, so that it holds for every kind of block. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.manifests import Manifest

ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Ingress"})
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})

REFERENCES = {
    "configMapRef": ("ConfigMap", "name"), "configMapKeyRef": ("ConfigMap", "name"), "configMap": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"), "secretKeyRef": ("Secret", "name"), "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"), "serviceAccountName": ("ServiceAccount", ""),
}  # fmt: skip
"""Field of a pod → the kind it names, and the field below it that has the name."""


@dataclass(frozen=True, slots=True)
class Part:
    """An object: what stands below it, what its pods are bound to, its images and how many pods it wants."""

    oid: str
    below: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """`tops` stand below the cluster in this order; `rest` are objects that nothing leads to."""

    parts: Mapping[str, Part]
    tops: tuple[str, ...]
    rest: tuple[str, ...] = field(default=())


def tree(manifests: Iterable[Manifest]) -> Tree:
    """Routes first, then the services that no route leads to, then the workloads that no service leads to."""
    found = {str(each.id): each for each in manifests}
    parts = {oid: _part(oid, each, found) for oid, each in sorted(found.items())}
    led_to = {oid for part in parts.values() for oid in part.below}
    shown = [oid for oid in parts if _rank(found[oid].id.kind) is not None]
    tops = sorted((oid for oid in shown if oid not in led_to), key=lambda oid: (_rank(found[oid].id.kind), oid))
    rest = tuple(oid for oid in parts if oid not in led_to and oid not in tops)
    return Tree(parts, tuple(tops), rest)


def may_have_pods(oid: str) -> bool:
    """Whether pods may stand behind an object."""
    return oid.split("/")[1] in WORKLOADS


def images(manifest: Manifest) -> list[str]:
    """Every image that the pods of a workload would run, beside the process and before it too; [] of anything else."""
    if manifest.id.kind not in WORKLOADS:
        return []
    spec = _template(manifest.body.get("spec") or {}).get("spec") or {}
    containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    return [str(each["image"]) for each in containers if "image" in each]


def containers(manifest: Manifest) -> list[str]:
    """The names of all containers that the pods of a workload would have: side by side, then those before; [] else."""
    if manifest.id.kind not in WORKLOADS:
        return []
    spec = _template(manifest.body.get("spec") or {}).get("spec") or {}
    return [str(each["name"]) for each in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]


def _rank(kind: str) -> int | None:
    if kind in ROUTES:
        return 0
    if kind == "Service":
        return 1
    return 2 if kind in WORKLOADS else None


def _part(oid: str, manifest: Manifest, all_: Mapping[str, Manifest]) -> Part:
    kind, spec = manifest.id.kind, manifest.body.get("spec") or {}
    if kind in ROUTES:
        names = sorted({name for name in _backends(spec) if name})
        return Part(oid, tuple(_services(manifest, names, all_)))
    if kind == "Service":
        return Part(oid, tuple(_selected(manifest, spec.get("selector") or {}, all_)))
    if kind in WORKLOADS:
        count = spec.get("replicas")
        replicas = count if isinstance(count, int) else None
        template = _template(spec)
        return Part(oid, (), tuple(_bound(manifest, template, all_)), tuple(_images(template)), replicas)
    return Part(oid)


def _backends(spec: Any) -> list[str]:
    """Names of services, wherever a route has them."""
    if isinstance(spec, Mapping):
        own = [str(each.get("name", "")) for each in spec.get("backendRefs") or () if isinstance(each, Mapping)]
        service = spec.get("service")
        own += [str(service.get("name", ""))] if isinstance(service, Mapping) else []
        return own + [name for key, value in spec.items() if key != "backendRefs" for name in _backends(value)]
    if isinstance(spec, Sequence) and not isinstance(spec, str):
        return [name for each in spec for name in _backends(each)]
    return []


def _services(route: Manifest, names: Sequence[str], all_: Mapping[str, Manifest]) -> list[str]:
    return [
        oid
        for oid, each in sorted(all_.items())
        if each.id.kind == "Service" and each.id.namespace == route.id.namespace and each.id.name in names
    ]


def _selected(service: Manifest, selector: Mapping[str, str], all_: Mapping[str, Manifest]) -> list[str]:
    """Workloads whose pods the service selects."""
    if not selector:
        return []
    return [
        oid
        for oid, each in sorted(all_.items())
        if each.id.kind in WORKLOADS
        and each.id.namespace == service.id.namespace
        and selector.items() <= _labels(_template(each.body.get("spec") or {})).items()
    ]


def _bound(workload: Manifest, template: Mapping[str, Any], all_: Mapping[str, Manifest]) -> list[str]:
    """Configuration, secrets, volumes and the account that the pods of a template name."""
    named = set(_named(template))
    return [
        oid
        for oid, each in sorted(all_.items())
        if each.id.namespace == workload.id.namespace and (each.id.kind, each.id.name) in named
    ]


def _named(part: Any) -> Iterator[tuple[str, str]]:
    """(kind, name) of objects, wherever a pod has them."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key in REFERENCES:
                kind, field_ = REFERENCES[key]
                found = value.get(field_, value.get("name")) if isinstance(value, Mapping) else value
                yield kind, str(found)
            if key == "imagePullSecrets":
                yield from (("Secret", str(each.get("name"))) for each in value)
            yield from _named(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _named(each)


def _template(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the pods; a CronJob has it below its Job's."""
    inner = (spec.get("jobTemplate") or {}).get("spec") or spec
    template: Mapping[str, Any] = inner.get("template") or {}
    return template


def _labels(template: Mapping[str, Any]) -> Mapping[str, str]:
    labels: Mapping[str, str] = (template.get("metadata") or {}).get("labels") or {}
    return labels


def _images(template: Mapping[str, Any]) -> list[str]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return [str(each["image"]) for each in containers if "image" in each]
