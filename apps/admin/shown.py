"""Rows of applications made ready for templates, which only lay them out: never a state in colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from apps.models import Application, Release, RouteClaim
from clusters.admin import badges
from clusters.admin.badges import BAD, GOOD, PLAIN, WARN, Badge, spaced
from clusters.health import SEVERITY, Health

DIGEST_SHOWN = 12

_STATES = {"Active": (GOOD, "check_circle"), "Retiring": (WARN, "hourglass_bottom"), "Retired": (PLAIN, "archive")}


def state(application: Application) -> Badge:
    """Active, Retiring or Retired."""
    tone, icon = _STATES[application.state]
    return Badge(application.state, tone, icon)


def row(application: Application) -> dict[str, Any]:
    """One line of a list; the application was read by `selectors.applications_of`."""
    environments: list[Any] = getattr(application, "live_environments", [])
    releases = [each.current_release for each in environments if each.current_release]
    last = max(releases, key=lambda release: release.created_at, default=None)
    return {
        "name": application.name,
        "project": application.project.name,
        "team": application.project.team.name,
        "href": reverse("admin:applications_application_change", args=[application.pk]),
        "state": state(application).html() if application.state != "Active" else "",
        "environments": [
            {
                "name": each.name,
                "health": badges.health(each.status.health if hasattr(each, "status") else "Unknown").html(),
                "release": each.current_release,
            }
            for each in environments
        ],
        "last": last,
    }


def environments(
    status: Mapping[str, Any], claims: Iterable[RouteClaim], back: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Cards side by side, of `selectors.status`, the routes, and where to roll back: {environment id: address}."""
    urls: dict[str, set[str]] = {}
    for claim in claims:
        urls.setdefault(str(claim.environment_id), set()).add(f"{claim.host}{claim.path}")
    return [
        {
            **_card(each),
            "urls": sorted(urls.get(each["id"], ())),
            "rollback": back.get(each["id"], ""),
        }
        for each in status["environments"]
    ]


def _card(environment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": environment["id"],
        "name": environment["name"],
        "health": badges.health(environment["health"]).html(),
        "release": environment["release"],
        "image": image(environment["image"] or ""),
        "image_title": environment["image"] or "",
        "conditions": [said(each) for each in environment["conditions"]],
        "clusters": [_cluster(each) for each in environment["clusters"]],
        "logs": reverse("admin:applications_environment_logs", args=[environment["id"]]),
    }


def _cluster(cluster: Mapping[str, Any]) -> dict[str, Any]:
    objects = [each for work in cluster["works"] for each in work["objects"]]
    return {
        "name": cluster["name"],
        "health": badges.health(cluster["health"]).html(),
        "notes": cluster["notes"],
        "obstacles": [
            {"badge": Badge(spaced(each["reason"]), BAD).html(), "message": each["message"]}
            for each in cluster["conditions"]
        ],
        "conditions": [
            {**said(each), "work": work["name"]}
            for work in cluster["works"]
            for each in work["conditions"]
            if not _well(each)
        ],
        "counts": counts([each["health"] for each in objects]),
        "objects": [
            {
                **each,
                "badge": badges.health(each["health"]).html(),
                "why": f"{spaced(each['reason'])} {each['message']}",
            }
            for each in sorted(objects, key=lambda each: (-_severity(each["health"]), each["id"]))
        ],
    }


def counts(healths: Sequence[str]) -> str:
    """ "3 Healthy, 1 Progressing", the worst first."""
    found = Counter(healths)
    ordered = sorted(found, key=lambda health: -_severity(health))
    return ", ".join(f"{found[health]} {health}" for health in ordered) or "nothing yet"


def said(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition in plain words: a badge, a sentence, since when."""
    tone = GOOD if _well(condition) else PLAIN if condition["status"] == "Unknown" else WARN
    if condition["type"] == "Ready" and condition["status"] == "False":
        tone = BAD if condition["reason"] not in ("BeingDelivered", "Retiring", "WaitingForWork") else badges.INFO
    word = spaced(str(condition["reason"] if condition["type"] == "Ready" else condition["type"]))
    return {
        "badge": Badge(word, tone).html(),
        "message": condition["message"],
        "since": str(condition["lastTransitionTime"])[:16].replace("T", " "),
    }


def _well(condition: Mapping[str, Any]) -> bool:
    return bool(condition["type"] == "Ready" and condition["status"] == "True")


def _severity(health: str) -> int:
    return SEVERITY[Health(health)] if health in set(Health) else len(SEVERITY)


def image(name: str) -> str:
    """An image as people know it: without its registry, and with the first digits of its digest."""
    path, _, digest = name.partition("@sha256:")
    return f"{path.rpartition('/')[2]}@{digest[:DIGEST_SHOWN]}" if digest else path


def release(found: Release, *, current: bool, deploys: bool, before: Release | None) -> dict[str, Any]:
    """A line of the release history; `before` is the one before it in its environment."""
    return {
        "number": found.number,
        "environment": found.environment.name,
        "environment_id": str(found.environment_id),
        "image": image(found.image),
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
    return Badge("Current", GOOD).html()
