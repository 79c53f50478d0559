"""The Kubernetes objects of one merged process: Deployment or StatefulSet, claims, Services, PodDisruptionBudget,
autoscalers.

Called by `render` once every contribution to the process is in. What is decided here for all applications: no downtime
while Pods are replaced, and as few disruptions as can be. Their Pods are those of `apps.pod`. Pure.
"""

from __future__ import annotations

from typing import Any

from apps.contribution import Disruption, Port, ProcessContribution, Volume
from apps.naming import labels, object_name, selector
from apps.pod import TEMPORARY, declared, floor, main_port, own_claim, pod
from apps.runs import run_objects
from apps.scaling import horizontal, vertical
from apps.spec import AppSpec, thaw
from clusters.manifests import Body
from clusters.target import ClusterTarget

REVISIONS = 3  # the releases are the history; ReplicaSets only have to outlive a rollout
PROGRESS_SECONDS = 600
ROLLING_UPDATE = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}
# The new Pod could not mount what the old one still holds.
RECREATE = {"type": "Recreate"}
ONE_AT_A_TIME = Disruption(max_unavailable="1")


def objects(app: AppSpec, name: str, process: ProcessContribution) -> list[Body]:
    """The bodies for a process; namespace and common labels of the objects themselves are still missing."""
    claims = [
        _volume_claim(claim, each) for each in process.volumes for claim in _claim_names(app, name, process, each)
    ]
    if (run := declared(process).run) is not None:
        return [*claims, *run_objects(app, name, process, run)]
    stateful = declared(process).stateful
    found = [*claims, _stateful_set(app, name, process) if stateful else _deployment(app, name, process)]
    if stateful:
        found.append(_peers(app, name, process.ports))
    if process.scaler is not None:
        found.append(horizontal(object_name(app, name), process.scaler, process.windows))
    if process.vertical is not None:
        kind = "StatefulSet" if stateful else "Deployment"
        found.append(vertical(object_name(app, name), kind, name, process.vertical))
    if process.ports:
        found.append(_service(app, name, process.ports))
    if floor(process) > 1 or process.disruption is not None:
        found.append(_budget(app, name, process.disruption or ONE_AT_A_TIME))
    return found


RESERVED = frozenset({"APP_NAME", "APP_ENVIRONMENT", "APP_CLUSTER", "PORT"})
"""The variables of `own_contribution`; no layer of configuration can set them."""


def own_contribution(app: AppSpec, target: ClusterTarget, ports: tuple[Port, ...]) -> ProcessContribution:
    """What the platform itself gives to each process; a block that gives the same is in conflict with it.

    The release is not among the variables: it would restart every Pod at every release.
    """
    env = {"APP_NAME": app.application, "APP_ENVIRONMENT": app.environment, "APP_CLUSTER": target.name}
    if ports:
        env["PORT"] = str(main_port(ports).container)
    # The root file system is read-only, yet nearly every runtime wants a place for temporary files.
    return ProcessContribution(
        env=env,
        volumes=(Volume(TEMPORARY.volume, {"emptyDir": {}}),),
        mounts=(TEMPORARY,),
    )


def _deployment(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    spec: dict[str, Any] = {
        **_replicated(app, name, process),
        "progressDeadlineSeconds": PROGRESS_SECONDS,
        "strategy": RECREATE if any(each.exclusive for each in process.volumes) else ROLLING_UPDATE,
    }
    if process.owns_replicas is None:
        spec["replicas"] = declared(process).replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": object_name(app, name)},
        "spec": spec,
    }


def _stateful_set(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    claims = [_volume_claim(each.name, each) for each in process.volumes if own_claim(process, each)]
    spec: dict[str, Any] = {
        **_replicated(app, name, process),
        "replicas": declared(process).replicas,
        "serviceName": peers_name(app, name),
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate"},
        # As of every volume: no deploy deletes what is on it.
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        **({"volumeClaimTemplates": claims} if claims else {}),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": object_name(app, name)},
        "spec": spec,
    }


def _replicated(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    return {
        "selector": {"matchLabels": selector(app, name)},
        "revisionHistoryLimit": REVISIONS,
        "template": {"metadata": {"labels": labels(app, name)}, "spec": pod(app, name, process)},
    }


def _claim_names(app: AppSpec, name: str, process: ProcessContribution, volume: Volume) -> list[str]:
    """The claims that are made for a volume. Those of a StatefulSet's replicas are made here too, under the names that
    it looks for, so that no claim is anybody else's: what leaves is held and named, what is retired goes.
    """
    if volume.claim is None:
        return []
    if own_claim(process, volume):
        return [f"{volume.name}-{object_name(app, name)}-{number}" for number in range(declared(process).replicas)]
    return [str(volume.source["persistentVolumeClaim"]["claimName"])]


def _volume_claim(name: str, volume: Volume) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": thaw(volume.claim),
    }


def peers_name(app: AppSpec, name: str) -> str:
    """Under <replica>.<this> each replica of a stateful process is found."""
    return object_name(app, name, "peers")


def _peers(app: AppSpec, name: str, ports: tuple[Port, ...]) -> Body:
    """A Service without an address of its own: each replica is found by its name, by the others even before it is
    ready, for how else could they become so.
    """
    spec: Body = {"clusterIP": "None", "selector": selector(app, name), "publishNotReadyAddresses": True}
    if ports:
        spec["ports"] = [{"name": each.name, "port": each.container, "protocol": "TCP"} for each in ports]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": peers_name(app, name)}, "spec": spec}


def _service(app: AppSpec, name: str, ports: tuple[Port, ...]) -> Body:
    # By name, so that while a port number changes each Pod is reached at its own.
    entries = [{"name": each.name, "port": each.service, "targetPort": each.name, "protocol": "TCP"} for each in ports]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": object_name(app, name)},
        "spec": {"type": "ClusterIP", "selector": selector(app, name), "ports": entries},
    }


def _budget(app: AppSpec, name: str, disruption: Disruption) -> Body:
    amounts = {"minAvailable": disruption.min_available, "maxUnavailable": disruption.max_unavailable}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": object_name(app, name)},
        "spec": {
            **{key: int(text) if text.isdecimal() else text for key, text in amounts.items() if text is not None},
            "selector": {"matchLabels": selector(app, name)},
            # A Pod that is not ready protects nobody; without this it would hold up the draining of its node for ever.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
