"""The release history of an application: any two releases of an environment compared, and going back to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.differences import between, facts, lines, objects
from apps.admin.views import acted, application_page, denied, page, streamed
from apps.delivery import channel
from apps.models import Application, Environment, Release
from paas.core.errors import Refusal
from paas.core.forms import ReasonForm
from paas.core.permissions import Actor, allowed, fresh, not_found
from paas.core.site import refused
from paas.core.sse import stream

MOST = 100


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("<uuid:pk>/releases/", view(history), name="applications_application_releases"),
        path("<uuid:pk>/releases/live/", view(live), name="applications_application_releases_live"),
        path("releases/<uuid:old>/<uuid:new>/", view(compare), name="applications_release_compare"),
        path("releases/<uuid:pk>/rollback/", view(rollback), name="applications_release_rollback"),
    ]


def history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The releases of `?environment=`, and in what `?old=` and `?new=` differ: the last two unless told."""
    application = get_object_or_404(selectors.applications_of(request.user), pk=pk)
    living = _living(application)
    environment = _chosen(living, request.GET.get("environment", ""))
    found = _releases(request.user, environment)
    numbered = {str(each.number): each for each in found}
    one = numbered.get(request.GET.get("old", ""), found[1] if found[1:] else None)
    other = numbered.get(request.GET.get("new", ""), found[0] if found else None)
    return _shown(request, application, environment, (one, other), found, living)


def compare(request: HttpRequest, old: UUID, new: UUID) -> HttpResponse:
    """The same for two releases by their ids, which may be of two environments."""
    found = {each.pk: each for each in selectors.releases_of(request.user).filter(pk__in=[old, new])}
    if old not in found or new not in found:
        raise Http404
    environment = found[new].environment
    application = selectors.applications_of(request.user).get(pk=environment.application_id)
    chosen = (found[old], found[new])
    releases = _releases(request.user, environment)
    return _shown(request, application, environment, chosen, releases, _living(application))


def live(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The releases of `?environment=` as they come."""
    name = request.GET.get("environment", "")

    def read() -> dict[str, Any]:
        person = fresh(request.user)
        application = selectors.applications_of(person).filter(pk=pk).first()
        if application is None:
            raise not_found(Application)
        environment = _chosen(_living(application), name)
        found = _table(person, application, environment, _releases(person, environment))
        return {"html": render_to_string("applications/restore.html", found)}

    return streamed(lambda: stream(read, channel(pk)))


def _living(application: Application) -> list[Environment]:
    return sorted(getattr(application, "live_environments", []), key=lambda each: str(each.name))


def _chosen(living: Sequence[Environment], name: str) -> Environment | None:
    """The one of that name, else the first."""
    named = {each.name: each for each in living}
    return named.get(name, next(iter(living), None))


def _releases(actor: Actor, environment: Environment | None) -> list[Release]:
    if environment is None:
        return []
    return list(selectors.releases_of(actor).filter(environment=environment).order_by("-number")[:MOST])


def _table(
    actor: Actor, application: Application, environment: Environment | None, found: Sequence[Release]
) -> dict[str, Any]:
    """What applications/restore.html needs."""
    deploys = allowed(actor, "deploy", application) and application.state == "Active"
    return {
        "application": application,
        "environment": environment,
        "releases": found,
        "current": environment.current_release_id if environment else None,
        "deploys": deploys and environment is not None and environment.retiring_at is None,
        "more": len(found) == MOST,
    }


def _shown(
    request: HttpRequest,
    application: Application,
    environment: Environment | None,
    chosen: tuple[Release | None, Release | None],
    found: Sequence[Release],
    living: Sequence[Environment],
) -> HttpResponse:
    """The page: history of one environment, and the difference where two releases are chosen."""
    one, other = chosen
    names = {"one": _name(one), "other": _name(other)} if one and other else {}
    whole = {each.pk: each for each in Release.objects.filter(pk__in=[each.pk for each in chosen if each])}
    differing = between(whole[one.pk], whole[other.pk], environment) if one and other and environment else {}
    address = reverse("admin:applications_application_releases_live", args=[application.pk])
    context = {
        **_table(request.user, application, environment, found),
        "title": _("%(one)s and %(other)s") % names if names else _("Releases of %(name)s") % {"name": application},
        "opts": Application._meta,
        "original": application,
        "environments": living,
        "live": f"{address}?environment={environment.name}" if environment else "",
        "one": one,
        "other": other,
        "differing": differing,
        "twin": _twin(application, one, other) if one and other else "",
    }
    return page(request, "applications/compare.html", context)


def rollback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would change first, by a dry run, then a reason and a button."""
    release = get_object_or_404(selectors.releases_of(request.user).defer(None), pk=pk)
    environment = Environment.objects.select_related("application__project__team", "current_release").get(
        pk=release.environment_id
    )
    back = application_page(environment.application_id)
    if refusal := denied(request, "deploy", environment, back=back):
        return refusal
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        made = services.rollback(environment=environment, release=release, actor=request.user, reason=said["reason"])
        names = {"environment": environment.name, "release": release, "made": made.release}
        return " ".join([_("%(environment)s returns to %(release)s as %(made)s.") % names, *made.notes])

    if answer := acted(request, form, act, done=back):
        return answer
    current = environment.current_release
    successors, foreseen = _foreseen(request, release)
    context = {
        "title": _("Roll %(environment)s back to %(release)s") % {"environment": environment.name, "release": release},
        "opts": Application._meta,
        "original": environment.application,
        "back": back,
        "environment": environment,
        "release": release,
        "current": current,
        "form": form,
        "differing": {
            "facts": facts(current, release, successors) if current else [],
            "lines": list(lines(current, release)) if current else [],
            **foreseen,
        },
    }
    return page(request, "applications/rollback.html", context)


def _foreseen(request: HttpRequest, release: Release) -> tuple[dict[str, int], dict[str, Any]]:
    """Secret → the successor of its revoked version, and what a dry run of the rollback says: objects, notes, or why
    it would be refused.
    """
    try:
        seen = services.dry_run_rollback(environment=release.environment, release=release, actor=request.user)
    except Refusal as refusal:
        return {}, {"objects": [], "refusal": refused(refusal)}
    rows = [
        {"name": each.name, "rows": objects(each.objects)} for there in seen.environments for each in there.clusters
    ]
    return {each.name: each.successor for each in seen.replaced}, {"objects": rows, "notes": seen.notes}


def _twin(application: Application, one: Release, other: Release) -> str:
    """The command compares two of one environment."""
    at = f"GET /api/v1/releases/{other.pk}/differences/?from={one.pk}"
    if one.environment_id != other.environment_id:
        return at
    said = f"{application.project.name}/{application.name} -e {other.environment.name}"
    return f"dougong diff {said} --from {one} --to {other} · {at}"


def _name(release: Release) -> str:
    return f"{release.environment.name} {release}"
