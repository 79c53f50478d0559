"""Tables of the console as values: a title, headers, rows of cells. clusters/table.html lays each out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clusters.admin import badges
from clusters.admin.badges import Badge
from clusters.admin.reasons import told
from clusters.held import REPORTED as HELD
from clusters.held import held as found_held
from clusters.models import OwnedObject, Work
from clusters.quantity import quantity
from clusters.quotas import REPORTED as QUOTA
from clusters.scalers import REPORTED as SCALING
from paas.core.manual import CONDITIONS, linked
from paas.core.moments import when

Cells = list[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are texts, numbers, or HTML that was rendered by a template. `empty` is said where there is no row."""

    title: str
    headers: list[str]
    rows: list[Cells]
    empty: str = ""

    @property
    def labelled(self) -> list[list[tuple[str, Any]]]:
        """The rows with the header of each cell, which a narrow window shows beside it."""
        return [list(zip(self.headers, row, strict=True)) for row in self.rows]


def conditions(said: Iterable[Mapping[str, Any]], badge: Callable[[Mapping[str, Any]], Badge]) -> Table:
    """In the order they are stored, by type."""
    rows = []
    for each in said:
        now = badge(each)
        message = linebreaksbr(each["message"]) if now.tone == badges.GOOD else told(each["reason"], each["message"])
        shown = linked(CONDITIONS, str(each["reason"]), now.html())
        rows.append([each["type"], shown, each["status"], message, when(str(each["lastTransitionTime"]))])
    headers = [_("Type"), _("Now"), _("Status"), _("Message"), _("Since")]
    return Table(_("Conditions"), headers, rows, _("Nothing has been said yet."))


def nodes(found: Iterable[Mapping[str, Any]]) -> Table:
    """As the probe last saw them."""
    rows = [
        [
            each["name"],
            _node(each).html(),
            ", ".join(each["roles"]) or "–",
            each["version"],
            each["allocatable"].get("cpu", "–"),
            f"{quantity(each['allocatable'].get('memory', '0')) / 2**30:.1f} GiB",
            ", ".join(f"{taint['key']}={taint['value']}:{taint['effect']}" for taint in each["taints"]) or "–",
        ]
        for each in found
    ]
    headers = [_("Name"), _("State"), _("Roles"), "Kubelet", "CPU", _("Memory"), _("Taints")]
    return Table(_("Nodes"), headers, rows, _("None seen yet."))


def _node(found: Mapping[str, Any]) -> Badge:
    if not found["ready"]:
        return Badge(gettext_noop("Not ready"), badges.BAD)
    ready = Badge(gettext_noop("Ready"), badges.GOOD)
    return Badge(gettext_noop("Cordoned"), badges.WARN, "block") if found["cordoned"] else ready


def works(found: Iterable[Work], title: str = "") -> Table:
    """With a link to each."""
    rows: list[Cells] = [
        [
            format_html(
                '<a class="dg-link" href="{}">{}/{}</a>',
                reverse("admin:clusters_work_change", args=[each.pk]),
                each.owner_name,
                each.name,
            ),
            each.team.name if each.team else "–",
            badges.health(each.health).html(),
            _("%(observed)s of %(desired)s") % {"observed": each.observed_generation, "desired": each.generation},
            _(each.get_intent_display()),
        ]
        for each in found
    ]
    headers = [_("Work"), _("Team"), _("Health"), _("Generation"), _("Intent")]
    return Table(title or _("Works"), headers, rows, _("None that you may view."))


def objects(found: Iterable[OwnedObject]) -> Table:
    """In the order of delivery."""
    rows: list[Cells] = [
        [each.oid, each.phase, badges.health(each.health).html(), _reason(each), told(each.reason, each.message)]
        for each in found
    ]
    headers = [_("Object"), _("Phase"), _("Health"), _("Reason"), _("Message")]
    return Table(_("Objects"), headers, rows, _("None written yet."))


def _reason(found: OwnedObject) -> str:
    return linked(CONDITIONS, found.reason, _(badges.spaced(found.reason)) if found.reason else "")


def held(work: Work, *, owns: bool) -> Table:
    """What is kept though it is desired no longer, and for owners the way to let it go."""
    why = {"held": _("Kept until a person lets it go."), "waiting": _("Goes when all is healthy.")}
    rows: list[Cells] = [
        [
            each.oid,
            _("Let go, about to be deleted.") if each.named else why[each.why],
            render_to_string("clusters/let_go_link.html", {"work": work, "held": each})
            if owns and not each.named
            else "–",
        ]
        for each in found_held(work)
    ]
    return Table(_("Kept though no longer desired"), [_("Object"), _("Why"), _("Do")], rows)


def reported(found: Mapping[str, Iterable[Mapping[str, Any]]]) -> Table:
    """Kept and foreign objects. Held ones have a table of their own; how autoscalers and quotas fare the owners' pages
    tell.
    """
    rows: list[Cells] = [
        [type_, ", ".join(f"{key}: {value}" for key, value in entry.items())]
        for type_, entries in found.items()
        if type_ not in (SCALING, QUOTA, *HELD)
        for entry in entries
    ]
    return Table(_("Reported"), [_("What"), _("Details")], rows)
