"""What a click came to, on the page of its event: each object on each cluster, and the calls that made it so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clusters import clicks
from clusters.admin import badges, tables
from clusters.clicks import Touched
from clusters.models import ApiCall, Work
from paas.core.audit.console import register_event_part
from paas.core.models import AuditEvent

MOST_OBJECTS = 500
MOST_CALLS = 5


def touched(request: HttpRequest, event: AuditEvent) -> SafeString:
    """The objects, of all clusters, with the calls; for who may view the audit trail."""
    found = clicks.touched_by(actor=request.user, event_id=event.pk)[:MOST_OBJECTS]
    there = set(Work.objects.filter(pk__in={each.change.work_id for each in found}).values_list("pk", flat=True))
    headers = [_("Cluster"), _("Object"), _("Work"), _("Generation"), _("Health"), _("Calls")]
    rows: list[tables.Cells] = [
        [
            each.change.cluster,
            each.oid,
            _work(each, linked=each.change.work_id in there),
            each.change.generation,
            badges.health(each.row.health).html() if each.row else "–",
            _calls(each.calls),
        ]
        for each in found
    ]
    table = tables.Table(_("What it touched"), headers, rows, _("No object on any cluster."))
    return render_to_string("clusters/touched.html", {"table": table, "event": event})


def _work(found: Touched, *, linked: bool) -> Any:
    change = found.change
    name = f"{change.owner_name}/{change.name}"
    href = reverse("admin:clusters_work_change", args=[change.work_id])
    return format_html('<a class="dg-link" href="{}">{}</a>', href, name) if linked else name


def _calls(calls: Sequence[ApiCall]) -> SafeString:
    """The first, which are the click's own; later ones are repairs."""
    shown = {"calls": calls[:MOST_CALLS], "more": max(0, len(calls) - MOST_CALLS)}
    return render_to_string("clusters/calls.html", shown)


register_event_part("touched", touched)
