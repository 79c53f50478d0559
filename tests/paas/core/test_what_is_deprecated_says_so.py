"""A deprecated operation: marked once, and then said by the OpenAPI file and by the headers of every answer."""

import types
from datetime import date
from pathlib import Path

import pytest
import yaml
from django.urls import path, resolve
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from paas.core.deprecation import GRACE, Deprecation, deprecated, deprecation_of
from paas.core.errors import Conflict

OLD = Deprecation(date(2026, 11, 28), "GET /api/v1/new/", sunset=date(2027, 6, 1))
FILE = Path(__file__).parents[3] / "docs" / "openapi.yaml"


class OldView(APIView):
    """A plain view."""

    @extend_schema(responses=None)
    @deprecated(OLD)
    def get(self, request):
        """The old one."""
        if "refuse" in request.query_params:
            raise Conflict("taken", "It is taken.")
        return Response({})

    @extend_schema(request=None, responses=None)
    def post(self, request):
        return Response({})


class OldViewSet(ViewSet):
    """One with actions."""

    @extend_schema(request=None, responses=None)
    @action(detail=False, methods=["post"])
    @deprecated(Deprecation(date(2026, 11, 28), "POST /api/v1/new/"))
    def act(self, request):
        return Response({})


@pytest.fixture
def urls(settings):
    module = types.ModuleType("urls_of_this_test")
    module.urlpatterns = [
        path("api/v1/old/", OldView.as_view()),
        path("api/v1/act/", OldViewSet.as_view({"post": "act"})),
    ]
    settings.ROOT_URLCONF = module
    return SchemaGenerator(urlconf=module).get_schema(public=True)["paths"]


def test_the_file_says_since_when_and_what_takes_its_place(urls):
    marked = urls["/api/v1/old/"]["get"]
    assert marked["deprecated"] is True
    assert marked["description"] == (
        "The old one.\n\nDeprecated since 2026-11-28, goes on 2027-06-01: use GET /api/v1/new/."
    )
    assert "deprecated" not in urls["/api/v1/old/"]["post"]


def test_every_deprecated_operation_of_the_file_sends_the_headers(urls, api, admin):
    client = api(admin)
    found = {(method, at) for at, each in urls.items() for method, said in each.items() if said.get("deprecated")}
    assert found == {("get", "/api/v1/old/"), ("post", "/api/v1/act/")}
    for method, at in found:
        assert getattr(client, method)(at)["Deprecation"] == "@1795824000"
    assert "Deprecation" not in client.post("/api/v1/old/").headers


def test_the_day_on_which_it_goes_is_sent_once_it_is_known(urls, api, admin):
    assert api(admin).get("/api/v1/old/")["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert "Sunset" not in api(admin).post("/api/v1/act/").headers


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?refuse", 409)])
def test_a_refusal_sends_them_too(urls, api, admin, query, status):
    answer = api(admin if query else None).get(f"/api/v1/old/{query}")
    assert (answer.status_code, answer["Deprecation"]) == (status, "@1795824000")
    assert 'rel="deprecation"' in answer["Link"]


def test_nothing_goes_sooner_than_is_promised():
    since = date(2026, 11, 28)
    Deprecation(since, "GET /", sunset=since + GRACE)
    with pytest.raises(ValueError):
        Deprecation(since, "GET /", sunset=date(2027, 3, 1))


def test_no_operation_of_ours_is_called_deprecated_without_the_mark():
    """By extend_schema alone the file would say it, and no answer."""
    for at, operations in yaml.safe_load(FILE.read_text())["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and operation.get("deprecated"):
                view = resolve(at.replace("{id}", "00000000-0000-0000-0000-000000000000")).func
                handler = getattr(view, "actions", {}).get(method, method)
                assert deprecation_of(view.cls, handler), operation["operationId"]
