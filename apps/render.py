"""Renders an application for a cluster: (AppSpec, ClusterTarget) → manifests.

Called by services inside the transaction of a release, by previews and by `dougong render`. The one place where
contributions of blocks meet: they are merged sorted and checked for conflicts, so their order cannot matter. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.blocks import Block, blocks
from apps.contribution import ALL_PROCESSES, Contribution, EnvFrom, Object, Port, ProcessContribution, RenderError
from apps.naming import config_map, labels, object_name
from apps.pod import TEMPORARY
from apps.problems import ProblemsError
from apps.replicas import Given, note, settled
from apps.runs import phase_for
from apps.spec import AppSpec, BlockUse, thaw
from apps.workload import objects as workload_objects
from apps.workload import own_contribution
from clusters.manifests import Manifest, ObjectId, manifest, ordered
from clusters.target import ClusterTarget

RENDERER = 2
"""Raised when the same spec and target give other manifests than before; a Work remembers it."""

SYSTEM_PATHS = ("/dev", "/proc", "/sys")


@dataclass(frozen=True)
class Rendered:
    """Manifests in apply order, and notes on what this cluster cannot do."""

    manifests: tuple[Manifest, ...]
    notes: tuple[str, ...] = ()


def render(app: AppSpec, target: ClusterTarget) -> Rendered:
    """The manifests of an application on a cluster. RenderError names the block that stands in the way."""
    contributions = sorted(_contributions(app, target), key=lambda each: each[0])
    placed: dict[ObjectId, tuple[str, Manifest]] = {}
    for path, contribution in contributions:
        for each in contribution.objects:
            _place(placed, path, app, each)
    given = _processes(contributions)
    processes = {name: _merge(app, target, name, parts) for name, parts in given.items()}
    if processes and (values := app.config.get(target.name)):
        layered = config_map(object_name(app, "layered"), values)
        _place(placed, "the layers of configuration", app, Object(layered))
        processes = {name: _with_layers(process, layered) for name, process in processes.items()}
    for name, process in processes.items():
        for body in workload_objects(app, name, process):
            _place(placed, f"process({name})", app, Object(body, process=name, phase=phase_for(body)))
    notes = {said for _, contribution in contributions for said in contribution.notes}
    notes |= {said for name, parts in given.items() if (said := note(parts, target, name))}
    return Rendered(ordered(each for _, each in placed.values()), tuple(sorted(notes)))


def set_by_blocks(app: AppSpec, target: ClusterTarget) -> dict[str, dict[str, str]]:
    """By process, the variables that blocks set and which block does: these hide the layers of configuration."""
    found: dict[str, dict[str, str]] = {}
    contributions = list(_contributions(app, target))
    for name, given in _processes(contributions).items():
        found[name] = {key: path for path, part in given for key in _variables(part)}
    return found


def use_path(block: Block, params: Any) -> str:
    """How messages name a block use, whatever its place in the file: `port(web, http)`."""
    parts = ", ".join(filter(None, block.identity(params)))
    return f"{block.name}({parts})" if parts else block.name


def _contributions(app: AppSpec, target: ClusterTarget) -> Iterable[tuple[str, Contribution]]:
    for use in sorted(app.blocks, key=_canonical):
        block, params = _loaded(use)
        path = use_path(block, params)
        try:
            yield path, block.render(app, target, params)
        except RenderError as error:
            raise RenderError(error.code, f"{path}.{error.path}", error.message) from None


def _canonical(use: BlockUse) -> tuple[str, str]:
    """Sorts uses, so that of two that fail it is always the same one that is named."""
    return use.block, json.dumps(thaw(use.params), sort_keys=True)


def _loaded(use: BlockUse) -> tuple[Block, Any]:
    block = blocks().get(use.block)
    if block is None:
        raise RenderError("unknown_block", use.block, f"there is no building block {use.block}")
    try:
        return block, block.load(use.params)
    except ProblemsError as error:
        first = error.problems[0]
        message = f"expected {first.expected}, got {first.got}"
        raise RenderError("invalid_params", f"{use.block}.{first.path}", message) from None


def _place(placed: dict[ObjectId, tuple[str, Manifest]], path: str, app: AppSpec, each: Object) -> None:
    """Puts an object into the application's namespace, under its labels, unless its id is taken."""
    body = thaw(each.body)
    metadata = body["metadata"]
    if metadata.setdefault("namespace", app.namespace) != app.namespace:
        raise RenderError("foreign_namespace", path, f"{body['kind']} is meant for namespace {metadata['namespace']}")
    metadata["labels"] = {**metadata.get("labels", {}), **labels(app, each.process)}
    try:
        made = manifest(body, references=dict(each.references), phase=each.phase)
    except ValueError as error:
        raise RenderError("invalid_object", path, str(error)) from None
    if made.id in placed:
        raise RenderError("object_conflict", path, f"{made.id} is already made by {placed[made.id][0]}")
    placed[made.id] = (path, made)


