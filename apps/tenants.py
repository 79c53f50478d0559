"""What a team gets in each namespace of its environments on a cluster, as layers of figures and of groups of the
cluster's own directory, and what they come to.

`selectors.tenants` reads the layers, `ground` renders the result. A figure that a layer leaves out is that of the layer
before: the platform's own, then all teams, a cluster, a team, a team on a cluster; with a group's role likewise. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from clusters.target import ClusterTarget

Figure = str | int
Figures = Mapping[str, Figure]

UNLIMITED = "unlimited"
CLOSED, OPEN = "closed", "open"

LIMITS = ("cpu", "memory", "pods", "storage", "volumes")
SWITCHES = ("egress", "placement")
FIGURES = (*LIMITS, "egress", "registries", "pools", "placement")
"""In the order in which people read them; of the switches each is open or closed."""

ROLES = ("view", "edit")
"""What a group may have: a ClusterRole that Kubernetes brings along, in the team's namespaces."""
NO_ROLE = "none"
_LONGEST_GROUP = 253

COUNTED = {
    "cpu": "requests.cpu", "memory": "requests.memory", "pods": "pods", "storage": "requests.storage",
    "volumes": "persistentvolumeclaims",
}  # fmt: skip
"""What Kubernetes calls each limit in a quota."""

_AMOUNTS = {
    "cpu": (re.compile(r"[1-9][0-9]{0,6}m?"), "cores or millicores, such as 8 or 2500m"),
    "memory": (re.compile(r"[1-9][0-9]{0,6}(Mi|Gi|Ti)"), "an amount with its unit, such as 32Gi"),
    "storage": (re.compile(r"[1-9][0-9]{0,6}(Mi|Gi|Ti|Pi)"), "an amount with its unit, such as 500Gi"),
}
_COUNTS = ("pods", "volumes")
# A first part with a dot or a port: without one it would be a name at the runtime's own default registry.
_REGISTRY = re.compile(
    r"([a-z0-9]+([.-][a-z0-9]+)*(\.[a-z0-9]+)(:[0-9]{1,5})?|[a-z0-9]+([.-][a-z0-9]+)*:[0-9]{1,5})"
    r"(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
)
_MOST_REGISTRIES = 50
_POOL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_MOST_POOLS = 20
_MOST_COUNTED = 100_000

DEFAULT: Figures = {
    "cpu": "32", "memory": "128Gi", "pods": 250, "storage": "1Ti", "volumes": 100, "egress": CLOSED,
    "registries": UNLIMITED, "pools": UNLIMITED, "placement": OPEN,
}  # fmt: skip
"""Where nobody has said anything."""


@dataclass(frozen=True)
class Layer:
    """Figures and roles of groups, and whose they are: "" the platform's own, else as people name it."""

    name: str
    figures: Figures
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """A figure that holds, and which layer says so."""

    value: Figure
    layer: str


@dataclass(frozen=True)
class Policy:
    """What holds in a namespace; None is no limit.

    cpu, memory, storage  Kubernetes quantities: the requests of all pods together, and of all volume claims
    pods, volumes         how many there may be
    open_egress           whether pods may connect anywhere, where no block of theirs says otherwise
    by_hand               whether the team's own account is there, as which its people open terminals
    reads_logs            whether that account may read logs, as which its people then do
    pulls                 the reference of the team's credentials for registries; "" where it never had any
    pools                 the pools of nodes that pods may go to, where those go first that name none; none: any
    registries            what an image's name has to begin with, sorted; none: it may come from anywhere
    takes                 whether the team's environments may come there
    groups                pairs of (group as the cluster knows it, role), sorted
    """

    cpu: str | None
    memory: str | None
    pods: int | None
    storage: str | None
    volumes: int | None
    open_egress: bool = False
    groups: tuple[tuple[str, str], ...] = ()
    registries: tuple[str, ...] = ()
    by_hand: bool = True
    reads_logs: bool = True
    pulls: str = ""
    pools: tuple[str, ...] = ()
    takes: bool = True

    def allows(self, image: str) -> bool:
        """Whether an image may run there."""
        return not self.registries or any(image.startswith(f"{each}/") for each in self.registries)


def decide(layers: Iterable[Layer]) -> dict[str, Decided]:
    """Every figure by name, from layers in the order broad to narrow."""
    found = {name: Decided(DEFAULT[name], "") for name in FIGURES}
    for layer in layers:
        found |= {name: Decided(value, layer.name) for name, value in layer.figures.items()}
    return {name: found[name] for name in FIGURES}


