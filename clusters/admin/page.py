"""What the page of one cluster shows: rows made ready, so that the template only lays them out. What changes under the
eyes is read by `facts`, for the page and for its stream.
"""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from clusters import selectors
from clusters.admin import badges, tables
from clusters.models import Cluster
from paas.core.permissions import Actor, allowed, fresh, not_found
from paas.core.sse import Snapshot

MOST_WORKS = 200


def page_context(actor: Actor, cluster: Cluster) -> dict[str, Any]:
    """The context of clusters/cluster.html."""
    return {
        **facts(actor, cluster),
        "title": cluster.name,
        "original": cluster,
        "cluster": cluster,
        "live": reverse("admin:clusters_cluster_live", args=[cluster.pk]),
        "operates": allowed(actor, "operate", cluster),
        "switches": _switches(cluster),
    }


def cluster_snapshot(actor: Actor, cluster_id: Any) -> Snapshot:
    """{"html"} of the live part of the page."""

    def read() -> dict[str, Any]:
        person = fresh(actor)
        found = selectors.with_dates(selectors.fleet(person)).filter(pk=cluster_id).first()
        if found is None:
            raise not_found(Cluster)
        return {"html": render_to_string("clusters/facts.html", facts(person, found))}

    return read


def facts(actor: Actor, cluster: Cluster) -> dict[str, Any]:
    """{"summary", "tables"} of a cluster that was read as `selectors.fleet`, with dates; for clusters/facts.html."""
    now = timezone.now()
    credential, certificate = badges.ends(cluster, now)
    works = selectors.works_of(actor).filter(cluster=cluster)[:MOST_WORKS]
    return {
        "summary": [
            ("API", badges.reach(cluster).html()),
            (_("State"), mark_safe(" ".join(each.html() for each in badges.state(cluster)))),  # noqa: S308 - templates' own
            (_("Labels"), ", ".join(f"{key}={value}" for key, value in cluster.labels.items())),
            (_("Version"), badges.version(cluster).html()),
            (_("Last seen"), badges.seen(cluster, now)),
            (_("Server"), cluster.server),
            (_("Identity"), cluster.identity or _("not seen yet")),
            (_("Credential until"), credential.html()),
            (_("Renewed by itself"), _("yes") if selectors.ends(cluster).renewed else _("no")),
            (_("Certificate until"), certificate.html()),
            (_("Gateway"), _gateway(cluster)),
            (_("Storage"), ", ".join(f"{tier}: {name}" for tier, name in (cluster.facts.get("storage") or {}).items())),
            (_("Priority classes"), ", ".join(cluster.priority_classes)),
            (_("Node pools"), ", ".join(cluster.node_pools)),
            (_("Service account annotations"), _globs(cluster.service_account_annotations)),
            (_("Secret stores"), _globs(cluster.secret_stores)),
            (_("Served kinds"), len(cluster.resources)),
        ],
        "tables": [
            tables.conditions(cluster.conditions, badges.condition),
            tables.nodes(cluster.facts.get("nodes") or []),
            tables.works(works),
        ],
    }


def _gateway(cluster: Cluster) -> str:
    gateway = cluster.facts.get("gateway")
    return f"{gateway['namespace']}/{gateway['name']}" if gateway else _("none open to us")


def _globs(offered: dict[str, list[str]]) -> str:
    return ", ".join(f"{key}: {' | '.join(globs)}" for key, globs in offered.items())


def _switches(cluster: Cluster) -> list[dict[str, str]]:
    """The two switches as buttons: verb, word, icon, what it does, and its twins in CLI and API."""
    cordon = (
        "uncordon",
        _("Uncordon"),
        "check",
        _("Let new environments be placed here again."),
        '{"cordoned": false}',
    )
    if not cluster.cordoned:
        cordon = ("cordon", _("Cordon"), "block", _("Place nothing new here; what runs is kept."), '{"cordoned": true}')
    suspend = ("resume", _("Resume"), "play_circle", _("Deliver and repair again."), '{"suspended": false}')
    if not cluster.suspended:
        suspend = ("suspend", _("Suspend"), "pause_circle", _("Write nothing, repair nothing."), '{"suspended": true}')
    return [
        {"verb": verb, "word": word, "icon": icon, "what": what, "twin": _twin(cluster, verb, body)}
        for verb, word, icon, what, body in (cordon, suspend)
    ]


def _twin(cluster: Cluster, verb: str, body: str) -> str:
    return f"dougong cluster {verb} {cluster.name} · PATCH /api/v1/clusters/{cluster.name}/ {body}"