def _processes(contributions: list[tuple[str, Contribution]]) -> dict[str, list[Given]]:
    """Each declared process with all that is given to it."""
    given: dict[str, list[Given]] = {}
    for path, contribution in contributions:
        for name, part in contribution.processes.items():
            given.setdefault(name, []).append((path, part))
    for_all = given.pop(ALL_PROCESSES, [])
    for name, parts in sorted(given.items()):
        if not any(part.workload for _, part in parts):
            raise RenderError("unknown_process", parts[0][0], f"no block declares a process {name}")
    return {name: parts + for_all for name, parts in sorted(given.items())}


def _merge(app: AppSpec, target: ClusterTarget, name: str, given: list[Given]) -> ProcessContribution:
    given = settled(given, target, name)
    _check_run(given, name)
    ports = _all(given, name, "ports")
    given = [("the platform", own_contribution(app, target, ports)), *given]
    _check_env(given, name)
    _check_containers(given, name)
    _check_mounts(given)
    _check_needs(given, name, ports)
    _check_hosts(given, name)
    _check_disruption(given, name)
    _check_exclusive(given, name)
    _check_stateful(given, name)
    single: dict[str, Any] = {part: _one(given, name, part) for part in _SINGLE}
    lists: dict[str, Any] = {part: _all(given, name, part) for part in _UNIQUE}
    return ProcessContribution(
        env={key: value for _, part in given for key, value in part.env.items()},
        needs_service_ports=tuple(sorted({port for _, part in given for port in part.needs_service_ports})),
        **single,
        **lists,
    )


_SINGLE = (
    "workload", "owns_replicas", "scaler", "vertical", "service_account", "priority_class", "node_pool", "disruption",
)  # fmt: skip
"""What only one block may give to a process."""

_UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "env_from": (("name", "source"),),
    "ports": (("name",), ("container",), ("service",)),
    "volumes": (("name",),),
    "mounts": (("path",),),
    "sidecars": (("name",),),
    "init": (("name",),),
    "windows": (("name",),),
    "host_aliases": (("ip",),),
    "pull_secrets": (("name",),),
}
"""The lists of a contribution, and by which fields two entries of one process may not agree; the first one sorts."""


def _one(given: list[Given], name: str, part: str) -> Any:
    """The value that one block gave, None if none did."""
    taken: dict[str, str] = {}
    found = None
    for path, each in given:
        if (value := getattr(each, part)) is not None:
            _claim(taken, part, path, f"{part}_conflict", f"{part} of process {name}")
            found = value
    return found


def _all(given: list[Given], name: str, part: str) -> tuple[Any, ...]:
    """What the blocks gave to one of the lists, sorted."""
    entries = [(path, value) for path, each in given for value in getattr(each, part)]
    for rule in _UNIQUE[part]:
        taken: dict[tuple[Any, ...], str] = {}
        for path, value in entries:
            key = tuple(getattr(value, each) for each in rule)
            what = f"{rule[0]} {key[0]} among the {part} of process {name}"
            _claim(taken, key, path, f"{part}_conflict", what)
    first = _UNIQUE[part][0]
    return tuple(sorted((value for _, value in entries), key=lambda value: [getattr(value, each) for each in first]))


def _check_run(given: list[Given], name: str) -> None:
    """Refuses what only a process that goes on can have."""
    workload = _one(given, name, "workload")
    if workload.run is None:
        return
    for path, part in given:
        if part.ports or part.needs_service_ports or part.owns_replicas is not None or part.vertical or part.disruption:
            message = f"process {name} runs to its end: nothing can connect to it, scale it or keep it from ending"
            raise RenderError("runs_to_its_end", path, message)


def _with_layers(process: ProcessContribution, layered: Mapping[str, Any]) -> ProcessContribution:
    """First, since of two sources of a variable Kubernetes takes the later one: what a block sets wins."""
    source = EnvFrom("configMapRef", layered["metadata"]["name"], tuple(layered["data"]))
    return replace(process, env_from=(source, *process.env_from))


def _check_env(given: list[Given], name: str) -> None:
    taken: dict[str, str] = {}
    for path, part in given:
        for key in _variables(part):
            _claim(taken, key, path, "env_conflict", f"variable {key} of process {name}")


