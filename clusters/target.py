"""The facts of one cluster that rendering may depend on, as a value.

Selectors fill it from columns of Cluster, renderers read it, its digest is kept on each Work: another digest marks the
Work `RenderStale`.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from clusters.manifests import digest

OFFERED = ("priority_classes", "node_pools", "service_account_annotations", "secret_stores")
"""The facts that an operator sets; all others are seen."""
_GLOBS = ("service_account_annotations", "secret_stores")
"""Of those the ones that are pairs of (key, glob)."""


@dataclass(frozen=True)
class GatewayRef:
    """The Gateway that routes of this cluster attach to."""

    namespace: str
    name: str


@dataclass(frozen=True, order=True)
class Sharer:
    """A cluster among which replicas are divided: its weight there, and whether requests can be led to it."""

    name: str
    weight: int = 1
    routes: bool = False

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError("a cluster that shares has a weight of at least 1")


@dataclass(frozen=True)
class ClusterTarget:
    """What a renderer may know of a cluster; sorted and hashable, so equal facts are equal targets.

    version       of Kubernetes, "v1.34.4"
    served        "group/version/Kind" of each served kind, "v1/Kind" in the core group
    gateway       None where no Gateway is offered
    storage       pairs of (tier, StorageClass name), sorted by tier
    pod_security  the pinned version of the Pod Security Standards, "v1.34"
    share         the clusters among which replicas are divided, this one among them, sorted; None where each has all

    What an operator offers to all teams; nothing else may be used:

    priority_classes             names of PriorityClasses, sorted
    node_pools                   names of pools of nodes, sorted
    service_account_annotations  pairs of (key, glob of the values that it may have), sorted
    secret_stores                pairs of (ClusterSecretStore, glob of the keys that may be read of it), sorted

    What holds for the team whose application it is; no fact of the cluster, and in neither JSON nor digest:

    team_pools  those of `node_pools` that it may use, first where its pods go that name none; () may use all
    team_pulls  whether its namespaces have credentials for registries of its own
    """

    name: str
    version: str
    served: frozenset[str] = frozenset()
    gateway: GatewayRef | None = None
    storage: tuple[tuple[str, str], ...] = ()
    pod_security: str = "latest"
    share: tuple[Sharer, ...] | None = None
    priority_classes: tuple[str, ...] = ()
    node_pools: tuple[str, ...] = ()
    service_account_annotations: tuple[tuple[str, str], ...] = ()
    secret_stores: tuple[tuple[str, str], ...] = ()
    team_pools: tuple[str, ...] = ()
    team_pulls: bool = False

    def __post_init__(self) -> None:
        # A frozen dataclass normalises its own fields this way only.
        if self.share is not None:
            object.__setattr__(self, "share", tuple(sorted(self.share)))
            if self.name not in {each.name for each in self.share or ()}:
                raise ValueError("a cluster has no share of what is divided among others")
        for name in ("storage", *OFFERED):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name))))
        object.__setattr__(self, "served", frozenset(self.served))

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the cluster serves a kind, given as in a manifest: ("apps/v1", "Deployment"), ("v1", "Secret")."""
        return f"{api_version}/{kind}" in self.served

    @property
    def team_pool(self) -> str:
        """Where pods go that name no pool; "" is anywhere."""
        return next(iter(self.team_pools), "")

    @property
    def routes(self) -> bool:
        """Whether requests can be led to it: it has a gateway and serves HTTPRoute."""
        return self.gateway is not None and self.serves("gateway.networking.k8s.io/v1", "HTTPRoute")

    def storage_class(self, tier: str) -> str | None:
        """The StorageClass of a tier, None where the cluster does not offer it."""
        return dict(self.storage).get(tier)

    def to_json(self) -> dict[str, Any]:
        """JSON-safe, in the same order for equal targets."""
        return {
            "name": self.name,
            "version": self.version,
            "served": sorted(self.served),
            "gateway": asdict(self.gateway) if self.gateway else None,
            "storage": dict(self.storage),
            "pod_security": self.pod_security,
            "share": None if self.share is None else [asdict(each) for each in self.share],
            "priority_classes": list(self.priority_classes),
            "node_pools": list(self.node_pools),
            **{name: _by_key(getattr(self, name)) for name in _GLOBS},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ClusterTarget:
        """The inverse of `to_json`; KeyError or TypeError when a fact is missing or unknown."""
        facts = dict(value)
        gateway, storage, share = facts.pop("gateway"), facts.pop("storage"), facts.pop("share", None)
        pairs: dict[str, Any] = {name: _pairs(facts.pop(name, {})) for name in _GLOBS}
        return cls(
            gateway=GatewayRef(**gateway) if gateway else None,
            storage=tuple(storage.items()),
            share=None if share is None else tuple(Sharer(**each) for each in share),
            **pairs,
            **facts,
        )

    @property
    def digest(self) -> str:
        """SHA-256, hex, of all facts that an object may depend on: by what is offered it is refused or not."""
        return digest({name: fact for name, fact in self.to_json().items() if name not in OFFERED})


def _by_key(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, glob in pairs:
        found.setdefault(key, []).append(glob)
    return found


def _pairs(globs: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, glob) for key, found in globs.items() for glob in found)