def decide_groups(layers: Iterable[Layer]) -> dict[str, Decided]:
    """The role of each group that has one, by name, from layers in the same order."""
    found = {name: Decided(role, layer.name) for layer in layers for name, role in layer.groups.items()}
    return {name: found[name] for name in sorted(found) if found[name].value != NO_ROLE}


def policy(layers: Iterable[Layer]) -> Policy:
    """What layers come to."""
    layers = list(layers)
    figures = {name: each.value for name, each in decide(layers).items()}
    return Policy(
        cpu=_text(figures["cpu"]),
        memory=_text(figures["memory"]),
        pods=_number(figures["pods"]),
        storage=_text(figures["storage"]),
        volumes=_number(figures["volumes"]),
        open_egress=figures["egress"] == OPEN,
        registries=_listed(figures["registries"]),
        pools=_listed(figures["pools"]),
        takes=figures["placement"] == OPEN,
        groups=tuple((name, str(each.value)) for name, each in decide_groups(layers).items()),
    )


def checked(name: str, value: Figure) -> Figure:
    """A figure as it is kept. ValueError, for people, where it is none."""
    if name not in FIGURES:
        raise ValueError(f"there is no figure '{name[:40]}': it is one of {', '.join(FIGURES)}")
    said = str(value).strip()
    if name in SWITCHES:
        if said not in (CLOSED, OPEN):
            raise ValueError(f"{name} is {CLOSED} or {OPEN}, not '{said[:40]}'")
        return said
    if said == UNLIMITED:
        return said
    if name in _COUNTS:
        if not re.fullmatch("[0-9]{1,6}", said) or int(said) > _MOST_COUNTED:
            raise ValueError(f"{name} is a number up to {_MOST_COUNTED} or {UNLIMITED}, not '{said[:40]}'")
        return int(said)
    if name == "registries":
        return _registries(said)
    if name == "pools":
        return _pools(said)
    pattern, expected = _AMOUNTS[name]
    if not pattern.fullmatch(said):
        raise ValueError(f"{name} is {expected}, or {UNLIMITED}, not '{said[:40]}'")
    return said


def checked_group(name: str, role: str) -> str:
    """The role as it is kept. ValueError, for people, where the group or the role is none."""
    if not name.strip() or name != name.strip() or len(name) > _LONGEST_GROUP or not name.isprintable():
        raise ValueError(f"'{name[:40]}' is no name of a group")
    if name.startswith("system:"):
        raise ValueError(f"'{name[:40]}' is a group of Kubernetes itself, and is given nothing here")
    if role not in (*ROLES, NO_ROLE):
        raise ValueError(f"a role is one of {', '.join((*ROLES, NO_ROLE))}, not '{role[:40]}'")
    return role


def _registries(said: str) -> str:
    found = sorted({each.strip().rstrip("/") for each in said.split(",")})
    if len(found) > _MOST_REGISTRIES or not all(_REGISTRY.fullmatch(each) for each in found):
        raise ValueError(
            f"registries are at most {_MOST_REGISTRIES}, such as registry.example,ghcr.io/crew, or {UNLIMITED}, "
            f"not '{said[:80]}'"
        )
    return ",".join(found)


def _pools(said: str) -> str:
    """In the order in which they are said: where pods go that name none is the first."""
    found = list(dict.fromkeys(each.strip() for each in said.split(",")))
    if len(found) > _MOST_POOLS or not all(_POOL.fullmatch(each) for each in found):
        raise ValueError(f"pools are at most {_MOST_POOLS}, such as large,batch, or {UNLIMITED}, not '{said[:80]}'")
    return ",".join(found)


def _text(value: Figure) -> str | None:
    return None if value == UNLIMITED else str(value)


def _listed(value: Figure) -> tuple[str, ...]:
    return () if value == UNLIMITED else tuple(str(value).split(","))


def _number(value: Figure) -> int | None:
    return None if value == UNLIMITED else int(value)


def for_team(target: ClusterTarget, policy: Policy) -> ClusterTarget:
    """What the team's applications are rendered from on a cluster."""
    return replace(target, team_pools=policy.pools, team_pulls=bool(policy.pulls))


PLATFORM = policy(())
"""What holds where nobody has said anything."""
