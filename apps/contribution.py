"""What a building block gives: a value. Only `render` merges contributions, so blocks never see each other.

Everything here is immutable, JSON inside, and says what is wanted, never how the Pod is put together. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from apps.spec import freeze

ALL_PROCESSES = "*"
"""Key of `Contribution.processes`: goes to every process of the application."""


class RenderError(Exception):
    """The spec cannot be rendered. `code` is for machines, `path` names block and parameter, `message` explains."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.code, self.path, self.message = code, path, message


@dataclass(frozen=True)
class _Value:
    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, freeze(getattr(self, each.name)))


@dataclass(frozen=True)
class Object(_Value):
    """An object of the application's namespace; namespace and common labels are put in by `render`.

    `references` maps data keys of a Secret to the references of their values; `process` becomes the component label;
    `phase` is when it is applied, that of its kind if None.
    """

    body: Mapping[str, Any]
    references: Mapping[str, str] = field(default_factory=dict)
    process: str | None = None
    phase: int | None = None


@dataclass(frozen=True)
class EnvFrom(_Value):
    """Every key of a ConfigMap ("configMapRef") or Secret ("secretRef") as an environment variable."""

    source: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Port(_Value):
    """A TCP port: `container` is where the process listens, `service` where the others of the cluster find it.

    No route leads to one that is `internal`.
    """

    name: str
    container: int
    service: int
    internal: bool = False


@dataclass(frozen=True)
class HostAlias(_Value):
    """Host names that a process finds at an IP address."""

    ip: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class PullSecret(_Value):
    """A Secret with the credentials by which images are pulled."""

    name: str


@dataclass(frozen=True)
class Disruption(_Value):
    """How many replicas stay, or go, while nodes are drained: one of the two, as "2" or "25%"."""

    min_available: str | None = None
    max_unavailable: str | None = None


@dataclass(frozen=True)
class Volume(_Value):
    """`source` is the volume without its name, e.g. {"emptyDir": {}}; one Pod at a time has one that is `exclusive`.

    `claim` is the spec of the PersistentVolumeClaim that the source names; it is made with the process. Each replica of
    a stateful process has an exclusive one of its own.
    """

    name: str
    source: Mapping[str, Any]
    exclusive: bool = False
    claim: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Mount(_Value):
    """Where the process's own container finds a volume."""

    volume: str
    path: str
    read_only: bool = True


@dataclass(frozen=True)
class Container(_Value):
    """A container beside the process's own, or before it. It is confined as strictly as any other.

    It has the process's /tmp; `mounts` name further volumes of the process. With `process_env` it has the variables of
    the process, besides its own. A sidecar with a `probe_port` is waited for until it takes connections there.
    """

    name: str
    image: str
    cpu: str
    memory: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    process_env: bool = False
    probe_port: int | None = None


@dataclass(frozen=True)
class Schedule(_Value):
    """When a process runs that runs again and again; the names are those of a CronJob."""

    cron: str
    time_zone: str
    concurrency_policy: str
    starting_deadline_seconds: int | None
    successful_jobs_history_limit: int
    failed_jobs_history_limit: int
    suspend: bool


@dataclass(frozen=True)
class Run(_Value):
    """How a process runs that runs to its end: by a schedule, or once a release before the others."""

    backoff_limit: int
    active_deadline_seconds: int
    schedule: Schedule | None = None


@dataclass(frozen=True)
class Workload(_Value):
    """The declaration of a process: what runs, how often, with how much. Limits of None: CPU none, memory the request.

    `grace_seconds` is the time between SIGTERM and SIGKILL. A process without a `run` goes on. Each replica of
    one that is `stateful` has a name and volumes of its own; they are started and replaced one after the other.
    `several`: wherever it has one replica it may come to have more, without its Pods being replaced for it.
    """

    cpu: str
    memory: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    replicas: int = 1
    cpu_limit: str | None = None
    memory_limit: str | None = None
    probe_path: str | None = None
    probe_port: int | None = None
    grace_seconds: int = 30
    user: int = 10001
    stateful: bool = False
    several: bool = False
    run: Run | None = None


@dataclass(frozen=True)
class Scaler(_Value):
    """What makes the number of replicas follow the use of resources (`metrics`, by name), from `least` to `most`.

    `behavior` is that of a HorizontalPodAutoscaler, {} where Kubernetes decides.
    """

    least: int
    most: int
    metrics: Mapping[str, int]
    behavior: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Window(_Value):
    """Other bounds of the scaler of a process, from each time `start` tells to the next that `end` tells."""

    name: str
    start: str
    end: str
    time_zone: str
    least: int
    most: int


@dataclass(frozen=True)
class VerticalScaler(_Value):
    """What finds out, or also sets (`mode`), how much of the resources each replica asks for: a VerticalPodAutoscaler.

    `least` and `most` are amounts by resource.
    """

    mode: str
    resources: tuple[str, ...]
    least: Mapping[str, str] = field(default_factory=dict)
    most: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ProcessContribution(_Value):
    """What a block gives to one process.

    `env` maps a name to a text or to a `valueFrom` mapping. `owns_replicas` says that something else sets the number of
    replicas and never sets it below this. `needs_service_ports` must be there once all blocks are merged, and not be
    internal. `windows` are of the `scaler`. `service_account`, `priority_class` and `node_pool` are names.
    """

    workload: Workload | None = None
    env: Mapping[str, str | Mapping[str, Any]] = field(default_factory=dict)
    env_from: tuple[EnvFrom, ...] = ()
    ports: tuple[Port, ...] = ()
    needs_service_ports: tuple[int, ...] = ()
    volumes: tuple[Volume, ...] = ()
    mounts: tuple[Mount, ...] = ()
    sidecars: tuple[Container, ...] = ()
    init: tuple[Container, ...] = ()
    host_aliases: tuple[HostAlias, ...] = ()
    pull_secrets: tuple[PullSecret, ...] = ()
    owns_replicas: int | None = None
    scaler: Scaler | None = None
    windows: tuple[Window, ...] = ()
    vertical: VerticalScaler | None = None
    service_account: str | None = None
    priority_class: str | None = None
    node_pool: str | None = None
    disruption: Disruption | None = None


@dataclass(frozen=True)
class Contribution(_Value):
    """Objects, what goes to which process (a name or ALL_PROCESSES), and notes for the person who deploys."""

    objects: tuple[Object, ...] = ()
    processes: Mapping[str, ProcessContribution] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
