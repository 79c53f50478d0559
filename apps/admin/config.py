"""The page of a layer of configuration: its keys and those of the environments below it side by side, with secrets.

/console/config/                            the platform
/console/config/application/demo/hello/     a layer, written as the command line does
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.admin import config_keys, config_proposals, secrets
from apps.admin.config_declare import declaring
from apps.admin.config_edit import editing
from apps.admin.config_shown import cell, column, key_of, proposal, secret_cell
from apps.admin.layers import editable, frame, layer_api, layer_page, live_page, owning_team, scoped, store_page
from apps.admin.views import page, streamed
from apps.config import DECLARING
from apps.delivery import CONFIG_CHANNEL
from apps.models import Environment
from apps.selectors import matrix as matrices
from apps.selectors.config import Scope, find_scope, scope_of
from clusters.models import Cluster
from paas.core.permissions import Actor, allowed, fresh, visible
from paas.core.site import register_view
from paas.core.sse import stream
from paas.identity.models import Team

MOST_COLUMNS = 12
MOST_LAYERS = 200


@scoped
def show(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The matrix, or what differs between two of its environments; above it a key that is being edited or declared."""
    declared = declaring(request, scope)
    if isinstance(declared, HttpResponse):
        return declared
    edited = None if declared else editing(request, scope)
    if isinstance(edited, HttpResponse):
        return edited
    query = {name: request.GET[name] for name in ("q", "left", "right") if request.GET.get(name)}
    seen = seen_by(request.user, scope, query)
    context = {
        "title": _("Configuration of %(layer)s") % {"layer": scope} if scope.row else _("Configuration"),
        **frame(scope),
        "here": layer_page(scope),
        "layers": _layers(request.user) if scope.kind == "platform" else [],
        "live": live_page(scope, **query),
        "part": query.get("q", ""),
        "editing": edited,
        "declaring": declared,
        "owner": owning_team(scope),
        "add": layer_page(scope, edit="", at=str(scope)) + "#edit",
        "twin": _twin(scope, seen["chosen"]),
        **seen,
    }
    return page(request, "applications/config.html", context)


def live(request: HttpRequest, kind: str = "platform", name: str = "") -> HttpResponseBase:
    """The matrix as it changes."""
    query = request.GET.dict()

    def read() -> dict[str, Any]:
        person = fresh(request.user)
        seen = seen_by(person, find_scope(person, kind, name), query)
        return {"html": render_to_string("applications/config_live.html", seen)}

    return streamed(lambda: stream(read, CONFIG_CHANNEL))


def seen_by(actor: Actor, scope: Scope, query: Mapping[str, str]) -> dict[str, Any]:
    """What is live on the page: proposals, and columns and rows of both matrices; of two chosen environments only what
    differs. `query` has "q", "left" and "right".
    """
    below = list(matrices.environments_below(actor, scope, query.get("q", ""))[: MOST_COLUMNS + 1])
    environments = below[:MOST_COLUMNS]
    chosen = _chosen(query, environments)
    deploys = scope.row is not None and scope.kind != "cluster" and allowed(actor, "deploy", scope.row)
    columns = [column(each, edits=deploys) for each in chosen or environments]
    rows, secrets = matrices.matrix(scope, environments), matrices.secret_matrix(environments)
    if chosen:
        one, other = (each.pk for each in chosen)
        rows = [each for each in rows if each.differs(one, other)]
        secrets = [each for each in secrets if each.differs(one, other)]
    now = timezone.now()
    near = scope.kind in ("application", "environment")
    edits = editable(actor, scope)
    declares = edits and scope.kind in DECLARING
    declared = declares and not chosen
    mine = [] if chosen or scope.kind == "environment" else [column(scope, edits=edits)]
    return {
        "scope": scope,
        "edits": edits,
        "declare": layer_page(scope, declare="") + "#declare" if declares else "",
        "environments": environments,
        "more": len(below) > MOST_COLUMNS,
        "chosen": chosen,
        "proposals": [proposal(each) for each in matrices.waiting(actor, scope, environments)],
        "columns": [*mine, *columns],
        "rows": [
            {**key_of(row, scope, declares=declared), "cells": [cell(row, each, scope) for each in [*mine, *columns]]}
            for row in rows
        ],
        "secret_columns": columns,
        "stores": [(each["title"], store_page(each["environment"])) for each in columns if each["edits"] and near],
        "secrets": [{"name": row.name, "cells": [secret_cell(row, each, now) for each in columns]} for row in secrets],
    }


def _layers(actor: Actor) -> list[tuple[Scope, str]]:
    """The clusters and teams whose layers one may view, with their addresses."""
    rows: list[Any] = [*visible(actor, Cluster.objects.order_by("name"))[:MOST_LAYERS]]
    rows += visible(actor, Team.objects.order_by("name"))[:MOST_LAYERS]
    return [(scope, layer_page(scope)) for scope in map(scope_of, rows)]


def _chosen(query: Mapping[str, str], environments: Sequence[Environment]) -> list[Environment]:
    """The two that are compared; none where these are not two of the columns."""
    by_id = {str(each.pk): each for each in environments}
    left, right = (by_id.get(query.get(side, "")) for side in ("left", "right"))
    return [left, right] if left and right and left != right else []


def _twin(scope: Scope, chosen: Sequence[Environment]) -> str:
    if chosen:
        one, other = chosen
        beside = "" if one.application_id == other.application_id else f" --with {_application(other)}"
        return (
            f"dougong config compare {_application(one)} {one.name} {other.name}{beside} · "
            f"GET /api/v1/environments/{one.pk}/config/compare/?with={other.pk}"
        )
    if scope.kind == "environment":
        return (
            f"dougong config explain {_application(scope.row)} -e {scope.row.name} · "
            f"GET /api/v1/environments/{scope.id}/config/"
        )
    return f"dougong config list {scope} · GET {layer_api(scope)}"


def _application(environment: Environment) -> str:
    return f"{environment.application.project.name}/{environment.application.name}"


register_view("config/", show, name="config")
register_view("config/<str:kind>/<path:name>/", show, name="config_layer")
register_view("config-live/", live, name="config_live")
register_view("config-live/<str:kind>/<path:name>/", live, name="config_layer_live")
register_view("config-key/", config_keys.show, name="config_key")
register_view("config-key/<str:kind>/<path:name>/", config_keys.show, name="config_layer_key")
register_view("config-secrets/<uuid:pk>/store/", secrets.store, name="secret_store")
register_view("config-secrets/<uuid:pk>/<str:name>/revoke/", secrets.revoke, name="secret_revoke")
register_view("config-proposals/<uuid:pk>/", config_proposals.decide, name="config_proposal")
