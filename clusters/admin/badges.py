"""What the console says of a cluster or a Work in a word, an icon and a tone: never in colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

from clusters.conditions import GOOD_WHEN_FALSE, REACHABLE, SOON
from clusters.models import Cluster
from paas.core.conditions import get_condition

GOOD, WARN, BAD, INFO, PLAIN = "success", "warning", "danger", "info", "default"
_ICONS = {GOOD: "check_circle", WARN: "warning", BAD: "error", INFO: "info", PLAIN: "help"}
_HEALTH = {
    "Healthy": (GOOD, "check_circle"),
    "Progressing": (INFO, "progress_activity"),
    "Degraded": (BAD, "error"),
    "Suspended": (WARN, "pause_circle"),
    "Missing": (BAD, "do_not_disturb_on"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with its icon; `title` is shown on hover and read aloud."""

    word: str
    tone: str = PLAIN
    icon: str = ""
    title: str = ""

    def html(self) -> SafeString:
        """The label as the console shows it."""
        shown = {"word": self.word, "tone": self.tone, "icon": self.icon or _ICONS[self.tone], "title": self.title}
        return render_to_string("clusters/badge.html", shown)


def health(word: str) -> Badge:
    """Of a Work or an object."""
    tone, icon = _HEALTH.get(word, (PLAIN, "help"))
    return Badge(word, tone, icon)


def condition(said: Mapping[str, Any]) -> Badge:
    """Of one condition: good, bad or not known, whichever status means good for its type."""
    status = str(said["status"])
    if status == "Unknown":
        return Badge("Unknown", PLAIN, title=str(said["reason"]))
    good = (status == "False") if said["type"] in GOOD_WHEN_FALSE else (status == "True")
    return Badge(str(said["reason"]), GOOD if good else BAD, title=str(said["message"]))


def reach(cluster: Cluster) -> Badge:
    """Whether the API server answers, and how fast."""
    said = get_condition(cluster.conditions, REACHABLE)
    if said is None:
        return Badge("Not seen yet", PLAIN, "hourglass_empty")
    if said["status"] != "True":
        return Badge(str(said["reason"]), BAD, "cloud_off", str(said["message"]))
    latency = cluster.facts.get("latency_ms")
    return Badge(f"{latency:g} ms" if isinstance(latency, (int, float)) else "Answers", GOOD, "cloud_done")


def troubles(cluster: Cluster) -> list[Badge]:
    """Every condition that is not good, but reachability, which has a column of its own."""
    bad = []
    for said in cluster.conditions:
        badge = condition(said)
        if badge.tone == BAD and said["type"] != REACHABLE:
            bad.append(Badge(f"{said['type']}: {said['reason']}", BAD, title=str(said["message"])))
    return bad


def states(cluster: Cluster) -> list[Badge]:
    """What people set."""
    set_ = [
        (cluster.leaving, Badge("Leaving", WARN, "logout")),
        (cluster.suspended, Badge("Suspended", WARN, "pause_circle")),
        (cluster.cordoned, Badge("Cordoned", WARN, "block")),
    ]
    return [badge for yes, badge in set_ if yes] or [Badge("In use", GOOD)]


def version(cluster: Cluster) -> Badge:
    """Proven, unproven, too old."""
    text = str(cluster.facts.get("version") or "")
    said = get_condition(cluster.conditions, "VersionSupported")
    if not text or said is None:
        return Badge("Unknown", PLAIN)
    tone = {"Proven": GOOD, "Unproven": WARN}.get(str(said["reason"]), BAD)
    return Badge(f"{text} {str(said['reason']).lower()}", tone, title=str(said["message"]))


def end(moment: datetime | None, now: datetime) -> Badge:
    """Until when something lasts."""
    if moment is None:
        return Badge("No end", PLAIN, "all_inclusive")
    title = f"{moment:%Y-%m-%d %H:%M} UTC"
    if moment <= now:
        return Badge("Ended", BAD, "event_busy", title)
    left = str(timeuntil(moment, now, depth=1)).replace("\xa0", " ")
    return Badge(left, WARN if moment - now < SOON else GOOD, "event", title)


def seen(cluster: Cluster, now: datetime) -> str:
    """How long ago it was last seen well."""
    at = cluster.facts.get("observed_at")
    if not at:
        return "never"
    moment = datetime.fromisoformat(str(at))
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, now, depth=1)} ago".replace("\xa0", " ")  # noqa: PLR2004 - a minute
