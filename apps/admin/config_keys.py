"""What happened to a key or a secret: who changed it, when and why, in the layer and all that is wider."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.admin.config_shown import change
from apps.admin.layers import frame, layer_api, layer_page, revoke_page, scoped, store_page
from apps.admin.views import page
from apps.models import ConfigChange, SecretVersion
from apps.selectors import matrix as matrices
from apps.selectors.config import Scope, lineage
from apps.terms import givable
from paas.core.permissions import allowed

MOST = 200


@scoped
def show(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The history of `?key=` or of `?secret=`, newest first."""
    secret = request.GET.get("secret", "")
    name = secret or request.GET.get("key", "")
    context = {
        "title": _("History of %(name)s") % {"name": name},
        **frame(scope),
        "scope": scope,
        "name": name,
        "back": layer_page(scope),
        "edit": "" if secret else layer_page(scope, edit=name, at=str(scope)) + "#edit",
        **(_of_secret(request, scope, secret) if secret else _of_key(request, scope, name)),
    }
    return page(request, "applications/config_key.html", context)


def _of_key(request: HttpRequest, scope: Scope, key: str) -> dict[str, Any]:
    """Its changes in the layer, in the wider ones, and in the environments below."""
    ids = [each.id for each in lineage(scope)]
    ids += matrices.environments_below(request.user, scope).values_list("pk", flat=True)
    rows = ConfigChange.objects.filter(scope_id__in=ids, key=key if givable(key) else "").order_by("-id")[:MOST]
    return {
        "changes": [
            {
                **change(each.key, each.before, each.after),
                "layer": "/".join(filter(None, (each.scope, each.scope_name))),
                "by": each.created_by_name,
                "accepted_by": each.accepted_by_name,
                "at": each.created_at,
                "reason": each.reason,
            }
            for each in rows
        ],
        "twin": f"dougong config history {scope} {key} · GET {layer_api(scope, 'history/', key=key)}",
    }


def _of_secret(request: HttpRequest, scope: Scope, name: str) -> dict[str, Any]:
    """Its versions, without their values; the forms that store and revoke one, where the person may."""
    rows = SecretVersion.objects.filter(environment_id=scope.id, name=name if givable(name) else "")
    versions = list(rows.select_related("created_by").defer("values").order_by("-version")[:MOST])
    deploys = scope.kind == "environment" and allowed(request.user, "deploy", scope.row)
    in_force = [each.version for each in versions if deploys and each.revoked_at is None]
    application, _slash, environment = scope.name.rpartition("/")
    command = f"{application} {name} -e {environment}"
    return {
        "versions": [
            (each, revoke_page(scope.row, name, each.version) if each.version in in_force else "") for each in versions
        ],
        "store": store_page(scope.row, name) if deploys else "",
        "revoke_all": revoke_page(scope.row, name) if in_force else "",
        "twin": f"dougong secret list {command} · GET /api/v1/environments/{scope.id}/secrets/{name}/",
        "acts": [
            f"dougong secret set {application} {name} KEY -e {environment} · PUT",
            f"dougong secret revoke {command} · DELETE",
        ]
        if deploys
        else [],
    }
