"""What the console says of a cluster or a Work in a word, an icon and a tone: never in colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from clusters import selectors
from clusters.conditions import (
    CERTIFICATE_EXPIRING,
    CREDENTIALS_EXPIRING,
    FENCE_MISSING,
    KINDS_UNKNOWN,
    LEAVING,
    REACHABLE,
    SOON,
    VERSION_SUPPORTED,
    good,
)
from clusters.models import Cluster
from paas.core.conditions import get_condition
from paas.core.moments import MINUTE, span, when

GOOD, WARN, BAD, INFO, PLAIN = "success", "warning", "danger", "info", "default"
_ICONS = {GOOD: "check_circle", WARN: "warning", BAD: "error", INFO: "info", PLAIN: "help"}
_INNER = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")
# Where the reason alone does not say what it is about.
_TROUBLES = {
    FENCE_MISSING: gettext_noop("No fence"),
    CREDENTIALS_EXPIRING: gettext_noop("Credential ends"),
    CERTIFICATE_EXPIRING: gettext_noop("Certificate ends"),
    KINDS_UNKNOWN: gettext_noop("Kinds unknown"),
    VERSION_SUPPORTED: gettext_noop("Version too old"),
}
_HEALTH = {
    gettext_noop("Healthy"): (GOOD, "check_circle"),
    gettext_noop("Progressing"): (INFO, "progress_activity"),
    gettext_noop("Degraded"): (BAD, "error"),
    gettext_noop("Suspended"): (WARN, "pause_circle"),
    gettext_noop("Missing"): (BAD, "do_not_disturb_on"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with its icon; `title` is shown on hover and read aloud."""

    word: str
    tone: str = PLAIN
    icon: str = ""
    title: str = ""

    def html(self) -> SafeString:
        """The label as the console shows it, its word in the reader's language where that has one."""
        return _html(self, get_language())


@lru_cache(maxsize=4000)
def _html(badge: Badge, language: str | None) -> SafeString:
    """Lists say the same few words hundreds of times."""
    word = _(badge.word) if badge.word else ""
    shown = {"word": word, "tone": badge.tone, "icon": badge.icon or _ICONS[badge.tone], "title": badge.title}
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
        return Badge(gettext_noop("Unknown"), PLAIN, title=spaced(str(said["reason"])))
    return Badge(spaced(str(said["reason"])), GOOD if good(said) else BAD, title=str(said["message"]))


def reach(cluster: Cluster) -> Badge:
    """Whether the API server answers, and how fast."""
    said = get_condition(cluster.conditions, REACHABLE)
    if said is None:
        return Badge(gettext_noop("Not seen yet"), PLAIN, "hourglass_empty")
    if said["status"] != "True":
        return Badge(spaced(str(said["reason"])), BAD, "cloud_off", str(said["message"]))
    latency = cluster.facts.get("latency_ms")
    return Badge(
        f"{latency:g} ms" if isinstance(latency, (int, float)) else gettext_noop("Answers"), GOOD, "cloud_done"
    )


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
        (cluster.leaving, Badge(gettext_noop("Leaving"), WARN, "logout")),
        (cluster.suspended, Badge(gettext_noop("Suspended"), WARN, "pause_circle")),
        (cluster.cordoned, Badge(gettext_noop("Cordoned"), WARN, "block")),
    ]
    return [badge for yes, badge in set_ if yes]


def state(cluster: Cluster) -> list[Badge]:
    """What people set and what is wrong; a good word where there is neither."""
    return [*states(cluster), *troubles(cluster)] or [Badge(gettext_noop("In use"), GOOD)]


def version(cluster: Cluster) -> Badge:
    """Proven, unproven, too old."""
    text = str(cluster.facts.get("version") or "")
    said = get_condition(cluster.conditions, VERSION_SUPPORTED)
    if not text or said is None:
        return Badge(gettext_noop("Unknown"), PLAIN)
    tone = {"Proven": GOOD, "Unproven": WARN}.get(str(said["reason"]), BAD)
    return Badge(f"{text} {_(str(said['reason'])).lower()}", tone, title=str(said["message"]))


def end(moment: datetime | None, now: datetime, *, icon: str, none: str = gettext_noop("No end")) -> Badge:
    """Until when something lasts; `none` is said where there is no date."""
    if moment is None:
        return Badge(none, PLAIN, icon)
    title = when(moment)
    if moment <= now:
        return Badge(gettext_noop("Ended"), BAD, icon, title)
    left = moment - now
    return Badge(span(left.total_seconds()), WARN if left < SOON else GOOD, icon, title)


def ends(cluster: Cluster, now: datetime) -> tuple[Badge, Badge]:
    """Of the token (or client certificate) and of the server's certificate."""
    found = selectors.ends(cluster)
    return (
        end(found.credential, now, icon="key"),
        end(found.certificate, now, icon="verified_user", none=gettext_noop("Not seen yet")),
    )


def seen(cluster: Cluster, now: datetime) -> str:
    """How long ago it was last seen well."""
    at = cluster.facts.get("observed_at")
    if not at:
        return _("never")
    seconds = (now - datetime.fromisoformat(str(at))).total_seconds()
    return _("just now") if seconds < MINUTE else _("%(span)s ago") % {"span": span(seconds)}
