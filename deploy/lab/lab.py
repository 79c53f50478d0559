"""A whole lab: two clusters and the parts beside them, brought up, taken down and disturbed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from . import addresses, images, leftovers, locks, network, paths, prerequisites
from .builds import Binaries
from .cluster import ClusterRunner
from .errors import LabError
from .node import Context
from .parts import Part, chosen, found
from .parts.registry import Registry
from .processes import Processes, end, frozen, marked
from .steps import Steps

RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


class Lab:
    """One lab, by its name: the same from any checkout."""

    def __init__(self, name: str, slot: int) -> None:
        self.paths = paths.Paths(name)
        self.plan = addresses.plan(name, slot)
        self.processes = Processes(self.paths)
        self.binaries = Binaries()
        self.context = Context(self.plan, self.paths, self.processes, self.binaries)

    @property
    def clusters(self) -> tuple[ClusterRunner, ...]:
        return tuple(ClusterRunner(self.context, cluster) for cluster in self.plan.clusters)

    def cluster(self, name: str) -> ClusterRunner:
        for runner in self.clusters:
            if runner.cluster.name == name:
                return runner
        raise LabError(f"no cluster {name!r}: there are {', '.join(addresses.CLUSTERS)}")

    def up(self, names: list[str]) -> None:
        """Bring up what is missing, from nothing, from a crash or from a stop."""
        parts = chosen(names)
        prerequisites.install(package for part in parts for package in part.debian)
        prerequisites.raise_limits()
        self.paths.state.mkdir(parents=True, exist_ok=True)
        self._undisturb()
        steps = Steps()
        steps.add("network", self._network)
        built = self._build(steps)
        self._parts(steps, parts)
        for runner in self.clusters:
            self._cluster(steps, runner, built)
        steps.run()
        steps.say(f"lab {self.plan.name} is up")

    def _undisturb(self) -> None:
        """A cut or frozen lab could not become ready."""
        for name in self.processes.names():
            self.processes.thaw(name)
        for cluster in self.plan.clusters:
            network.heal(self.plan, cluster)

    def _network(self) -> None:
        resolver = next(file for file in RESOLVERS if file.exists())
        paths.write(self.paths.state / "resolv.conf", resolver.read_text())
        network.up(self.plan)

    def _build(self, steps: Steps) -> list[str]:
        """The Go programs, one after the other: each takes all cores anyway, and two at once too much memory."""
        built: list[str] = []
        for part in ("kubernetes", "coredns", "metrics-server"):
            built.append(steps.add(f"build {part}", partial(self.binaries.go, part), built[-1:]))
        return built

    def _parts(self, steps: Steps, parts: list[Part]) -> None:
        wheels = steps.add("install wheels", self.binaries.wheels)
        base = steps.add("build base image", images.base)
        for part in parts:
            prepared = steps.add(f"prepare {part.name}", partial(part.prepare, self), [wheels])
            needs = ["network", prepared, *part.requires]
            steps.add(part.name, partial(part.up, self), needs)
        registry = next(part for part in parts if isinstance(part, Registry))
        steps.add("push images", lambda: registry.fill(self), ["registry", base, wheels])

    def _cluster(self, steps: Steps, runner: ClusterRunner, built: list[str]) -> None:
        name = runner.cluster.name
        prepared = steps.add(f"{name}: certificates", runner.control.prepare)
        control = steps.add(f"{name}: control plane", runner.control.up, ["network", prepared, *built])
        nodes = [steps.add(f"{name}: {node.node.name}", node.up, [control, "push images"]) for node in runner.nodes]
        addons = steps.add(f"{name}: add-ons", runner.addons.up, [control])
        beside = steps.add(f"{name}: DNS and metrics", runner.control.beside, [addons])
        forward = steps.add(f"{name}: forward", runner.forward, ["network"])
        steps.add(f"{name}: ready", runner.addons.wait, [*nodes, beside, forward])

    def down(self) -> None:
        """Leave nothing: no process, mount, namespace, link, route, rule, cgroup or file of state."""
        steps = Steps()
        stopped = [steps.add(f"stop {part.name}", partial(part.down, self)) for part in found().values()]
        stopped += [steps.add(f"remove {one.cluster.name}", one.remove) for one in self.clusters]
        last = steps.add("remove network", self._remove_rest, stopped)
        steps.add("remove state", lambda: shutil.rmtree(self.paths.state, ignore_errors=True), [last])
        steps.run()
        locks.release_slot(self.plan.name)

    def _remove_rest(self) -> None:
        end(list(marked(self.plan.name)), 0, "the rest")
        leftovers.unmount(self.paths.state)
        network.down(self.plan)

    def start(self, target: str) -> None:
        name, _, component = target.partition("/")
        if name in found():
            found()[name].up(self)
        else:
            self.cluster(name).start(component)

    def stop(self, target: str) -> None:
        name, _, component = target.partition("/")
        if name in found():
            found()[name].down(self)
        else:
            self.cluster(name).stop(component)

    def names(self, target: str) -> list[str]:
        """The processes that a target means."""
        name, _, component = target.partition("/")
        if name in found():
            return self.processes.names(f"parts/{name}")
        selected = self.cluster(name).select(component)
        return [runner.name(part) for runner, part in selected]

    def freeze(self, target: str) -> None:
        for name in self.names(target):
            self.processes.freeze(name)

    def thaw(self, target: str) -> None:
        for name in self.names(target):
            self.processes.thaw(name)

    def cut(self, name: str) -> None:
        network.cut(self.plan, self.cluster(name).cluster)

    def heal(self, name: str) -> None:
        network.heal(self.plan, self.cluster(name).cluster)

    def env(self) -> dict[str, str]:
        variables = {}
        for part in found().values():
            if part.chosen(self):
                variables.update(part.env(self))
        for cluster in self.plan.clusters:
            variables[f"GATEWAY_{cluster.name.upper()}"] = cluster.gateway
        return variables

    def process_state(self, name: str) -> str:
        identity = self.processes.running(name)
        if identity is None:
            return "stopped"
        return "frozen" if frozen(identity.pid) else "running"


@contextmanager
def opened(name: str, *, create: bool = False, changing: bool = True) -> Iterator[Lab]:
    """A lab by its name. Who changes it holds its lock; who only looks doesn't wait."""
    where = paths.Paths(name)
    if not changing:
        yield _known(name)
        return
    prerequisites.require_root()
    with locks.locked(where.lock, f"waiting for another command on lab {name}"):
        # The slot is looked up under the lock: a `down` that was waited for has given it back.
        yield Lab(name, locks.take_slot(name)) if create else _known(name)


def _known(name: str) -> Lab:
    slot = locks.known_slot(name)
    if slot is None or not paths.Paths(name).state.exists():
        raise LabError(f"lab {name} is not up; `python -m deploy.lab --lab {name} up` brings it up")
    return Lab(name, slot)
