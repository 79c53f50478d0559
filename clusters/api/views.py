"""`/api/v1/clusters/` and `/api/v1/works/`: parse, ask the service, answer."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, IntegerField, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clusters import departure, held, registry, selectors
from clusters.api import serializers as forms
from clusters.models import Cluster, Work
from clusters.target import OFFERED
from paas.core.addresses import is_uuid
from paas.core.api import IF_MATCH, IF_MATCH_IF_IT_MATTERS, WATCH, ResourceViewSet, check_if_match
from paas.core.permissions import not_found
from paas.core.streams import WATCHED, watched

ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id or the name of the cluster.")
REMOVE = OpenApiParameter(
    "remove",
    bool,
    description="Needed while Works are delivered to it. true: remove what is ours first, the cluster goes with the "
    "last of it; false: leave all running, unmanaged.",
)
REASON = OpenApiParameter("reason", str, description="For the audit trail.")
UNREGISTERED = {202: forms.ClusterOut, 204: None}


class ClusterFilter(filters.FilterSet):
    """`?name=&cordoned=&suspended=&leaving=`, exact; `?label=key=value`."""

    label = filters.CharFilter(method="by_label", label="key=value")

    class Meta:
        model = Cluster
        fields = ["name", "cordoned", "suspended", "leaving"]

    def by_label(self, queryset: QuerySet[Cluster], name: str, said: str) -> QuerySet[Cluster]:
        """Those that carry the label."""
        key, _, value = said.partition("=")
        return queryset.filter(labels__contains={key: value})


@extend_schema_view(
    list=extend_schema(
        operation_id="clusters_list", parameters=[WATCH], responses=watched(forms.ClusterOut), examples=[WATCHED]
    ),
    retrieve=extend_schema(operation_id="clusters_retrieve", parameters=[ID]),
)
class ClusterViewSet(ResourceViewSet[Cluster]):
    """The fleet: read by everyone who is signed in, changed by operators. The address takes an id or a name."""

    queryset = Cluster.objects.all()
    serializer_class = forms.ClusterOut
    filterset_class = ClusterFilter
    watch_channels = (selectors.FLEET_CHANNEL,)
    ordering = "name"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[-a-zA-Z0-9]{1,63}"

    def get_queryset(self) -> QuerySet[Cluster]:
        """With the dates of credentials."""
        return selectors.with_dates(selectors.fleet(self.actor))

    def get_object(self) -> Cluster:
        """By id or by name."""
        key = str(self.kwargs["id"])
        found = self.get_queryset().filter(**({"pk": key} if is_uuid(key) else {"name": key})).first()
        if found is None:
            raise not_found(Cluster)
        self.check_object_permissions(self.request, found)
        return found

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With its ETag, which is of the spec: the status changes under it, so there is no 304."""
        return self.answer(self.get_object())

    @extend_schema(
        operation_id="clusters_create",
        request=forms.ClusterIn,
        responses={201: forms.ClusterOut, 200: forms.ClusterOut},
    )
    def create(self, request: Request) -> Response:
        """Register a cluster; operators only. 200 where it was registered already and has been renewed."""
        body = self.parsed(forms.ClusterIn)
        cluster = registry.register_cluster(actor=self.actor, refresh=True, **body)
        return self._answer(cluster, status=201 if cluster.version == 1 else 200)

    @extend_schema(
        operation_id="clusters_update",
        request=forms.ClusterPatch,
        responses=forms.ClusterOut,
        parameters=[ID, IF_MATCH],
    )
    def partial_update(self, request: Request, id: str) -> Response:
        """Set labels and what is offered, cordon or suspend; operators only."""
        body = self.parsed(forms.ClusterPatch)
        why: dict[str, Any] = {"actor": self.actor, "reason": body["reason"]}
        with self.edited() as cluster:
            if "labels" in body:
                registry.update_cluster(cluster=cluster, labels=body["labels"], **why)
            if offered := {name: body[name] for name in OFFERED if name in body}:
                registry.offer(cluster=cluster, **offered, **why)
            if "cordoned" in body:
                (registry.cordon if body["cordoned"] else registry.uncordon)(cluster=cluster, **why)
            if "suspended" in body:
                (registry.suspend if body["suspended"] else registry.resume)(cluster=cluster, **why)
        return self._answer(cluster)

    @extend_schema(
        operation_id="clusters_destroy", parameters=[ID, REMOVE, REASON, IF_MATCH_IF_IT_MATTERS], responses=UNREGISTERED
    )
    def destroy(self, request: Request, id: str) -> Response:
        """Unregister; operators only. 202 while what is ours is being removed."""
        remove = request.query_params.get("remove", "").lower()
        with self.edited(demanded=False) as cluster:
            leaving = departure.unregister_cluster(
                cluster=cluster,
                actor=self.actor,
                remove=remove == "true",
                leave_running=remove == "false",
                reason=request.query_params.get("reason", ""),
            )
        return Response(status=204) if leaving is None else self._answer(leaving, status=202)

    @extend_schema(
        operation_id="clusters_credentials_create",
        request=forms.CredentialIn,
        responses=forms.ClusterOut,
        parameters=[ID, IF_MATCH],
    )
    @action(detail=True, methods=["post"])
    def credentials(self, request: Request, id: str) -> Response:
        """Put another credential in force; operators only."""
        body = self.parsed(forms.CredentialIn)
        cluster = registry.replace_credential(
            cluster=self.get_object(), actor=self.actor, check=lambda row: check_if_match(request, row), **body
        )
        return self._answer(cluster)

    def _answer(self, cluster: Cluster, status: int = 200) -> Response:
        """As it is now, with what the list's query adds."""
        return self.answer(self.get_queryset().get(pk=cluster.pk), status=status)


