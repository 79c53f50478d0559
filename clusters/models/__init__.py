"""The tables of the fleet: what is registered, what shall live on it, what we wrote there, and the pods behind it."""

from clusters.models.change import ApiCall, WorkChange
from clusters.models.cluster import Cluster, ClusterCredential, Lease
from clusters.models.inventory import OwnedObject
from clusters.models.pods import WorkloadPods
from clusters.models.work import Lane, Work

__all__ = [
    "ApiCall",
    "Cluster",
    "ClusterCredential",
    "Lane",
    "Lease",
    "OwnedObject",
    "Work",
    "WorkChange",
    "WorkloadPods",
]
