"""The registry of clusters: address, credentials, what the probe last saw, and the lease under which one worker writes.

`registry` (services) writes the registration; `probe` writes `facts`, `conditions` and the breaker; `lease` writes
Lease.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy

from clusters.target import OFFERED, ClusterTarget
from paas.core.encryption import EncryptedTextField
from paas.core.models import Versioned

DNS_LABEL = RegexValidator(
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z", "A DNS-1123 label: a-z, 0-9 and '-', at most 63 characters."
)


class Cluster(Versioned):
    """A Kubernetes cluster that Dougong delivers to.

    `identity` is the uid of its `kube-system` namespace: two addresses with one identity are one cluster, and one
    address whose identity changed is another; empty until the first probe or join tells it. `facts` is the probe's last
    sight: {"version", "nodes": [...], "capacity", "allocatable", "resources": {"group/version/Kind": {"plural",
    "namespaced"}}, "gateway", "storage", "latency_ms", "observed_at"}.
    """

    permission_scope: ClassVar[str] = "platform"

    name = models.CharField(max_length=63, unique=True, validators=[DNS_LABEL])
    labels = models.JSONField(default=dict, blank=True)
    server = models.CharField(max_length=300, help_text="https address of the API server.")
    ca_data = models.TextField(help_text="PEM bundle that the API server's certificate must chain to.")
    identity = models.CharField(
        max_length=64, unique=True, null=True, blank=True, default=None, help_text="uid of the kube-system namespace."
    )
    cordoned = models.BooleanField(default=False, help_text="No new environment is placed here; what runs is kept.")
    suspended = models.BooleanField(default=False, help_text="Nothing is written, nothing is repaired.")
    leaving = models.BooleanField(
        default=False, help_text="What is ours is being removed; the row goes with its last Work."
    )
    priority_classes = models.JSONField(default=list, blank=True, help_text="PriorityClasses that every team may use.")
    node_pools = models.JSONField(
        default=list, blank=True, help_text="Pools of nodes (label dougong.dev/node-pool) that every team may use."
    )
    service_account_annotations = models.JSONField(
        default=dict,
        blank=True,
        help_text="Annotations that every team may give to a service account: key to globs of the values it may have.",
    )
    secret_stores = models.JSONField(
        default=dict,
        blank=True,
        help_text="ClusterSecretStores that every team may read from: name to globs of the keys.",
    )
    facts = models.JSONField(default=dict, blank=True)
    conditions = models.JSONField(default=list, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Connection failures in a row.")
    breaker_until = models.DateTimeField(
        null=True, blank=True, help_text="Out of the queue until a probe gets through."
    )

    class Meta:
        verbose_name = gettext_lazy("cluster")
        verbose_name_plural = gettext_lazy("clusters")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def target(self) -> ClusterTarget:
        """What the renderers may know of this cluster."""
        offered = {name: getattr(self, name) for name in OFFERED}
        return ClusterTarget.from_json({"name": self.name, **self.facts.get("target", {}), **offered})

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Served kinds: "group/version/Kind" → {"plural": str, "namespaced": bool}."""
        resources: dict[str, dict[str, Any]] = self.facts.get("resources", {})
        return resources


class ClusterCredential(models.Model):
    """A secret that opens a cluster; readable by no route, decrypted only to build a session.

    `purpose` writer: what the loop acts as; minter: may only mint tokens for the writer. The highest version per
    purpose is in force.
    """

    class Purpose(models.TextChoices):
        WRITER = "writer"
        MINTER = "minter"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="credentials")
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.WRITER)
    version = models.PositiveIntegerField(default=1)
    token = EncryptedTextField(blank=True, default="")
    client_certificate = models.TextField(blank=True, default="")
    client_key = EncryptedTextField(blank=True, default="")
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "purpose", "version"], name="one_credential_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.cluster.name}/{self.purpose}/{self.version}"


class Lease(models.Model):
    """Who may write to the cluster now.

    `epoch` rises each time the lease is taken and fences late writers at the member.
    """

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    holder = models.CharField(max_length=64, blank=True, default="")
    until = models.DateTimeField(null=True, blank=True)
    epoch = models.BigIntegerField(default=0)
    trusted_from = models.BigIntegerField(
        null=True, help_text="First epoch after a holder that left writes under way; what is older is written anew."
    )

    def __str__(self) -> str:
        return f"{self.cluster_id}@{self.epoch}"
