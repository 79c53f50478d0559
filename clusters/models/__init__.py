"""The tables of the fleet: what is registered, what shall live on it, and what we wrote there."""

from clusters.models.change import WorkChange
from clusters.models.cluster import Cluster, ClusterCredential, Lease
from clusters.models.inventory import OwnedObject
from clusters.models.work import Lane, Work

__all__ = ["Cluster", "ClusterCredential", "Lane", "Lease", "OwnedObject", "Work", "WorkChange"]
