"""Tables of the console as values: a title, headers, rows of cells. clusters/table.html lays each out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html

from clusters.admin import badges
from clusters.admin.badges import Badge
from clusters.models import OwnedObject, Work
from clusters.quantity import quantity

Cells = list[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are texts, numbers, or HTML that was rendered by a template. `empty` is said where there is no row."""

    title: str
    headers: list[str]
    rows: list[Cells]
    empty: str = "None."


def conditions(said: Iterable[Mapping[str, Any]], badge: Callable[[Mapping[str, Any]], Badge]) -> Table:
    """In the order they are stored, by type."""
    rows = [
        [
            each["type"],
            badge(each).html(),
            each["status"],
            linebreaksbr(each["message"]),
            str(each["lastTransitionTime"])[:19],
        ]
        for each in said
    ]
    headers = ["Type", "Now", "Status", "Message", "Since (UTC)"]
    return Table("Conditions", headers, rows, "Nothing has been said yet.")


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
    headers = ["Name", "State", "Roles", "Kubelet", "CPU", "Memory", "Taints"]
    return Table("Nodes", headers, rows, "None seen yet.")


def _node(found: Mapping[str, Any]) -> Badge:
    if not found["ready"]:
        return Badge("Not ready", badges.BAD)
    return Badge("Cordoned", badges.WARN, "block") if found["cordoned"] else Badge("Ready", badges.GOOD)


def works(found: Iterable[Work], title: str = "Works") -> Table:
    """With a link to each."""
    rows: list[Cells] = [
        [
            format_html(
                '<a class="text-primary-600 dark:text-primary-500" href="{}">{}/{}</a>',
                reverse("admin:clusters_work_change", args=[each.pk]),
                each.owner_name,
                each.name,
            ),
            each.team.name if each.team else "–",
            badges.health(each.health).html(),
            f"{each.observed_generation} of {each.generation}",
            each.get_intent_display(),
        ]
        for each in found
    ]
    headers = ["Work", "Team", "Health", "Generation", "Intent"]
    return Table(title, headers, rows, "None that you may view.")


def objects(found: Iterable[OwnedObject]) -> Table:
    """In the order of delivery."""
    rows: list[Cells] = [
        [each.oid, each.phase, badges.health(each.health).html(), each.reason, linebreaksbr(each.message)]
        for each in found
    ]
    headers = ["Object", "Phase", "Health", "Reason", "Message"]
    return Table("Objects", headers, rows, "None written yet.")


def reported(found: Mapping[str, Iterable[Mapping[str, Any]]]) -> Table:
    """Held, kept and foreign objects."""
    rows: list[Cells] = [
        [type_, ", ".join(f"{key}: {value}" for key, value in entry.items())]
        for type_, entries in found.items()
        for entry in entries
    ]
    return Table("Reported", ["What", "Details"], rows)
