"""Set arithmetic of what is owned in a cluster, what may be removed from it and what must stay.

`submit_work` stores `removable`; the delivery loop asks `plan_prune` once a generation is Healthy. Ids in, ids out: who
reads, compares uids and deletes is the loop.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from clusters.manifests import ObjectId

# Group and kind of what takes other people's data along when it goes.
PROTECTED = frozenset(
    {("", "Namespace"), ("", "PersistentVolumeClaim"), ("apiextensions.k8s.io", "CustomResourceDefinition")}
)
# What running Pods take by its name alone. An ExternalSecret goes with the Secret of its name, which is made for it.
EXTERNAL_SECRET = ("external-secrets.io", "ExternalSecret")
NAMED_BY_PODS = frozenset({("", "ConfigMap"), ("", "Secret"), EXTERNAL_SECRET})
_NO_IDS: frozenset[ObjectId] = frozenset()


@dataclass(frozen=True)
class PrunePlan:
    """What becomes of ids that are owned or removable and no longer desired; each sorted, no id in two of them.

    delete       known by uid: delete with that uid as a precondition
    unconfirmed  owned, but no uid was ever recorded (a crash between apply and record): read by name, delete only what
                 carries the row's claim
    held         no stored change named it, or its kind is protected: a person releases it by name
    in_use       what something running still names (`NAMED_BY_PODS`): later
    absent       removable, but no row is left: the id may leave the removable set
    """

    delete: tuple[ObjectId, ...] = ()
    unconfirmed: tuple[ObjectId, ...] = ()
    held: tuple[ObjectId, ...] = ()
    in_use: tuple[ObjectId, ...] = ()
    absent: tuple[ObjectId, ...] = ()


def removable(
    previous: AbstractSet[ObjectId], desired_before: AbstractSet[ObjectId], desired_after: AbstractSet[ObjectId]
) -> set[ObjectId]:
    """What a change from one desired set to another lets prune remove: (previous ∪ before) − after.

    The union with `previous` keeps what an older change named and no prune has reached yet.
    """
    return (set(previous) | desired_before) - desired_after


def stale(owned: AbstractSet[ObjectId], desired: AbstractSet[ObjectId]) -> set[ObjectId]:
    """What is owned and no longer desired."""
    return set(owned) - desired


def is_protected(each: ObjectId) -> bool:
    """Whether an object of this kind goes only when it is named."""
    return (each.group, each.kind) in PROTECTED


def plan_prune(
    rows: Mapping[ObjectId, str | None],
    desired: AbstractSet[ObjectId],
    removable: AbstractSet[ObjectId],
    *,
    named: AbstractSet[ObjectId] = _NO_IDS,
    in_use: AbstractSet[ObjectId] = _NO_IDS,
) -> PrunePlan:
    """Sort what is no longer desired by what may become of it.

    `rows` maps owned ids to the uid last seen, None when there was none. `named` are the ids that a person or a
    retirement named: they alone pass protection and hold. What `referenced` found is `in_use` and stays even then.
    """
    plan: dict[str, list[ObjectId]] = {"delete": [], "unconfirmed": [], "held": [], "in_use": []}
    for each in sorted(stale(rows.keys(), desired)):
        if each not in named and (each not in removable or is_protected(each)):
            plan["held"].append(each)
        elif each in in_use:
            plan["in_use"].append(each)
        else:
            plan["delete" if rows[each] else "unconfirmed"].append(each)
    absent = sorted((removable | named) - desired - rows.keys())
    return PrunePlan(absent=tuple(absent), **{name: tuple(ids) for name, ids in plan.items()})


def referenced(kind_bodies: Iterable[Mapping[str, Any]]) -> set[ObjectId]:
    """The ConfigMaps and Secrets that live ReplicaSets with replicas, Pods and unfinished Jobs name; with each Secret
    the ExternalSecret of its name, which may be what makes it.

    Other kinds are passed over. An object without a kind is a ValueError: items of a list lack it, and passing them
    over would let prune take what they use.
    """
    found: set[ObjectId] = set()
    for body in kind_bodies:
        if not body.get("kind"):
            raise ValueError("an object without a kind cannot say what it uses")
        spec = _pod_spec(body)
        namespace = (body.get("metadata") or {}).get("namespace") or ""
        for kind, name in filter(lambda each: each[1], _names(spec)):
            found.add(ObjectId("", kind, namespace, name))
            if kind == "Secret":
                found.add(ObjectId(*EXTERNAL_SECRET, namespace, name))
    return found


def seen_by_containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """("ConfigMap" or "Secret", name) of what the containers of a Pod's spec have as variables and in volumes."""
    for part in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(part) or []:
            yield from _environment_names(container)
    for volume in spec.get("volumes") or []:
        for source in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            yield "ConfigMap", _name(source, "configMap")
            yield "Secret", _name(source, "secret", "secretName") or _name(source, "secret")


def _pod_spec(body: Mapping[str, Any]) -> Mapping[str, Any]:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    match body["kind"]:
        case "Pod":
            return spec
        case "ReplicaSet":
            wanted = 1 if spec.get("replicas") is None else spec["replicas"]
            return template if wanted or status.get("replicas") else {}
        case "Job":
            finished = any(
                condition.get("type") in ("Complete", "Failed") and condition.get("status") == "True"
                for condition in status.get("conditions") or []
            )
            return {} if finished else template
    return {}


def _names(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from seen_by_containers(spec)
    for volume in spec.get("volumes") or []:
        for driver in volume.values():
            if isinstance(driver, Mapping):
                yield from (("Secret", _name(driver, key)) for key in ("secretRef", "nodePublishSecretRef"))
        yield "Secret", _name(volume, "azureFile", "secretName")
    for secret in spec.get("imagePullSecrets") or []:
        yield "Secret", secret.get("name") or ""


def _environment_names(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sources = [each.get("valueFrom") or {} for each in container.get("env") or []]
    for kind, one, all_ in (
        ("ConfigMap", "configMapKeyRef", "configMapRef"),
        ("Secret", "secretKeyRef", "secretRef"),
    ):
        yield from ((kind, _name(source, one)) for source in sources)
        yield from ((kind, _name(source, all_)) for source in container.get("envFrom") or [])


def _name(holder: Mapping[str, Any], key: str, name: str = "name") -> str:
    """The name in the reference under `key`, "" where there is none."""
    return str((holder.get(key) or {}).get(name) or "")
