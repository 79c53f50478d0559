"""Applications delivered cold to one cluster, raced in one run: Dougong, a raw client, the official client, kubectl.

All apply the same stamped bodies as the same account to the same namespaces, one after the other, again and again;
after each everything is read back, compared and removed. Dougong's time runs from the first render to the last Work
whose attempt is recorded in PostgreSQL, every object of it applied; the others' from the first request to the last
answer. When all are Healthy stands beside it: the Deployments' controller decides that.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench import deliveries, ground, objects
from bench.cpu import Reading, spent
from bench.figure import Figure
from bench.options import Options
from bench.testbed import Testbed
from clusters.models import Cluster
from clusters.sessions import endpoint_for
from deploy.control_plane.group import ROOT
from deploy.lab import paths

CLUSTER = "east"
APPLICATIONS = 200
CONCURRENCY = (8, 12, 16, 32)
THREADS = 16
OURS, RAW, OFFICIAL, KUBECTL = "dougong", "raw", "official", "kubectl"


@dataclass(frozen=True)
class Run:
    """One delivery of all: its seconds, the CPU seconds of the client itself and of everybody's processes."""

    seconds: float
    client: float
    cpu: Reading
    healthy: float = 0.0
    submitting: float = 0.0


@dataclass
class _Race:
    bed: Testbed
    cluster: Cluster
    applications: list[objects.Application]
    concurrency: int = 16
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def lap(self, name: str, contender: Callable[[], Run]) -> Run:
        """One cold run of a contender, checked and cleared away."""
        ground.rest(self.bed.meter())
        run = contender()
        self.runs.setdefault(name, []).append(run)
        return run

    # --- ours ---

    def ours(self, count: int | None = None) -> Run:
        """Render, submit in a transaction each, claim, apply, record: until the last attempt is recorded."""
        applications = self.applications[:count]
        meter = self.bed.meter()
        before, began, cpu = meter.read(), time.perf_counter(), time.process_time()
        deliveries.submit(applications, self.cluster)
        submitting = time.process_time() - cpu
        recorded = deliveries.wait(self.bed, self.cluster, healthy=False)
        used = spent(before, meter.read())
        healthy = deliveries.wait(self.bed, self.cluster)
        declared = [each.body for application in applications for each in application.manifests(self.cluster.target)]
        ground.verify(self.bed, CLUSTER, declared)
        deliveries.forget(self.bed, self.cluster)
        return Run(recorded - began, used["workers"], used, healthy - began, submitting)

    # --- the others ---

    def program(self, name: str, concurrency: int) -> Run:
        """A client in Python."""
        bodies = list(objects.twins(self.applications, self.cluster.target))
        endpoint = endpoint_for(self.cluster)
        order: dict[str, Any] = {"server": endpoint.server, "ca": endpoint.ca_data, "token": endpoint.token}
        order |= {"concurrency": concurrency, "bodies": bodies}
        file = paths.write_json(self._folder / "order.json", order, 0o600)
        argv = [sys.executable, "-m", "bench.contenders", name, str(file)]
        meter = self.bed.meter()
        before = meter.read()
        answer = json.loads(subprocess.run(argv, cwd=ROOT, check=True, capture_output=True).stdout)
        used = spent(before, meter.read())
        self._over(bodies)
        return Run(answer["seconds"], answer["cpu"], used)

    def kubectl(self) -> Run:
        """kubectl apply --server-side with one file, from its start to its end."""
        bodies = list(objects.twins(self.applications, self.cluster.target))
        listed = {"apiVersion": "v1", "kind": "List", "items": bodies}
        file = paths.write_json(self._folder / "bodies.json", listed)
        argv: list[str | Path] = [
            self.bed.kubectl(), "--kubeconfig", self._kubeconfig(), "apply", "--server-side",
            "--field-manager=dougong", "-f", file,
        ]  # fmt: skip
        meter = self.bed.meter()
        before, began, cpu = meter.read(), time.perf_counter(), _children_cpu()
        subprocess.run(argv, check=True, capture_output=True)
        seconds, client = time.perf_counter() - began, _children_cpu() - cpu
        used = spent(before, meter.read())
        self._over(bodies)
        return Run(seconds, client, used)

    def _over(self, bodies: list[dict[str, Any]]) -> None:
        ground.verify(self.bed, CLUSTER, bodies)
        ground.clear(self.bed, CLUSTER)

    def _kubeconfig(self) -> Path:
        """The same account as the others'."""
        endpoint = endpoint_for(self.cluster)
        authority = paths.write(self._folder / "ca.crt", endpoint.ca_data)
        document = {
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [
                {"name": "bench", "cluster": {"server": endpoint.server, "certificate-authority": str(authority)}}
            ],
            "users": [{"name": "bench", "user": {"token": endpoint.token}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        }  # fmt: skip
        return paths.write(self._folder / "kubeconfig", yaml.safe_dump(document), 0o600)

    @property
    def _folder(self) -> Path:
        return self.bed.plane.state / "contenders"


def measure(bed: Testbed, options: Options) -> Figure:
    """Race them all."""
    count, repeats = options.applications or APPLICATIONS, options.repeats
    cluster = deliveries.cluster_named(CLUSTER)
    deliveries.lay_grounds(bed, cluster)
    race = _Race(bed, cluster, objects.applications(count))
    deliveries.forget(bed, cluster)
    sweep = {each: race.lap(f"raw at {each}", lambda each=each: race.program(RAW, each)) for each in CONCURRENCY}  # type: ignore[misc]
    race.concurrency = min(sweep, key=lambda each: sweep[each].seconds)
    options.say(f"raw is fastest at {race.concurrency} at once")
    for number in range(repeats):
        race.lap(OURS, race.ours)
        race.lap(RAW, lambda: race.program(RAW, race.concurrency))
        race.lap(OFFICIAL, lambda: race.program(OFFICIAL, THREADS))
        race.lap(KUBECTL, race.kubectl)
        # The same with a quarter: what the rest cost is the marginal cost.
        race.lap("a quarter", lambda: race.ours(count // 4))
        last = {name: f"{race.runs[name][-1].seconds:.2f} s" for name in (OURS, RAW, OFFICIAL, KUBECTL)}
        options.say(f"repeat {number + 1} of {repeats}: {last}")
    return _figure(race, count, {str(each): round(run.seconds, 3) for each, run in sweep.items()})


def _figure(race: _Race, count: int, sweep: dict[str, float]) -> Figure:
    number = count * objects.OBJECTS
    figure = Figure("throughput", (__doc__ or "").strip())
    figure.settings = {
        "applications": count, "objects": number, "raw at once": race.concurrency, "raw sweep, s": sweep,
        "official threads": THREADS,
    }  # fmt: skip
    runs = {name: race.runs[name] for name in (OURS, RAW, OFFICIAL, KUBECTL)}
    for name, found in runs.items():
        figure.add(f"{name}: time", "s", [each.seconds for each in found])
    for name, found in runs.items():
        figure.add(f"{name}: rate", "objects/s", [number / each.seconds for each in found])
    for name, least in ((RAW, 0.8), (OFFICIAL, 1.0), (KUBECTL, 1.3)):
        pairs = zip(runs[OURS], runs[name], strict=True)
        figure.add(f"rate against {name}", "×", [their.seconds / our.seconds for our, their in pairs], at_least=least)
    figure.add("dougong: time until all are Healthy", "s", [each.healthy for each in runs[OURS]])
    extra = number - count // 4 * objects.OBJECTS
    marginal = [
        (whole.client - part.client) * 1000 / extra
        for whole, part in zip(runs[OURS], race.runs["a quarter"], strict=True)
    ]
    figure.add("dougong: worker CPU, marginal", "ms/object", marginal, at_most=0.5)
    for name, found in runs.items():
        figure.add(f"{name}: client CPU", "ms/object", [each.client * 1000 / number for each in found])
    submitting = [each.submitting * 1000 / number for each in runs[OURS]]
    figure.add("dougong: render and submit CPU", "ms/object", submitting)
    for name, found in runs.items():
        for group in ("apiserver", "etcd", "controllers", "postgres", "watcher"):
            used = [each.cpu[group] * 1000 / number for each in found]
            if max(used) > 0:
                figure.add(f"{name}: {group} CPU", "ms/object", used)
    return figure


def _children_cpu() -> float:
    """CPU seconds of the programs that this process has run to their end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
