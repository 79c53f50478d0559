"""The live parts of pages as HTML: rendered anew at each hint and sent whole, so that no page needs a reload.

Each reads what the person may see, every time. `dougong/live.js` puts the HTML in its place.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone

from apps import selectors
from apps.admin import graph, shown, tree
from apps.admin.drift import repairs_of
from apps.models import Application, Release, RouteClaim
from paas.core.permissions import Actor, allowed, fresh, not_found
from paas.core.sse import Snapshot

HOME_ROWS = 50
RELEASES = 30
ACTIVITY = 8


def home_context(actor: Actor) -> dict[str, Any]:
    """The first applications of the person's teams."""
    found = list(selectors.application_lines_of(actor).filter(retired_at=None).order_by("name", "pk")[: HOME_ROWS + 1])
    return {"rows": [shown.row(each) for each in found[:HOME_ROWS]], "more": len(found) > HOME_ROWS}


def home_snapshot(actor: Actor) -> Snapshot:
    """{"html"} of the table on the home page."""

    def read() -> dict[str, Any]:
        return {"html": render_to_string("applications/rows.html", home_context(fresh(actor)))}

    return read


def application_context(actor: Actor, application: Application) -> dict[str, Any]:
    """Environments side by side, and the release history."""
    deploys = allowed(actor, "deploy", application) and application.state == "Active"
    status = selectors.status(application)
    claims = RouteClaim.objects.filter(environment__application=application, environment__retired_at=None)
    current = {each.current_release_id for each in getattr(application, "live_environments", [])}
    releases = _releases(actor, application)
    history = _history(releases, current, deploys)
    back = {line["environment_id"]: line["back"] for line in history if line["current"] and line["back"]}
    by_environment: dict[str, list[Release]] = {}
    for each in releases:
        by_environment.setdefault(str(each.environment_id), []).append(each)
    found = selectors.topology([each["id"] for each in status["environments"]])
    now = timezone.now()
    return {
        "application": application,
        "deploys": deploys,
        "owns": allowed(actor, "own", application) and application.state == "Active",
        "environments": shown.environments(status, claims, back, _protected(application), repairs_of(status)),
        "tree": tree.rows(status, found, by_environment, now),
        "graph": graph.pictures(status, found, now),
        "activity": list(selectors.events_of(application)[:ACTIVITY]),
        "releases": history,
        "more": reached_limit(application),
    }


def application_snapshot(actor: Actor, application_id: UUID) -> Snapshot:
    """{"html"} of the live part of an application's page."""

    def read() -> dict[str, Any]:
        person = fresh(actor)
        found = selectors.applications_of(person).filter(pk=application_id).first()
        if found is None:
            raise not_found(Application)
        return {"html": render_to_string("applications/live.html", application_context(person, found))}

    return read


def _protected(application: Application) -> set[str]:
    return {str(each.pk) for each in getattr(application, "live_environments", []) if each.protected}


def reached_limit(application: Application) -> bool:
    """Whether there are more releases than are shown."""
    return Release.objects.filter(environment__application=application).count() > RELEASES


def _releases(actor: Actor, application: Application) -> list[Release]:
    """More than are shown, so that the last lines have one to be compared with."""
    rows = selectors.releases_of(actor).filter(environment__application=application)
    return list(rows.order_by("-created_at", "-number")[: RELEASES + 20])


def _history(found: list[Release], current: set[UUID | None], deploys: bool) -> list[dict[str, Any]]:
    by_number = {(each.environment_id, each.number): each for each in found}
    return [
        shown.release(
            each,
            current=each.pk in current,
            deploys=deploys and each.environment.retiring_at is None,
            before=by_number.get((each.environment_id, each.number - 1)),
        )
        for each in found[:RELEASES]
    ]
