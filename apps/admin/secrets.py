"""Secrets in the console: a new version is typed in and never shown again, an old one is revoked by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.differences import objects
from apps.admin.layers import frame, key_page, layer_page
from apps.admin.secret_forms import RevokeForm, StoreForm, values_form
from apps.admin.views import acted, denied, page
from apps.models import Environment
from apps.selectors import Secret
from apps.selectors.config import Scope, scope_of
from apps.services.secrets import Check
from apps.terms import givable
from paas.core.api import changed_meanwhile
from paas.core.errors import Refusal
from paas.core.site import refused


def _of_environment(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of an environment in which the person may deploy."""

    @wraps(view)
    def found(request: HttpRequest, pk: UUID, **more: Any) -> HttpResponse:
        environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
        scope = scope_of(environment)
        if refusal := denied(request, "deploy", environment, back=layer_page(scope)):
            return refusal
        return view(request, environment, scope, **more)

    return found


@_of_environment
def store(request: HttpRequest, environment: Environment, scope: Scope) -> HttpResponse:
    """A form for the values of a new version, of `?name=` or of a new secret; what was typed is sent back to nobody."""
    asked = request.GET.get("name", "")
    secret = _secret(environment, asked)
    sent = request.POST if request.method == "POST" else None
    form = StoreForm(sent, initial=_initial(secret, asked), known=secret is not None, taken=_taken(environment))
    values = values_form(sent, secret.latest.keys if secret else ())

    def act(said: dict[str, Any]) -> str:
        given = values.given
        kept: dict[str, Any] = {"store": said["store"], "remote": given} if said["store"] else {"values": given}
        made = services.set_secret(
            environment=environment,
            name=said["name"],
            max_age_days=said["max_age_days"],
            actor=request.user,
            check=_as_read(said["version"]),
            **kept,
        )
        return _("%(secret)s is stored. What runs takes it with the next deploy.") % {"secret": made}

    if (sent is None or values.is_valid()) and (answer := acted(request, form, act, done=layer_page(scope))):
        return answer
    name = form["name"].value() or "NAME"
    context = {
        "title": _("Store a secret in %(environment)s") % {"environment": scope.name},
        **frame(scope),
        "environment": environment,
        "form": form,
        "values": values,
        "secret": secret,
        "back": layer_page(scope),
        "twin": f"dougong secret set {_application(environment)} {name} KEY -e {environment.name} · "
        f"PUT /api/v1/environments/{environment.pk}/secrets/{name}/",
    }
    return page(request, "applications/secret_store.html", context)


@_of_environment
def revoke(request: HttpRequest, environment: Environment, scope: Scope, name: str) -> HttpResponse:
    """What would be forgotten and released first, then a typed name. `?version=`: this one only."""
    secret, number = _secret(environment, name), request.GET.get("version", "")
    back = key_page(scope, secret=name)
    version = int(number) if number.isdecimal() and len(number) < len("1000000000") else None
    if secret is None or (number and version is None):
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = RevokeForm(sent, expected=name, initial={"release": True, "version": secret.version})

    def act(said: dict[str, Any]) -> str:
        made = services.revoke_secret(
            environment=environment,
            name=name,
            version=version,
            release=said["release"],
            force=said["force"],
            reason=said["reason"],
            actor=request.user,
            check=_as_read(said["version"]),
        )
        numbers = ", ".join(f"v{each}" for each in made.versions)
        return " ".join([_("Revoked: %(name)s %(versions)s.") % {"name": name, "versions": numbers}, *made.notes])

    if answer := acted(request, form, act, done=back):
        return answer
    foreseen = _foreseen(request, environment, name, version)
    words = f" --version {version}" if version else ""
    context = {
        "title": _("Revoke %(name)s") % {"name": f"{name} v{version}" if version else name},
        **frame(scope),
        "environment": environment,
        "form": form,
        "read": secret.version,
        "foreseen": foreseen,
        "closed": "refusal" in foreseen and not foreseen["forcible"],
        "icon": "key_off",
        "back": back,
        "twin": f"dougong secret revoke {_application(environment)} {name}{words} -e {environment.name} · "
        f"DELETE /api/v1/environments/{environment.pk}/secrets/{name}/{f'?version={version}' if version else ''}",
    }
    return page(request, "applications/secret_revoke.html", context)


def _foreseen(request: HttpRequest, environment: Environment, name: str, version: int | None) -> dict[str, Any]:
    """What a rehearsal says: {"notes", "clusters"}, or {"refusal"} where it is refused unless it is forced."""
    try:
        found = services.dry_run_revocation(environment=environment, name=name, version=version, actor=request.user)
    except Refusal as refusal:
        return {"refusal": refused(refusal), "forcible": refusal.code == "secret_in_use"}
    clusters = [
        {"name": f"{each.name}, {there.name}", "rows": objects(there.objects)}
        for each in found.environments
        for there in each.clusters
        if there.objects
    ]
    return {"notes": found.notes, "clusters": clusters}


def _secret(environment: Environment, name: str) -> Secret | None:
    return next(iter(selectors.secrets_of(environment, name if givable(name) else "")), None)


def _taken(environment: Environment) -> list[str]:
    return [each.name for each in selectors.secrets_of(environment)]


def _initial(secret: Secret | None, name: str) -> dict[str, Any]:
    if secret is None:
        return {"name": name, "version": 0}
    return {
        "name": secret.name,
        "version": secret.version,
        "max_age_days": secret.latest.max_age_days,
        "store": secret.store or "",
    }


def _as_read(version: int) -> Check:
    """The secret is as the page showed it: what another person stored or revoked meanwhile is seen first."""

    def check(secret: Secret | None) -> None:
        if secret is not None and secret.version != version:
            raise changed_meanwhile(secret)

    return check


def _application(environment: Environment) -> str:
    return f"{environment.application.project.name}/{environment.application.name}"
