"""What the API says about clusters and Works, and the forms it takes. No credential is a readable field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clusters.conditions import good
from clusters.held import Held, held
from clusters.models import Cluster, OwnedObject, Work
from clusters.selectors import ends
from clusters.target import OFFERED
from paas.core.api import ReasonIn
from paas.core.permissions import Actor, allowed


class ConditionOut(serializers.Serializer[Any]):
    """One statement, in the shape of the Kubernetes API conventions."""

    type = serializers.CharField()
    status = serializers.ChoiceField(["True", "False", "Unknown"])
    reason = serializers.CharField()
    message = serializers.CharField()
    lastTransitionTime = serializers.DateTimeField()
    observedGeneration = serializers.IntegerField(required=False)
    good = serializers.SerializerMethodField()

    def get_good(self, condition: dict[str, Any]) -> bool:
        """Whether it says that all is well, whichever status means that for its type."""
        return good(condition)


class OfferForm(serializers.Serializer[Any]):
    """What every team may use of a cluster."""

    priority_classes = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, help_text="Names of PriorityClasses."
    )
    node_pools = serializers.ListField(
        child=serializers.CharField(max_length=63),
        required=False,
        help_text="Pools: the values of the label dougong.dev/node-pool on nodes.",
    )
    service_account_annotations = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Annotations of service accounts: the key, and globs of the values that it may have.",
    )
    secret_stores = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="ClusterSecretStores of the External Secrets Operator: the name, and globs of the keys that may be "
        "read; {team} and {project} stand for those of the application.",
    )


class ClusterSpecOut(OfferForm, serializers.ModelSerializer[Cluster]):
    """What people set."""

    class Meta:
        model = Cluster
        fields = ["server", "labels", "cordoned", "suspended", "leaving", *OFFERED]
        read_only_fields = fields


class NodeOut(serializers.Serializer[Any]):
    """A node as the probe last saw it."""

    name = serializers.CharField()
    ready = serializers.BooleanField()
    cordoned = serializers.BooleanField()
    roles = serializers.ListField(child=serializers.CharField())
    taints = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    version = serializers.CharField()
    capacity = serializers.DictField(child=serializers.CharField())
    allocatable = serializers.DictField(child=serializers.CharField())


class AmountOut(serializers.Serializer[Any]):
    """Added up over nodes."""

    cpu_millicores = serializers.IntegerField()
    memory_bytes = serializers.IntegerField()
    pods = serializers.IntegerField()


class ClusterStatusOut(serializers.Serializer[Cluster]):
    """What the probe last saw; empty before its first sight."""

    identity = serializers.CharField(allow_null=True)
    version = serializers.CharField(source="facts.version", default="")
    latency_ms = serializers.FloatField(source="facts.latency_ms", default=None, allow_null=True)
    observed_at = serializers.DateTimeField(source="facts.observed_at", default=None, allow_null=True)
    nodes = NodeOut(source="facts.nodes", many=True, default=list)
    capacity = AmountOut(source="facts.capacity", default=None, allow_null=True)
    allocatable = AmountOut(source="facts.allocatable", default=None, allow_null=True)
    served_kinds = serializers.SerializerMethodField()
    gateway = serializers.DictField(source="facts.gateway", default=None, allow_null=True)
    storage = serializers.DictField(source="facts.storage", default=dict)
    stale_groups = serializers.ListField(source="facts.stale", default=list)
    certificate_expires_at = serializers.DateTimeField(
        source="facts.certificate_expires_at", default=None, allow_null=True
    )
    credential_expires_at = serializers.SerializerMethodField()
    credential_renewed = serializers.SerializerMethodField()
    breaker_until = serializers.DateTimeField(allow_null=True)

    def get_served_kinds(self, cluster: Cluster) -> int:
        """How many; renderers know which."""
        return len(cluster.resources)

    def get_credential_expires_at(self, cluster: Cluster) -> datetime | None:
        """When the writer's credential in force ends; null is never."""
        return ends(cluster).credential

    def get_credential_renewed(self, cluster: Cluster) -> bool:
        """Whether it is renewed by itself."""
        return ends(cluster).renewed


