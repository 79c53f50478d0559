"""The page of a layer of configuration: its keys and those of the environments below it side by side, with secrets.

/console/config/                            the platform
/console/config/application/demo/hello/     a layer, written as the command line does
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.admin import config_keys, config_proposals
from apps.admin.config_edit import editing
from apps.admin.config_shown import cell, column, key_of, proposal, secret_cell
from apps.admin.layers import editable, frame, layer_api, layer_page, owning_team, scoped
from apps.admin.views import page
from apps.models import Environment
from apps.selectors import matrix as matrices
from apps.selectors.config import Scope
from paas.core.permissions import allowed
from paas.core.site import register_view

MOST_COLUMNS = 12


@scoped
def show(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The matrix, or what differs between two of its environments; above it a key that is being edited."""
    edited = editing(request, scope)
    if isinstance(edited, HttpResponse):
        return edited
    part = request.GET.get("q", "")
    below = list(matrices.environments_below(request.user, scope, part)[: MOST_COLUMNS + 1])
    environments = below[:MOST_COLUMNS]
    chosen = _chosen(request, environments)
    context = {
        "title": _("Configuration of %(layer)s") % {"layer": scope},
        **frame(scope),
        "scope": scope,
        "here": layer_page(scope),
        "part": part,
        "more": len(below) > MOST_COLUMNS,
        "environments": environments,
        "chosen": chosen,
        "proposals": [proposal(each) for each in matrices.waiting(request.user, scope, environments)],
        "editing": edited,
        "edits": editable(request.user, scope),
        "owner": owning_team(scope),
        "add": layer_page(scope, edit="", at=str(scope)) + "#edit",
        "twin": _twin(scope, chosen),
        **_tables(request, scope, environments, chosen),
    }
    return page(request, "applications/config.html", context)


def _tables(
    request: HttpRequest, scope: Scope, environments: Sequence[Environment], chosen: Sequence[Environment]
) -> dict[str, Any]:
    """Columns and rows of both matrices; of two chosen environments only what differs."""
    deploys = scope.row is not None and scope.kind != "cluster" and allowed(request.user, "deploy", scope.row)
    columns = [column(each, edits=deploys) for each in chosen or environments]
    rows, secrets = matrices.matrix(scope, environments), matrices.secret_matrix(environments)
    if chosen:
        one, other = (each.pk for each in chosen)
        rows = [each for each in rows if each.differs(one, other)]
        secrets = [each for each in secrets if each.differs(one, other)]
    now = timezone.now()
    mine = [] if chosen or scope.kind == "environment" else [column(scope, edits=editable(request.user, scope))]
    return {
        "columns": [*mine, *columns],
        "rows": [
            {**key_of(row, scope), "cells": [cell(row, each, scope) for each in [*mine, *columns]]} for row in rows
        ],
        "secret_columns": columns,
        "secrets": [{"name": row.name, "cells": [secret_cell(row, each, now) for each in columns]} for row in secrets],
    }


def _chosen(request: HttpRequest, environments: Sequence[Environment]) -> list[Environment]:
    """The two that are compared; none where these are not two of the columns."""
    by_id = {str(each.pk): each for each in environments}
    left, right = (by_id.get(request.GET.get(side, "")) for side in ("left", "right"))
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
register_view("config-key/", config_keys.show, name="config_key")
register_view("config-key/<str:kind>/<path:name>/", config_keys.show, name="config_layer_key")
register_view("config-proposals/<uuid:pk>/", config_proposals.decide, name="config_proposal")
