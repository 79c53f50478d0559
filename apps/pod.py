"""The Pod of one merged process, and what the other objects of the process must know of it.

Called by `workload`. What is decided here for all applications: Pod Security `restricted`, time to drain, and Pods that
change only when something they use has changed. Pure.
"""

from __future__ import annotations

from typing import Any

from apps.contribution import Container, Mount, Port, ProcessContribution, RenderError, Volume, Workload
from apps.naming import selector
from apps.spec import AppSpec, thaw
from clusters.manifests import Body

SERVICE_ACCOUNT = "app"
# A Pod that ends is still sent requests until every proxy has heard of it; so long it goes on before SIGTERM.
DRAIN_SECONDS = 5
STARTUP_SECONDS = 300
LABEL_POOL = "dougong.dev/node-pool"
"""A node's label, and its taint where the pool is kept free: the name of its pool."""
REVISION, STATEFUL_REVISION = "pod-template-hash", "controller-revision-hash"
"""Labels that tell the Pods of one revision from those of another."""
SPREAD_OVER = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
MAIN_PORT = "http"
TEMPORARY = Mount("tmp", "/tmp", read_only=False)  # noqa: S108 - a path in the container, not on this host
_EAGER = {"periodSeconds": 2, "timeoutSeconds": 2}


def declared(process: ProcessContribution) -> Workload:
    if process.workload is None:
        raise ValueError("a process that no block declares has no objects")
    return process.workload


def floor(process: ProcessContribution) -> int:
    """Fewest replicas the process will have on this cluster."""
    return declared(process).replicas if process.owns_replicas is None else process.owns_replicas


def own_claim(process: ProcessContribution, volume: Volume) -> bool:
    """Whether each Pod has a claim of its own for the volume, which the cluster puts into it."""
    return declared(process).stateful and volume.exclusive and volume.claim is not None


def main_port(ports: tuple[Port, ...]) -> Port:
    """The one called http, else the lowest: what $PORT and the probes mean."""
    return min(ports, key=lambda port: (port.name != MAIN_PORT, port.container))


def pod(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    workload = declared(process)
    init = [_beside(each, process) for each in process.init]
    init += [_sidecar(each, process) for each in process.sidecars]
    found: Body = {
        "serviceAccountName": process.service_account or SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": workload.user,
            "runAsGroup": workload.user,
            "seccompProfile": {"type": "RuntimeDefault"},
            **_owned_storage(workload.user, process),
        },
        "terminationGracePeriodSeconds": workload.grace_seconds + (DRAIN_SECONDS if process.ports else 0),
        "containers": [_main(app, name, process)],
        "volumes": [
            {"name": each.name, **thaw(each.source)} for each in process.volumes if not own_claim(process, each)
        ],
    }
    optional = {
        "initContainers": init,
        "hostAliases": [{"ip": each.ip, "hostnames": list(each.names)} for each in process.host_aliases],
        "imagePullSecrets": [{"name": each.name} for each in process.pull_secrets],
        "priorityClassName": process.priority_class,
        **(_in_pool(process.node_pool) if process.node_pool else {}),
    }
    found.update({key: value for key, value in optional.items() if value})
    if floor(process) > 1 or workload.several:
        revision = STATEFUL_REVISION if workload.stateful else REVISION
        found["topologySpreadConstraints"] = [_spread(app, name, over, revision) for over in SPREAD_OVER]
    return found


def _owned_storage(user: int, process: ProcessContribution) -> Body:
    """Lets the process write what a volume claim holds, which is root's when it is new."""
    if all(each.claim is None for each in process.volumes):
        return {}
    return {"fsGroup": user, "fsGroupChangePolicy": "OnRootMismatch"}


def _in_pool(pool: str) -> Body:
    toleration = {"key": LABEL_POOL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {"nodeSelector": {LABEL_POOL: pool}, "tolerations": [toleration]}


def _main(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    workload = declared(process)
    limits = {"memory": workload.memory_limit or workload.memory}
    if workload.cpu_limit is not None:
        limits["cpu"] = workload.cpu_limit
    container: Body = {
        "name": name,
        "image": app.image,
        "env": [_variable(key, process.env[key]) for key in sorted(process.env)],
        "resources": {"requests": {"cpu": workload.cpu, "memory": workload.memory}, "limits": limits},
        "securityContext": _confined(),
        "volumeMounts": [_mounted(each) for each in process.mounts],
    }
    optional = {
        "command": list(workload.command),
        "args": list(workload.args),
        "envFrom": _env_from(process),
        "ports": [{"name": each.name, "containerPort": each.container, "protocol": "TCP"} for each in process.ports],
    }
    container.update({key: value for key, value in optional.items() if value})
    if process.ports:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}}
    container.update(_probes(name, workload, process.ports))
    return container


def _probes(name: str, workload: Workload, ports: tuple[Port, ...]) -> Body:
    """Readiness and startup. No liveness: a process that ends is restarted anyway, and a probe that is slow under load
    or for want of a database would turn a slow application into a dead one."""
    number = workload.probe_port or (main_port(ports).container if ports else None)
    if number is None:
        if workload.probe_path is not None:
            raise RenderError("probe_without_port", f"process({name}).probe_path", "the process has no port to probe")
        return {}
    if workload.probe_path is None:
        check: Body = {"tcpSocket": {"port": number}}
    else:
        check = {"httpGet": {"path": workload.probe_path, "port": number}}
    return {
        "startupProbe": {**check, **_EAGER, "failureThreshold": STARTUP_SECONDS // _EAGER["periodSeconds"]},
        "readinessProbe": {**check, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3},
    }


def _sidecar(container: Container, process: ProcessContribution) -> Body:
    """Started before the process and ended after it; the process waits until it takes connections, where it says so."""
    found = {**_beside(container, process), "restartPolicy": "Always"}
    if container.probe_port is not None:
        check = {"tcpSocket": {"port": container.probe_port}}
        found["startupProbe"] = {**check, **_EAGER, "failureThreshold": STARTUP_SECONDS // _EAGER["periodSeconds"]}
    return found


def _beside(container: Container, process: ProcessContribution) -> Body:
    """An init container or sidecar: requests are limits for memory, and it is confined like the rest."""
    env = {**(process.env if container.process_env else {}), **container.env}
    found: Body = {
        "name": container.name,
        "image": container.image,
        "resources": {
            "requests": {"cpu": container.cpu, "memory": container.memory},
            "limits": {"memory": container.memory},
        },
        "securityContext": _confined(),
        "volumeMounts": [_mounted(each) for each in sorted((TEMPORARY, *container.mounts), key=lambda it: it.path)],
    }
    optional = {
        "command": list(container.command),
        "args": list(container.args),
        "env": [_variable(key, env[key]) for key in sorted(env)],
        "envFrom": _env_from(process) if container.process_env else [],
    }
    return {**found, **{key: value for key, value in optional.items() if value}}


def _env_from(process: ProcessContribution) -> list[Body]:
    return [{each.source: {"name": each.name}} for each in process.env_from]


def _confined() -> Body:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _mounted(mount: Mount) -> Body:
    found: Body = {"name": mount.volume, "mountPath": mount.path}
    return {**found, "readOnly": True} if mount.read_only else found


def _variable(name: str, value: Any) -> Body:
    return {"name": name, "value": value} if isinstance(value, str) else {"name": name, "valueFrom": thaw(value)}


def _spread(app: AppSpec, name: str, over: str, revision: str) -> Body:
    return {
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(app, name)},
        # Counts only the Pods of one revision, or those of the former one would push the new ones together.
        "matchLabelKeys": [revision],
    }
