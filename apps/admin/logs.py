"""The logs page of an environment: live lines of its processes, of one process, of what stands beside or before it, of
one cluster or release, from a time on, or of the containers before their last restart. Its address says it all, so that
it can be sent to somebody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps import logs, selectors
from apps.admin.views import page, streamed
from apps.blocks import blocks
from apps.models import Application, Environment, Release
from apps.selectors.containers import containers_of
from paas.core.permissions import not_found

# Of a pod; nobody reads faster, and the others stay readable.
MOST_A_SECOND = 200
MOST_SAID = 63
MOST_RELEASES = 10
ASKED = ("process", "container", "cluster", "release", "since", "previous")


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("environments/<uuid:pk>/logs/", view(show), name="applications_environment_logs"),
        path("environments/<uuid:pk>/logs/live/", view(live), name="applications_environment_logs_live"),
    ]


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page; the lines come by the stream."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    chosen = {name: request.GET.get(name, "")[:MOST_SAID] for name in ASKED}
    query = urlencode({name: value for name, value in chosen.items() if value})
    application = environment.application
    twin = [f"dougong logs -f {application.project.name}/{application.name} -e {environment.name}"]
    twin += [f"--{name} {value}" for name, value in chosen.items() if value and name != "previous"]
    twin += ["--previous"] if chosen["previous"] else []
    context = {
        "title": _("Logs of %(application)s in %(environment)s")
        % {"application": application.name, "environment": environment.name},
        "opts": Application._meta,
        "original": application,
        "environment": environment,
        "source": f"{reverse('admin:applications_environment_logs_live', args=[pk])}{'?' if query else ''}{query}",
        "processes": _that_write(environment),
        "containers": _containers(environment, chosen["process"]),
        "clusters": sorted(each.cluster.name for each in environment.placements.all()),
        "releases": _releases(environment, chosen["release"]),
        "chosen": chosen,
        "words": {"left_out": _("lines left out"), "all": _("That is all."), "link": _("Link to this line")},
        "twin": f"{' '.join(twin)} · GET /api/v1/environments/{pk}/logs/?follow=1{'&' if query else ''}{query}",
    }
    return page(request, "applications/logs.html", context)


def live(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The lines, as server-sent events."""

    def begin() -> HttpResponseBase:
        environment = selectors.environments_of(request.user).filter(pk=pk).first()
        if environment is None:
            raise not_found(Environment)
        process, container, cluster, release, since = (request.GET.get(name, "") for name in ASKED[:-1])
        return logs.stream(
            actor=request.user,
            environment=environment,
            follow=True,
            process=process,
            container=container,
            cluster=cluster,
            release=release,
            since=since,
            previous=bool(request.GET.get("previous")),
            most_a_second=MOST_A_SECOND,
            says_end=True,
        )

    return streamed(begin)


def processes_of(environment: Environment) -> list[str]:
    """Of the current release, as far as its blocks have a process that goes on."""
    return _named(environment, {"process"})


def _that_write(environment: Environment) -> list[str]:
    """The same, with what runs to its end."""
    return _named(environment, {each.name for each in blocks().values() if each.declares_process})


def _containers(environment: Environment, process: str) -> list[str]:
    """To choose from, where a pod has more than one."""
    known = containers_of(environment)
    chosen = [names for each, names in known.items() if process in ("", each)]
    return sorted({each for names in chosen if len(names) > 1 for each in names})


def _named(environment: Environment, wanted: set[str]) -> list[str]:
    if environment.current_release_id is None:
        return []
    spec = Environment.objects.values_list("current_release__spec", flat=True).get(pk=environment.pk)
    return sorted({use["params"]["name"] for use in spec["blocks"] if use["block"] in wanted})


def _releases(environment: Environment, chosen: str) -> list[str]:
    """The latest, and the one that was chosen, if it is older."""
    latest = Release.objects.filter(environment=environment).order_by("-number")[:MOST_RELEASES]
    found = [str(each) for each in latest]
    return found if chosen in ("", *found) else [*found, chosen]
