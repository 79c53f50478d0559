"""What the page of a Work shows, for the page and for its stream: how it is, what it is made of, who asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clusters import held, selectors
from clusters.admin import badges, tables
from clusters.models import Work
from paas.core.moments import when
from paas.core.permissions import Actor, allowed, fresh, not_found
from paas.core.sse import Snapshot


def work_context(actor: Actor, work: Work) -> dict[str, Any]:
    """The context of clusters/work.html."""
    return {
        **facts(actor, work),
        "title": f"{work.owner_name}/{work.name}",
        "original": work,
        "work": work,
        "live": reverse("admin:clusters_work_live", args=[work.pk]),
    }


def work_snapshot(actor: Actor, work_id: UUID) -> Snapshot:
    """{"html"} of the live part of the page."""

    def read() -> dict[str, Any]:
        person = fresh(actor)
        found = selectors.works_of(person).filter(pk=work_id).first()
        if found is None:
            raise not_found(Work)
        return {"html": render_to_string("clusters/facts.html", facts(person, found))}

    return read


def facts(actor: Actor, work: Work) -> dict[str, Any]:
    """{"summary", "tables"} of a Work that was read as `selectors.works_of`: what clusters/facts.html needs."""
    return {
        "summary": [
            (_("Health"), badges.health(work.health).html()),
            (_("Cluster"), work.cluster.name),
            (_("Team"), work.team.name if work.team else _("the platform's own")),
            (_("Generation"), progress(work)),
            (_("Release"), work.release or "–"),
            (_("Intent"), _(work.get_intent_display())),
            (_("Next check"), next_check(work)),
        ],
        "tables": [
            tables.conditions(work.conditions, condition_of_work),
            *([tables.held(work, owns=allowed(actor, "own", work))] if any(held.held(work)) else []),
            tables.objects(work.objects_owned.filter(gone_at=None)),
            *([tables.reported(work.reported)] if work.reported else []),
        ],
    }


def progress(work: Work) -> str:
    """How far behind."""
    behind = work.generation - work.observed_generation
    if behind <= 0:
        return str(work.generation)
    return _("%(generation)s (%(behind)s not observed yet)") % {"generation": work.generation, "behind": behind}


def next_check(work: Work) -> str:
    """When the loop looks again by itself."""
    return when(work.next_check_at) if work.next_check_at else "–"


def condition_of_work(said: Mapping[str, Any]) -> badges.Badge:
    """Healthy and Ready are good when True; whatever else the loop states is worth a look."""
    good = said["type"] in ("Healthy", "Ready", "Available", "Applied")
    if said["status"] == "Unknown":
        return badges.Badge(gettext_noop("Unknown"), badges.PLAIN)
    if (said["status"] == "True") == good:
        return badges.Badge(badges.spaced(said["reason"]), badges.GOOD)
    return badges.Badge(badges.spaced(said["reason"]), badges.WARN, title=said["message"])
