"""The placement page of an environment: where its replicas are, what another placement would come to, and the act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.forms import PlacementForm
from apps.admin.views import acted, denied, environment_stream, page
from apps.models import Application, Environment
from apps.services import DryRun
from clusters.admin import tables
from clusters.models import Cluster
from paas.core.errors import PreconditionFailed, Refusal
from paas.core.permissions import allowed
from paas.core.rows import locked
from paas.core.site import refuse

Count = Mapping[str, int]


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/placement/", view(show), name="applications_environment_placement"),
        path("environments/<uuid:pk>/placement/live/", view(live), name="applications_environment_placement_live"),
    ]


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is, and for those who deploy a form: first what it would come to, then the act."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    if request.method == "POST" and (refusal := denied(request, "deploy", environment, back=request.path)):
        return refusal
    deploys = allowed(request.user, "deploy", environment) and environment.current_release_id is not None
    form = _form(request, environment) if deploys else None
    dry_run = None
    if form is not None and "preview" in request.POST:
        dry_run = _previewed(request, form, environment)
    elif form is not None and (answer := acted(request, form, _act(request, form, environment), done=request.path)):
        return answer
    application = environment.application
    return page(
        request,
        "applications/placement.html",
        {
            **_placed(environment),
            "title": _("Placement of %(application)s in %(environment)s")
            % {"application": application.name, "environment": environment.name},
            "opts": Application._meta,
            "original": application,
            "environment": environment,
            "live": reverse("admin:applications_environment_placement_live", args=[pk]),
            "form": form,
            "notes": dry_run.notes if dry_run else (),
            "preview": _preview_table(dry_run) if dry_run else None,
        },
    )


def live(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Where its replicas are, as it changes."""
    return environment_stream(request, pk, "applications/placed.html", _placed)


def _placed(environment: Environment) -> dict[str, Any]:
    """What applications/placed.html needs."""
    seen = selectors.placement(environment)
    return {"seen": seen, "now": spread_table(seen)}


def spread_table(seen: Mapping[str, Any]) -> tables.Table:
    """Of `selectors.placement`: replicas of each process by cluster."""
    rows = [
        [each["process"], part["cluster"], _bar(part, each["parts"])]
        for each in seen["spread"]
        for part in each["parts"]
    ]
    headers = [_("Process"), _("Cluster"), _("Replicas")]
    return tables.Table(_("Replicas by cluster"), headers, rows, _("Nothing of it is on any cluster."))


def _preview_table(dry_run: DryRun) -> tables.Table:
    rows = []
    for spread in (spread for each in dry_run.environments for spread in each.spread):
        then = [part.after.to_json() for part in spread.parts if part.after]
        for part in spread.parts:
            before = part.before.to_json() if part.before else None
            after = part.after.to_json() if part.after else None
            rows.append([spread.process, part.cluster, _number(before), _bar(after, then) if after else _("none")])
    headers = [_("Process"), _("Cluster"), _("Now"), _("Then")]
    return tables.Table(_("What it would come to"), headers, rows)


def _bar(count: Count, among: Iterable[Count]) -> str:
    most = max((each["max"] for each in among), default=0) or 1
    return render_to_string("applications/bar.html", {"text": _number(count), "value": count["max"], "most": most})


def _number(count: Count | None) -> str:
    if count is None:
        return _("none")
    if count["min"] == count["max"]:
        return str(count["min"])
    return _("%(min)s to %(max)s") % count


def _form(request: HttpRequest, environment: Environment) -> PlacementForm:
    names = list(Cluster.objects.order_by("name").values_list("name", flat=True))
    if request.method == "POST":
        return PlacementForm(request.POST, clusters=names)
    return PlacementForm(initial=PlacementForm.initial_of(environment), clusters=names)


def _previewed(request: HttpRequest, form: PlacementForm, environment: Environment) -> DryRun | None:
    if not form.is_valid():
        return None
    try:
        return services.dry_run_placement(environment=environment, placement=form.placement, actor=request.user)
    except Refusal as refusal:
        refuse(form, refusal)
        return None


def _act(request: HttpRequest, form: PlacementForm, environment: Environment) -> Callable[[dict[str, Any]], str]:
    def act(said: dict[str, Any]) -> str:
        with transaction.atomic():
            now = locked(environment)
            if said["version"] != now.version:
                raise PreconditionFailed(
                    "version_changed",
                    "The environment has changed since you read this page.",
                    remedy="Open it again, and repeat your change on what is there now.",
                )
            made = services.set_placement(
                environment=environment,
                placement=form.placement,
                actor=request.user,
                reason=said["reason"],
            )
        return " ".join([_("%(environment)s is placed.") % {"environment": environment.name}, *made.notes])

    return act
