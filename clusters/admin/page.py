"""What the page of one cluster shows: rows made ready, so that the template only lays them out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import mark_safe

from clusters import selectors
from clusters.admin import badges, tables
from clusters.models import Cluster
from paas.core.permissions import allowed

MOST_WORKS = 200


def page_context(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    """The context of clusters/cluster.html."""
    now = timezone.now()
    credential, certificate = badges.ends(cluster, now)
    works = selectors.works_of(request.user).filter(cluster=cluster)[:MOST_WORKS]
    return {
        "title": cluster.name,
        "original": cluster,
        "cluster": cluster,
        "operates": allowed(request.user, "operate", cluster),
        "summary": [
            ("API", badges.reach(cluster).html()),
            ("State", mark_safe(" ".join(each.html() for each in badges.state(cluster)))),  # noqa: S308 - templates' own
            ("Labels", ", ".join(f"{key}={value}" for key, value in cluster.labels.items())),
            ("Version", badges.version(cluster).html()),
            ("Last seen", badges.seen(cluster, now)),
            ("Server", cluster.server),
            ("Identity", cluster.identity or "not seen yet"),
            ("Credential until", credential.html()),
            ("Renewed by itself", "yes" if selectors.ends(cluster).renewed else "no"),
            ("Certificate until", certificate.html()),
            ("Gateway", _gateway(cluster)),
            ("Storage", ", ".join(f"{tier}: {name}" for tier, name in (cluster.facts.get("storage") or {}).items())),
            ("Priority classes", ", ".join(cluster.priority_classes)),
            ("Node pools", ", ".join(cluster.node_pools)),
            ("Service account annotations", _annotations(cluster)),
            ("Served kinds", len(cluster.resources)),
        ],
        "tables": [
            tables.conditions(cluster.conditions, badges.condition),
            tables.nodes(cluster.facts.get("nodes") or []),
            tables.works(works),
        ],
        "switches": _switches(cluster),
    }


def _gateway(cluster: Cluster) -> str:
    gateway = cluster.facts.get("gateway")
    return f"{gateway['namespace']}/{gateway['name']}" if gateway else "none open to us"


def _annotations(cluster: Cluster) -> str:
    return ", ".join(f"{key}: {' | '.join(globs)}" for key, globs in cluster.service_account_annotations.items())


def _switches(cluster: Cluster) -> list[dict[str, str]]:
    """The two switches as buttons: verb, word, icon, what it does, and its twins in CLI and API."""
    cordon = ("uncordon", "Uncordon", "check", "Let new environments be placed here again.", '{"cordoned": false}')
    if not cluster.cordoned:
        cordon = ("cordon", "Cordon", "block", "Place nothing new here; what runs is kept.", '{"cordoned": true}')
    suspend = ("resume", "Resume", "play_circle", "Deliver and repair again.", '{"suspended": false}')
    if not cluster.suspended:
        suspend = ("suspend", "Suspend", "pause_circle", "Write nothing, repair nothing.", '{"suspended": true}')
    return [
        {"verb": verb, "word": word, "icon": icon, "what": what, "twin": _twin(cluster, verb, body)}
        for verb, word, icon, what, body in (cordon, suspend)
    ]


def _twin(cluster: Cluster, verb: str, body: str) -> str:
    return f"dougong cluster {verb} {cluster.name} · PATCH /api/v1/clusters/{cluster.name}/ {body}"
