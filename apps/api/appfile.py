"""`/api/v1/app-file-schema/` and `/api/v1/render/`: the form of the app file, and what one would come to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps import appfile
from apps.api import examples
from apps.contribution import RenderError
from apps.problems import ProblemsError
from apps.render import render
from apps.selectors.targets import target_in
from apps.services.submit import invalid_app_file
from clusters.models import Cluster
from clusters.selectors import clusters_of
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import not_found


class AppFileSchemaView(APIView):
    """The JSON Schema (2020-12) of the app file, for editors."""

    @extend_schema(operation_id="app_file_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The same for everyone."""
        return Response(appfile.schema())


class RenderIn(serializers.Serializer[Any]):
    """An app file, one of its environments, and the cluster to render for."""

    appFile = serializers.JSONField()
    environment = serializers.CharField(max_length=63)
    cluster = serializers.CharField(max_length=63)


class RenderOut(serializers.Serializer[Any]):
    """Objects in the order of delivery, without values of secrets; notes on what the cluster cannot do."""

    objects = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField(child=serializers.CharField())


class RenderView(APIView):
    """A preview: nothing is stored and no application need exist. Stored secrets are not known to it."""

    @extend_schema(operation_id="render", request=RenderIn, responses=RenderOut, examples=examples.RENDER)
    def post(self, request: Request) -> Response:
        """What the file comes to on a cluster."""
        form = RenderIn(data=request.data)
        form.is_valid(raise_exception=True)
        body = form.validated_data
        cluster = clusters_of(request.user).filter(name=body["cluster"]).first()
        if cluster is None:
            raise not_found(Cluster)
        if "target" not in cluster.facts:
            raise Conflict("cluster_not_seen", f"Nothing is known yet of cluster '{cluster}'.")
        try:
            file = appfile.validate(body["appFile"])
            spec = appfile.spec_for(file, body["environment"], team="team", namespace="preview", release="r0")
            placement = file.environments[body["environment"]].model_dump(
                include=set(appfile.PLACEMENT), exclude_unset=True
            )
            found = render(spec, target_in(placement, cluster))
        except ProblemsError as error:
            raise invalid_app_file(error) from None
        except RenderError as error:
            errors = [{"path": error.path, "message": error.message}]
            raise Invalid(error.code, f"{error}.", details={"errors": errors}) from None
        return Response({"objects": [each.body for each in found.manifests], "notes": list(found.notes)})
