"""What the console says of a cluster or a Work in a word, an icon and a tone: never in colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

from clusters import selectors
from clusters.conditions import (
    CERTIFICATE_EXPIRING,
    CREDENTIALS_EXPIRING,
    FENCE_MISSING,
    GOOD_WHEN_FALSE,
    KINDS_UNKNOWN,
    LEAVING,
    REACHABLE,
    SOON,
    VERSION_SUPPORTED,
)
from clusters.models import Cluster
from paas.core.conditions import get_condition

GOOD, WARN, BAD, INFO, PLAIN = "success", "warning", "danger", "info", "default"
_ICONS = {GOOD: "check_circle", WARN: "warning", BAD: "error", INFO: "info", PLAIN: "help"}
_INNER = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")
# Where the reason alone does not say what it is about.
_TROUBLES = {
    FENCE_MISSING: "No fence",
    CREDENTIALS_EXPIRING: "Credential ends",
    CERTIFICATE_EXPIRING: "Certificate ends",
    KINDS_UNKNOWN: "Kinds unknown",
    VERSION_SUPPORTED: "Version too old",
}
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


def spaced(word: str) -> str:
    """CamelCase as people write it: "SameCluster" → "Same cluster"."""
    return _INNER.sub(lambda found: f" {found[0].lower()}", word)


def health(word: str) -> Badge:
    """Of a Work or an object."""
    tone, icon = _HEALTH.get(word, (PLAIN, "help"))
    return Badge(word, tone, icon)


def condition(said: Mapping[str, Any]) -> Badge:
    """Of one condition: good, bad or not known, whichever status means good for its type."""
    status = str(said["status"])
    if status == "Unknown":
        return Badge("Unknown", PLAIN, title=spaced(str(said["reason"])))
    good = (status == "False") if said["type"] in GOOD_WHEN_FALSE else (status == "True")
    return Badge(spaced(str(said["reason"])), GOOD if good else BAD, title=str(said["message"]))


def reach(cluster: Cluster) -> Badge:
    """Whether the API server answers, and how fast."""
    said = get_condition(cluster.conditions, REACHABLE)
    if said is None:
        return Badge("Not seen yet", PLAIN, "hourglass_empty")
    if said["status"] != "True":
        return Badge(spaced(str(said["reason"])), BAD, "cloud_off", str(said["message"]))
    latency = cluster.facts.get("latency_ms")
    return Badge(f"{latency:g} ms" if isinstance(latency, (int, float)) else "Answers", GOOD, "cloud_done")


def troubles(cluster: Cluster) -> list[Badge]:
    """Every condition that is not good, but those that have a column or a word of their own."""
    bad = []
    for said in cluster.conditions:
        badge = condition(said)
        if badge.tone == BAD and said["type"] not in (REACHABLE, LEAVING):
            bad.append(Badge(_TROUBLES.get(said["type"], badge.word), BAD, title=badge.title))
    return bad


def states(cluster: Cluster) -> list[Badge]:
    """What people set."""
    set_ = [
        (cluster.leaving, Badge("Leaving", WARN, "logout")),
        (cluster.suspended, Badge("Suspended", WARN, "pause_circle")),
        (cluster.cordoned, Badge("Cordoned", WARN, "block")),
    ]
    return [badge for yes, badge in set_ if yes]


def state(cluster: Cluster) -> list[Badge]:
    """What people set and what is wrong; a good word where there is neither."""
    return [*states(cluster), *troubles(cluster)] or [Badge("In use", GOOD)]


def version(cluster: Cluster) -> Badge:
    """Proven, unproven, too old."""
    text = str(cluster.facts.get("version") or "")
    said = get_condition(cluster.conditions, VERSION_SUPPORTED)
    if not text or said is None:
        return Badge("Unknown", PLAIN)
    tone = {"Proven": GOOD, "Unproven": WARN}.get(str(said["reason"]), BAD)
    return Badge(f"{text} {str(said['reason']).lower()}", tone, title=str(said["message"]))


def end(moment: datetime | None, now: datetime, *, icon: str, none: str = "No end") -> Badge:
    """Until when something lasts; `none` is said where there is no date."""
    if moment is None:
        return Badge(none, PLAIN, icon)
    title = f"{moment:%Y-%m-%d %H:%M} UTC"
    if moment <= now:
        return Badge("Ended", BAD, icon, title)
    left = str(timeuntil(moment, now, depth=1)).replace("\xa0", " ")
    return Badge(left, WARN if moment - now < SOON else GOOD, icon, title)


def ends(cluster: Cluster, now: datetime) -> tuple[Badge, Badge]:
    """Of the token (or client certificate) and of the server's certificate."""
    found = selectors.ends(cluster)
    return (
        end(found.credential, now, icon="key"),
        end(found.certificate, now, icon="verified_user", none="Not seen yet"),
    )


def seen(cluster: Cluster, now: datetime) -> str:
    """How long ago it was last seen well."""
    at = cluster.facts.get("observed_at")
    if not at:
        return "never"
    moment = datetime.fromisoformat(str(at))
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, now, depth=1)} ago".replace("\xa0", " ")  # noqa: PLR2004 - a minute
