"""Layers of configuration in the console: their addresses, as the command line writes them, and who may change them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.models import Environment
from apps.selectors.config import Scope, find_scope
from apps.services.config import may_edit
from paas.core.errors import Refusal
from paas.core.pages import found
from paas.core.permissions import Actor


def layer_page(scope: Scope, **query: str) -> str:
    """The address of a layer's page."""
    return _address("admin:config", "admin:config_layer", scope, query)


def key_page(scope: Scope, **query: str) -> str:
    """The address of what happened to a key or secret of a layer."""
    return _address("admin:config_key", "admin:config_layer_key", scope, query)


def store_page(environment: Environment, name: str = "") -> str:
    """The address of the form that stores a version of a secret, of this name or of a new one."""
    address = reverse("admin:secret_store", args=[environment.pk])
    return f"{address}?{urlencode({'name': name})}" if name else address


def revoke_page(environment: Environment, name: str, version: int | None = None) -> str:
    """The address of the form that revokes one version of a secret, or all."""
    address = reverse("admin:secret_revoke", args=[environment.pk, name])
    return address if version is None else f"{address}?version={version}"


def live_page(scope: Scope, **query: str) -> str:
    """The address of the stream of a layer's page."""
    return _address("admin:config_live", "admin:config_layer_live", scope, query)


def layer_api(scope: Scope, path: str = "", **query: str) -> str:
    """The layer in the API, as twins name it."""
    named = {"scope": scope.kind, **({"of": scope.name} if scope.name else {}), **query}
    return f"/api/v1/config/{path}?{urlencode(named, safe='/')}"


def frame(scope: Scope) -> dict[str, Any]:
    """What the header of a page needs to say where one is: {"opts", "original"}, nothing on the platform's."""
    row = scope.row.application if scope.kind == "environment" else scope.row
    return {} if row is None else {"opts": row._meta, "original": row}


def editable(actor: Actor, scope: Scope) -> bool:
    """Whether the person may change the layer."""
    try:
        may_edit(actor, scope)
    except Refusal:
        return False
    return True


def owning_team(scope: Scope) -> str:
    """The team whose permission it takes to change the layer; "" where it is the operators'."""
    steps = {
        "environment": ("application", "project", "team"),
        "application": ("project", "team"),
        "project": ("team",),
    }
    if scope.kind in ("platform", "cluster"):
        return ""
    row = scope.row
    for step in steps.get(scope.kind, ()):
        row = getattr(row, step)
    return str(row)


def scoped(view: Callable[[HttpRequest, Scope], HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of the layer that the address names."""

    @wraps(view)
    def of_layer(request: HttpRequest, kind: str = "platform", name: str = "") -> HttpResponse:
        return view(request, found(lambda: find_scope(request.user, kind, name)))

    return of_layer


def _address(platform: str, layer: str, scope: Scope, query: dict[str, Any]) -> str:
    address = reverse(layer, args=[scope.kind, scope.name]) if scope.name else reverse(platform)
    return f"{address}?{urlencode(query)}" if query else address
