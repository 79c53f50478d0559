"""Rows of applications made ready for templates, which only lay them out: never a state in colour alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_noop

from apps.admin.drift import Repairs, drift
from apps.admin.images import short
from apps.models import Application, Release, RouteClaim
from clusters.admin import badges
from clusters.admin.badges import BAD, GOOD, PLAIN, WARN, Badge, spaced
from clusters.admin.reasons import told
from clusters.health import SEVERITY, Health
from paas.core.moments import when

_STATES = {
    gettext_noop("Active"): (GOOD, "check_circle"),
    gettext_noop("Retiring"): (WARN, "hourglass_bottom"),
    gettext_noop("Retired"): (PLAIN, "archive"),
}


def state(application: Application) -> Badge:
    """Active, Retiring or Retired."""
    tone, icon = _STATES[application.state]
    return Badge(application.state, tone, icon)


def row(application: Application) -> dict[str, Any]:
    """One line of a list; the application was read by `selectors.applications_of`."""
    environments: list[Any] = getattr(application, "live_environments", [])
    releases = [each.current_release for each in environments if each.current_release]
    last = max(releases, key=lambda release: release.created_at, default=None)
    healths = [each.status.health if hasattr(each, "status") else str(Health.UNKNOWN) for each in environments]
    return {
        "id": application.pk,
        "name": application.name,
        "health": badges.health(max(healths, key=severity)).html() if healths else "",
        "project": application.project.name,
        "team": application.project.team.name,
        "href": reverse("admin:applications_application_change", args=[application.pk]),
        "state": state(application).html() if application.state != "Active" else "",
        "environments": [
            {
                "name": each.name,
                "health": badges.health(health).html(),
                "release": each.current_release,
                "image": short(each.current_release.image) if each.current_release else "",
            }
            for each, health in zip(environments, healths, strict=True)
        ],
        "last": last,
    }


def environments(
    status: Mapping[str, Any],
    claims: Iterable[RouteClaim],
    back: Mapping[str, str],
    protected: Collection[str],
    repairs: Repairs,
) -> list[dict[str, Any]]:
    """Cards side by side, of `selectors.status`, the routes, where to roll back: {environment id: address}, the ids of
    those that are protected, and when their Works were repaired.
    """
    urls: dict[str, set[str]] = {}
    for claim in claims:
        urls.setdefault(str(claim.environment_id), set()).add(f"{claim.host}{claim.path}")
    return [
        {
            **_card(each, repairs),
            "urls": sorted(urls.get(each["id"], ())),
            "rollback": back.get(each["id"], ""),
            "protected": each["id"] in protected,
            "protection": reverse("admin:environment_protection", args=[each["id"]]),
        }
        for each in status["environments"]
    ]


def _card(environment: Mapping[str, Any], repairs: Repairs) -> dict[str, Any]:
    stated = {each["type"] for each in environment["conditions"]}
    return {
        "id": environment["id"],
        "name": environment["name"],
        "health": badges.health(environment["health"]).html(),
        "release": environment["release"],
        "image": short(environment["image"] or ""),
        "image_title": environment["image"] or "",
        "conditions": [said(each) for each in environment["conditions"]],
        "clusters": [_cluster(each, drift(each, repairs)) for each in environment["clusters"]],
        "stale": "RenderStale" in stated,
        "retiring": "Retiring" in stated,
        "placement": reverse("admin:applications_environment_placement", args=[environment["id"]]),
        "scaling": reverse("admin:applications_environment_scaling", args=[environment["id"]]),
        "logs": reverse("admin:applications_environment_logs", args=[environment["id"]]),
        "schedules": _schedules(environment),
    }


def _schedules(environment: Mapping[str, Any]) -> str:
    """Where its schedules are run and their runs shown; "" where it has none."""
    there = (
        each["oid"] for cluster in environment["clusters"] for work in cluster["works"] for each in work["objects"]
    )
    if not any(oid.startswith("batch/CronJob/") for oid in there):
        return ""
    return reverse("admin:applications_environment_schedules", args=[environment["id"]])


def _cluster(cluster: Mapping[str, Any], badge: Badge | None) -> dict[str, Any]:
    return {
        "name": cluster["name"],
        "health": badges.health(cluster["health"]).html(),
        "drift": badge.html() if badge else "",
        "notes": cluster["notes"],
        "obstacles": [
            {"badge": Badge(spaced(each["reason"]), BAD).html(), "message": told(each["reason"], each["message"])}
            for each in cluster["conditions"]
        ],
        "conditions": [
            {
                **said(each),
                "work": work["name"],
                "href": reverse("admin:clusters_work_change", args=[work["id"]]),
            }
            for work in cluster["works"]
            for each in work["conditions"]
            if not _well(each)
        ],
    }


def said(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition in plain words: a badge, a sentence, since when."""
    tone = GOOD if _well(condition) else PLAIN if condition["status"] == "Unknown" else WARN
    if condition["type"] == "Ready" and condition["status"] == "False":
        tone = BAD if condition["reason"] not in ("BeingDelivered", "Retiring", "WaitingForWork") else badges.INFO
    word = spaced(str(condition["reason"] if condition["type"] == "Ready" else condition["type"]))
    return {
        "badge": Badge(word, tone).html(),
        "message": condition["message"] if _well(condition) else told(condition["reason"], condition["message"]),
        "since": when(str(condition["lastTransitionTime"])),
    }


def _well(condition: Mapping[str, Any]) -> bool:
    return bool(condition["type"] == "Ready" and condition["status"] == "True")


def severity(health: str) -> int:
    """The worse the higher."""
    return SEVERITY[Health(health)] if health in set(Health) else len(SEVERITY)


def release(found: Release, *, current: bool, deploys: bool, before: Release | None) -> dict[str, Any]:
    """A line of the release history; `before` is the one before it in its environment."""
    return {
        "number": found.number,
        "environment": found.environment.name,
        "environment_id": str(found.environment_id),
        "image": short(found.image),
        "image_title": found.image,
        "by": found.created_by_name,
        "at": found.created_at,
        "reason": found.reason,
        "of": found.rolled_back_to,
        "current": current_badge() if current else "",
        "compare": reverse("admin:applications_release_compare", args=[before.pk, found.pk]) if before else "",
        "rollback": _rollback(found) if deploys and not current else "",
        "back": _rollback(before) if deploys and before else "",
    }


def _rollback(release: Release) -> str:
    return reverse("admin:applications_release_rollback", args=[release.pk])


def current_badge() -> SafeString:
    """Marks the release that is desired now."""
    return Badge(gettext_noop("Current"), GOOD).html()
