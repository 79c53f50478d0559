"""The Kubernetes objects of one merged process: Deployment, Service, PodDisruptionBudget.

Called by `render` once every contribution to the process is in. What is decided here for all applications: Pod Security
`restricted`, no downtime while Pods are replaced, and Pods that restart only when something they use has changed. Pure.
"""

from __future__ import annotations

from typing import Any

from apps.contribution import Container, Mount, Port, ProcessContribution, RenderError, Volume, Workload
from apps.naming import labels, object_name, selector
from apps.spec import AppSpec, thaw
from clusters.manifests import Body
from clusters.target import ClusterTarget

SERVICE_ACCOUNT = "app"
# A Pod that ends is still sent requests until every proxy has heard of it; so long it goes on before SIGTERM.
DRAIN_SECONDS = 5
STARTUP_SECONDS = 300
REVISIONS = 3  # the releases are the history; ReplicaSets only have to outlive a rollout
PROGRESS_SECONDS = 600
SPREAD_OVER = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
MAIN_PORT = "http"


def objects(app: AppSpec, name: str, process: ProcessContribution) -> list[Body]:
    """The bodies for a process; namespace and common labels of the objects themselves are still missing."""
    found = [_deployment(app, name, process)]
    if process.ports:
        found.append(_service(app, name, process.ports))
    if _floor(process) > 1:
        found.append(_budget(app, name))
    return found


RESERVED = frozenset({"APP_NAME", "APP_ENVIRONMENT", "APP_CLUSTER", "PORT"})
"""The variables of `own_contribution`; no layer of configuration can set them."""


def own_contribution(app: AppSpec, target: ClusterTarget, ports: tuple[Port, ...]) -> ProcessContribution:
    """What the platform itself gives to each process; a block that gives the same is in conflict with it.

    The release is not among the variables: it would restart every Pod at every release.
    """
    env = {"APP_NAME": app.application, "APP_ENVIRONMENT": app.environment, "APP_CLUSTER": target.name}
    if ports:
        env["PORT"] = str(_main_port(ports).container)
    # The root file system is read-only, yet nearly every runtime wants a place for temporary files.
    return ProcessContribution(
        env=env,
        volumes=(Volume("tmp", {"emptyDir": {}}),),
        mounts=(Mount("tmp", "/tmp", read_only=False),),  # noqa: S108 - a path in the container, not on this host
    )


def _declared(process: ProcessContribution) -> Workload:
    if process.workload is None:
        raise ValueError("a process that no block declares has no objects")
    return process.workload


def _floor(process: ProcessContribution) -> int:
    """Fewest replicas the process will have on this cluster."""
    return _declared(process).replicas if process.owns_replicas is None else process.owns_replicas


def _main_port(ports: tuple[Port, ...]) -> Port:
    """The one called http, else the lowest: what $PORT and the probes mean."""
    return min(ports, key=lambda port: (port.name != MAIN_PORT, port.container))


def _deployment(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    spec: dict[str, Any] = {
        "selector": {"matchLabels": selector(app, name)},
        "revisionHistoryLimit": REVISIONS,
        "progressDeadlineSeconds": PROGRESS_SECONDS,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "template": {"metadata": {"labels": labels(app, name)}, "spec": _pod(app, name, process)},
    }
    if process.owns_replicas is None:
        spec["replicas"] = _declared(process).replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": object_name(app, name)},
        "spec": spec,
    }


def _pod(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    workload = _declared(process)
    init = [_beside(each) for each in process.init]
    init += [{**_beside(each), "restartPolicy": "Always"} for each in process.sidecars]
    pod: Body = {
        "serviceAccountName": SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": workload.user,
            "runAsGroup": workload.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": workload.grace_seconds + (DRAIN_SECONDS if process.ports else 0),
        "containers": [_main(app, name, process)],
        "volumes": [{"name": each.name, **thaw(each.source)} for each in process.volumes],
    }
    if init:
        pod["initContainers"] = init
    if _floor(process) > 1:
        pod["topologySpreadConstraints"] = [_spread(app, name, over) for over in SPREAD_OVER]
    return pod


def _main(app: AppSpec, name: str, process: ProcessContribution) -> Body:
    workload = _declared(process)
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
        "envFrom": [{each.source: {"name": each.name}} for each in process.env_from],
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
    number = workload.probe_port or (_main_port(ports).container if ports else None)
    if number is None:
        if workload.probe_path is not None:
            raise RenderError("probe_without_port", f"process({name}).probe_path", "the process has no port to probe")
        return {}
    if workload.probe_path is None:
        check: Body = {"tcpSocket": {"port": number}}
    else:
        check = {"httpGet": {"path": workload.probe_path, "port": number}}
    every = {"periodSeconds": 2, "timeoutSeconds": 2}
    return {
        "startupProbe": {**check, **every, "failureThreshold": STARTUP_SECONDS // every["periodSeconds"]},
        "readinessProbe": {**check, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3},
    }


def _beside(container: Container) -> Body:
    """An init container or sidecar: requests are limits for memory, and it is confined like the rest."""
    found: Body = {
        "name": container.name,
        "image": container.image,
        "resources": {
            "requests": {"cpu": container.cpu, "memory": container.memory},
            "limits": {"memory": container.memory},
        },
        "securityContext": _confined(),
    }
    optional = {
        "command": list(container.command),
        "args": list(container.args),
        "env": [_variable(key, container.env[key]) for key in sorted(container.env)],
        "volumeMounts": [_mounted(each) for each in container.mounts],
    }
    return {**found, **{key: value for key, value in optional.items() if value}}


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


def _spread(app: AppSpec, name: str, over: str) -> Body:
    return {
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(app, name)},
        # Counts only the Pods of one revision, or those of the former one would push the new ones together.
        "matchLabelKeys": ["pod-template-hash"],
    }


def _service(app: AppSpec, name: str, ports: tuple[Port, ...]) -> Body:
    # By name, so that while a port number changes each Pod is reached at its own.
    entries = [{"name": each.name, "port": each.service, "targetPort": each.name, "protocol": "TCP"} for each in ports]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": object_name(app, name)},
        "spec": {"type": "ClusterIP", "selector": selector(app, name), "ports": entries},
    }


def _budget(app: AppSpec, name: str) -> Body:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": object_name(app, name)},
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(app, name)},
            # A Pod that is not ready protects nobody; without this it would hold up the draining of its node for ever.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