class WorkFilter(filters.FilterSet):
    """`?name=&cluster=&team=&owner_id=&owner_kind=&owner_name=&health=&intent=`, exact."""

    team = filters.CharFilter(field_name="team__name")
    cluster = filters.CharFilter(field_name="cluster__name")

    class Meta:
        model = Work
        fields = ["name", "cluster", "owner_id", "owner_kind", "owner_name", "health", "intent"]


@extend_schema_view(
    list=extend_schema(operation_id="works_list"),
    retrieve=extend_schema(operation_id="works_retrieve", responses=forms.WorkDetailOut),
)
class WorkViewSet(ResourceViewSet[Work]):
    """What is delivered, for one's teams; operators see all. Written by services of its owners alone."""

    queryset = Work.objects.all()
    filterset_class = WorkFilter
    ordering = "created_at"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[Work]:
        """What the actor may view; objects are counted by the database, a page of manifests is megabytes."""
        found = selectors.works_of(self.actor).defer(
            "manifests", "removable", "cluster__facts", "cluster__ca_data", "cluster__conditions"
        )
        return found.annotate(
            objects_count=Func("manifests", function="jsonb_array_length", output_field=IntegerField())
        )

    @extend_schema(operation_id="works_let_go", request=forms.LetGoIn, responses={202: forms.WorkDetailOut})
    @action(detail=True, methods=["post"], url_path="let-go")
    def let_go(self, request: Request, id: str) -> Response:
        """Have an object that is held deleted, with the data in it; its name confirms. Owners of the team only."""
        body = self.parsed(forms.LetGoIn)
        held.let_go(
            work=self.get_object(),
            oid=body["object"],
            confirm=body["confirm"],
            actor=self.actor,
            reason=body["reason"],
        )
        return Response(forms.WorkDetailOut(self.get_object(), context=self.get_serializer_context()).data, status=202)

    def get_serializer_class(self) -> Any:
        """The objects come with one Work only."""
        return forms.WorkDetailOut if self.action == "retrieve" else forms.WorkOut