class ClusterOut(serializers.ModelSerializer[Cluster]):
    """A registered cluster."""

    spec = ClusterSpecOut(source="*")
    status = ClusterStatusOut(source="*")
    conditions = ConditionOut(many=True)
    works = serializers.IntegerField(source="works_count", default=0)
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Cluster
        fields = [
            "id",
            "name",
            "identity",
            "version",
            "created_at",
            "updated_at",
            "spec",
            "status",
            "conditions",
            "works",
            "permissions",
        ]
        read_only_fields = fields

    def get_permissions(self, cluster: Cluster) -> list[str]:
        """What the asking person may do."""
        actor: Actor = self.context["request"].user
        return [word for word in ("operate", "view") if allowed(actor, word, cluster)]


class CredentialIn(serializers.Serializer[Any]):
    """A kubeconfig, or server, CA and token. Written, never read."""

    kubeconfig = serializers.CharField(
        required=False, write_only=True, trim_whitespace=False, max_length=1_000_000, help_text="Text of the file."
    )
    kubeconfig_context = serializers.CharField(
        source="context",
        required=False,
        write_only=True,
        max_length=253,
        help_text="Of the file; else its current one.",
    )
    server = serializers.CharField(required=False, write_only=True, max_length=300)
    ca_data = serializers.CharField(required=False, write_only=True, help_text="PEM, or base64 around it.")
    token = serializers.CharField(required=False, write_only=True)
    minter_token = serializers.CharField(
        required=False, write_only=True, help_text="May only mint the writer's tokens."
    )
    expires_at = serializers.DateTimeField(required=False, write_only=True)


class ClusterIn(CredentialIn):
    """A new cluster. Sent again with the same name and identity, it renews address and credentials."""

    name = serializers.CharField(max_length=63)
    identity = serializers.CharField(required=False, max_length=64, help_text="uid of the namespace kube-system.")
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)


class ClusterPatch(ReasonIn, OfferForm):
    """What can be changed of a cluster."""

    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    cordoned = serializers.BooleanField(required=False)
    suspended = serializers.BooleanField(required=False)


class OwnedObjectOut(serializers.ModelSerializer[OwnedObject]):
    """An object on the cluster that is the Work's."""

    id = serializers.CharField(source="oid")

    class Meta:
        model = OwnedObject
        fields = ["id", "api_version", "namespace", "phase", "uid", "health", "reason", "message"]
        read_only_fields = fields


class WorkOut(serializers.ModelSerializer[Work]):
    """What shall live on one cluster for one owner, and how far it does."""

    cluster = serializers.CharField(source="cluster.name")
    team = serializers.CharField(source="team.name", default=None, allow_null=True)
    spec = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    conditions = ConditionOut(many=True)

    class Meta:
        model = Work
        fields = [
            "id",
            "name",
            "cluster",
            "team",
            "owner_kind",
            "owner_id",
            "owner_name",
            "generation",
            "spec",
            "status",
            "conditions",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_spec(self, work: Work) -> dict[str, Any]:
        """Intent, release and the number of desired objects, which the view's query adds."""
        return {"intent": work.intent, "release": work.release, "objects": getattr(work, "objects_count", 0)}

    def get_status(self, work: Work) -> dict[str, Any]:
        """How far the loop got."""
        return {
            "health": work.health,
            "observed_generation": work.observed_generation,
            "settled_generation": work.settled_generation,
            "reported": work.reported,
        }


class HeldOut(serializers.Serializer[Held]):
    """An object that is kept: held for good, or waiting until its generation is Healthy. `named`: it is let go."""

    id = serializers.CharField(source="oid")
    kind = serializers.CharField()
    name = serializers.CharField()
    why = serializers.ChoiceField(["held", "waiting"])
    named = serializers.BooleanField()


class LetGoIn(ReasonIn):
    """Which held object, its name typed out, and why."""

    object = serializers.CharField(max_length=600, help_text="Its id, as in `held`.")
    confirm = serializers.CharField(max_length=253, allow_blank=True, help_text="Its name.")


class WorkDetailOut(WorkOut):
    """The same with its objects, and those that it keeps though they are desired no longer."""

    objects = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField()

    class Meta(WorkOut.Meta):
        fields = [*WorkOut.Meta.fields, "objects", "held"]
        read_only_fields = fields

    @extend_schema_field(OwnedObjectOut(many=True))
    def get_objects(self, work: Work) -> Any:
        """In the order of delivery, tombstones left out."""
        return OwnedObjectOut(work.objects_owned.filter(gone_at=None), many=True).data

    @extend_schema_field(HeldOut(many=True))
    def get_held(self, work: Work) -> Any:
        """As of the last attempt."""
        return [HeldOut(each).data for each in held(work)]
