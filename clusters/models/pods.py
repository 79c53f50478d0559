"""The pods behind workloads as they were last seen: for people, never for a decision of the loop."""

from __future__ import annotations

from django.db import models

from clusters.models.cluster import Cluster


class WorkloadPods(models.Model):
    """The pods of one workload of ours on one cluster. Written by `clusters.watch.pods` alone, on change alone.

    `oid` is that of the workload. `pods` holds `clusters.pods.seen` values, the worst first and at most
    `clusters.pods.MOST` of them; `total` counts all of them. No row: no pod.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+")
    oid = models.CharField(max_length=400)
    namespace = models.CharField(max_length=63)
    total = models.PositiveIntegerField()
    pods = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["cluster", "oid"]
        constraints = [models.UniqueConstraint(fields=["cluster", "oid"], name="one_list_of_pods_per_workload")]
        indexes = [models.Index(fields=["cluster", "namespace"], name="pods_by_namespace")]

    def __str__(self) -> str:
        return f"{self.total} pods of {self.oid}"