def _check_containers(given: list[Given], name: str) -> None:
    taken = {name: "the process itself"}
    volumes = {each.name for _, part in given for each in part.volumes}
    variables = {key: path for path, part in given for key in _variables(part)}
    for path, part in given:
        for each in (*part.init, *part.sidecars):
            _claim(taken, each.name, path, "container_conflict", f"container {each.name} of process {name}")
            places = {TEMPORARY.path: "the platform"}
            for mount in each.mounts:
                _claim(places, mount.path, path, "mounts_conflict", f"path {mount.path} of container {each.name}")
            for unknown in sorted({mount.volume for mount in each.mounts} - volumes):
                message = f"process {name} has no volume {unknown}, only {', '.join(sorted(volumes))}"
                raise RenderError("unknown_volume", path, message)
            for key in sorted(set(each.env) & set(variables)) if each.process_env else ():
                _claim(dict(variables), key, path, "env_conflict", f"variable {key} of process {name}")


def _check_mounts(given: list[Given]) -> None:
    """Refuses what no container runtime could mount: over a directory of the system, or inside a read-only volume."""
    mounts = [(path, mount) for path, part in given for mount in part.mounts]
    read_only = {mount.path for _, mount in mounts if mount.read_only}
    for path, mount in mounts:
        parents = [mount.path[:end] for end, sign in enumerate(mount.path) if sign == "/" and end]
        if system := next((each for each in SYSTEM_PATHS if each in (mount.path, *parents)), None):
            raise RenderError("reserved_path", path, f"{mount.path} is in {system}, which is the system's own")
        if outer := next((each for each in parents if each in read_only), None):
            raise RenderError("mount_inside_read_only", path, f"{mount.path} is inside {outer}, which is read-only")


def _variables(part: ProcessContribution) -> tuple[str, ...]:
    return (*part.env, *(key for source in part.env_from for key in source.keys))


def _check_needs(given: list[Given], name: str, ports: tuple[Port, ...]) -> None:
    there = [port.service for port in ports]
    for path, part in given:
        for wanted in part.needs_service_ports:
            if wanted not in there:
                has = f"only service port {', '.join(map(str, sorted(there)))}" if there else "no port"
                raise RenderError("unknown_port", path, f"process {name} has {has}, not {wanted}")
        for port in ports:
            if port.internal and port.service in part.needs_service_ports:
                raise RenderError("internal_port", path, f"port {port.service} of process {name} is internal")


def _check_hosts(given: list[Given], name: str) -> None:
    taken: dict[str, str] = {}
    for path, part in given:
        for each in part.host_aliases:
            for host in each.names:
                _claim(taken, host, path, "host_aliases_conflict", f"host {host} of process {name}")


def _check_disruption(given: list[Given], name: str) -> None:
    """Refuses a budget that no node could ever be drained under."""
    least = _one(given, name, "owns_replicas")
    if least is None:
        least = _one(given, name, "workload").replicas
    for path, part in given:
        kept = part.disruption.min_available if part.disruption else None
        if kept is not None and kept.isdecimal() and int(kept) >= least > 0:
            message = f"process {name} has {least} replicas: with {kept} always there no node could be drained"
            raise RenderError("undrainable", path, message)


def _check_exclusive(given: list[Given], name: str) -> None:
    """Refuses more Pods at a time than can mount a volume."""
    workload, scaled = _one(given, name, "workload"), _one(given, name, "owns_replicas") is not None
    if workload.stateful:
        return
    many = ""
    if scaled:
        many = "is scaled"
    elif workload.replicas > 1:
        many = f"has {workload.replicas} replicas"
    elif workload.run and workload.run.schedule and workload.run.schedule.concurrency_policy == "Allow":
        many = "may run several times at once"
    for path, part in given:
        if many and any(each.exclusive for each in part.volumes):
            message = (
                f"process {name} {many}, but one Pod at a time has the volume; with ReadWriteMany any number has it"
            )
            raise RenderError("volume_exclusive", path, message)


def _check_stateful(given: list[Given], name: str) -> None:
    """Refuses to scale what has data of its own: a replica that goes leaves its volumes behind."""
    if not _one(given, name, "workload").stateful:
        return
    for path, part in given:
        if part.owns_replicas is not None:
            raise RenderError("stateful_scaled", path, f"process {name} is stateful: its replicas are set by hand")


def _claim(taken: dict[Any, str], key: Any, path: str, code: str, what: str) -> None:
    if key in taken:
        raise RenderError(code, path, f"{what} is already set by {taken[key]}")
    taken[key] = path
