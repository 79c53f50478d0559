"""Two releases compared, and going back to one: pages of the release history."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import yaml
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.forms import ReasonForm
from apps.admin.views import acted, application_page, denied, page
from apps.models import Application, Environment, Release
from apps.services.successors import Replaced
from paas.core.errors import Refusal
from paas.core.site import refused

CONTEXT_LINES = 3


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("releases/<uuid:old>/<uuid:new>/", view(compare), name="applications_release_compare"),
        path("releases/<uuid:pk>/rollback/", view(rollback), name="applications_release_rollback"),
    ]


def compare(request: HttpRequest, old: UUID, new: UUID) -> HttpResponse:
    """What differs between two releases: image, secret versions, and the app file line by line."""
    rows = selectors.releases_of(request.user).defer(None)
    found = {each.pk: each for each in rows.filter(pk__in=[old, new])}
    if old not in found or new not in found:
        return _away()
    one, other = found[old], found[new]
    context = {
        "title": _("%(one)s and %(other)s") % {"one": _name(one), "other": _name(other)},
        "opts": Application._meta,
        "original": other.environment.application,
        "back": application_page(other.environment.application_id),
        "one": one,
        "other": other,
        "facts": facts(one, other),
        "lines": list(difference(one, other)),
    }
    return page(request, "applications/compare.html", context)


def rollback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would change first, then a reason and a button."""
    release = selectors.releases_of(request.user).defer(None).filter(pk=pk).first()
    if release is None:
        return _away()
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
    replaced, remarks = _foreseen(request, environment, release)
    successors = {each.name: each.successor for each in replaced}
    context = {
        "title": _("Roll %(environment)s back to %(release)s") % {"environment": environment.name, "release": release},
        "opts": Application._meta,
        "original": environment.application,
        "back": back,
        "environment": environment,
        "release": release,
        "current": current,
        "form": form,
        "facts": facts(current, release, successors) if current else [],
        "lines": list(difference(current, release)) if current else [],
        "remarks": [] if form.is_bound else remarks,
    }
    return page(request, "applications/rollback.html", context)


def _foreseen(
    request: HttpRequest, environment: Environment, release: Release
) -> tuple[tuple[Replaced, ...], tuple[str, ...]]:
    """Revoked secrets with their successors, and what is worth knowing before, or why it would be refused."""
    try:
        found = services.dry_run_rollback(environment=environment, release=release, actor=request.user)
    except Refusal as refusal:
        return (), (refused(refusal),)
    return found.replaced, found.notes


def facts(one: Release, other: Release, successors: Mapping[str, int] | None = None) -> list[tuple[str, str, str]]:
    """(what, before, after) of image and secret versions that differ; of `other` with these successors in place."""
    after = {**other.secrets, **(successors or {})}
    found = [(_("Image"), one.image, other.image)]
    found += [
        (_("Secret %(name)s") % {"name": name}, _version(one.secrets, name), _version(after, name))
        for name in sorted({*one.secrets, *after})
    ]
    return [each for each in found if each[1] != each[2]]


def difference(one: Release, other: Release) -> Iterator[dict[str, str]]:
    """Lines of the app files: {"sign": "+", "-", " " or "@", "text"}; none where they are alike."""
    lines = difflib.unified_diff(_lines(one), _lines(other), n=CONTEXT_LINES, lineterm="")
    for number, line in enumerate(lines):
        if number > 1:  # the first two name the files
            yield {"sign": "@", "text": ""} if line.startswith("@") else {"sign": line[:1], "text": line[1:]}


def _lines(release: Release) -> list[str]:
    text: str = yaml.safe_dump(release.app_file, sort_keys=False, allow_unicode=True, width=100)
    return text.splitlines()


def _version(secrets: Mapping[str, int], name: str) -> str:
    return f"v{secrets[name]}" if name in secrets else _("none")


def _name(release: Release) -> str:
    return f"{release.environment.name} {release}"


def _away() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:applications_application_changelist"))
