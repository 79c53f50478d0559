"""Cells of the matrix of configuration made ready for its template: never a state in colour alone, never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.admin.layers import key_page, layer_page, store_page
from apps.config import Entry
from apps.models import ConfigProposal, Environment
from apps.selectors.config import Scope, scope_of
from apps.selectors.matrix import Row, SecretRow, Value
from clusters.admin.badges import BAD, GOOD, INFO, PLAIN, WARN, Badge
from paas.core.moments import span

Column = Mapping[str, Any]


def column(of: Scope | Environment, *, edits: bool) -> dict[str, Any]:
    """A column: an environment, or the layer itself."""
    scope = scope_of(of) if isinstance(of, Environment) else of
    environment = of if isinstance(of, Environment) else None
    return {
        "id": scope.id,
        "scope": scope,
        "title": f"{environment.application.name}/{environment.name}" if environment else _("This layer"),
        "href": layer_page(scope),
        "environment": environment,
        "edits": edits,
    }


def key_of(row: Row, scope: Scope, *, declares: bool) -> dict[str, Any]:
    """What stands before the cells of a key, with the address of the form that declares it, where the person may."""
    marks = [
        (row.protected, Badge(gettext_noop("Protected"), INFO, "lock")),
        (row.required, Badge(gettext_noop("Required"), PLAIN, "emergency")),
    ]
    return {
        "key": row.key,
        "href": key_page(scope, key=row.key),
        "kind": row.kind,
        "description": row.description,
        "declare": layer_page(scope, declare=row.key) + "#declare" if declares else "",
        "marks": [badge.html() for yes, badge in marks if yes],
    }


def cell(row: Row, at: Column, page: Scope) -> dict[str, Any]:
    """A key in one column, with the address of its form where the person may change it there."""
    values = row.cells.get(at["id"], ())
    edit = layer_page(page, edit=row.key, at=str(at["scope"])) + "#edit" if at["edits"] else ""
    shown = [_value(each, at["scope"], many=len(values) > 1) for each in values]
    return {"column": at["title"], "values": shown, "edit": edit, "key": row.key}


def secret_cell(row: SecretRow, at: Column, now: datetime) -> dict[str, Any]:
    """A secret in one environment: version, age, names of keys; its values are shown nowhere."""
    found = row.cells.get(at["id"])
    store = store_page(at["environment"], row.name) if at["edits"] else ""
    if found is None:
        return {"column": at["title"], "store": store}
    latest = found.latest
    marks = []
    if found.revoked:
        marks.append(Badge(gettext_noop("Revoked"), BAD, "key_off"))
    if found.waits:
        marks.append(Badge(gettext_noop("Waits for a release"), WARN, "restart_alt"))
    return {
        "column": at["title"],
        "version": latest and f"v{latest.version}",
        "age": latest and span((now - latest.created_at).total_seconds()),
        "at": latest and latest.created_at,
        "by": latest.created_by.username if latest and latest.created_by else "",
        "keys": latest.keys if latest else [],
        "released": f"v{found.released}" if found.released else "",
        "waits": found.waits,
        "marks": [each.html() for each in marks],
        "href": key_page(at["scope"], secret=row.name),
        "store": store,
    }


def proposal(found: ConfigProposal) -> dict[str, Any]:
    """A proposal in a line, and its changes."""
    return {
        "pk": found.pk,
        "layer": "/".join(filter(None, (found.scope, found.scope_name))),
        "by": found.proposed_by_name,
        "at": found.created_at,
        "reason": found.reason,
        "release": found.release,
        "changes": [change(key, each["before"], each["after"]) for key, each in sorted(found.changes.items())],
    }


def change(key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was said of a key and what is: {"key", "before", "after"}; the declaration where that is what changed."""
    old, new = Entry.from_json(before), Entry.from_json(after)
    declared = old.declaration != new.declaration
    return {"key": key, "before": _said(old, declared=declared), "after": _said(new, declared=declared)}


def _said(entry: Entry, *, declared: bool) -> str:
    text = _("not set") if entry.value is None else entry.value
    if not declared:
        return text
    about = entry.declaration
    if about is None:
        undeclared = _("not declared")
        return f"{text} ({undeclared})"
    words = [(about.required, _("Required")), (about.protected, _("Protected"))]
    kind = " | ".join(about.choices) or about.type
    return f"{text} ({', '.join([kind, *(word for yes, word in words if yes)])})"


def _value(found: Value, at: Scope, *, many: bool) -> dict[str, Any]:
    here = (found.layer, found.of) == (at.kind, at.name)
    layer = "/".join(filter(None, (found.layer, found.of)))
    if here and found.hides:
        source = Badge(
            gettext_noop("Overridden"), GOOD, "edit", _("instead of what %(layer)s says") % {"layer": found.hides}
        )
    elif here:
        source = Badge(gettext_noop("Set here"), GOOD, "edit")
    elif layer:
        source = Badge(gettext_noop("Inherited"), PLAIN, "subdirectory_arrow_right")
    else:
        source = Badge(gettext_noop("Not set"), PLAIN, "remove")
    codes = {code for code, _message in found.faults}
    marks = []
    if "config_required" in codes:
        marks.append(Badge(gettext_noop("Required, missing"), BAD, "error"))
    elif codes:
        marks.append(Badge(gettext_noop("Wrong"), BAD, "error"))
    if found.waits:
        marks.append(Badge(gettext_noop("Waits for a release"), WARN, "restart_alt"))
    return {
        "clusters": ", ".join(found.clusters) if many else "",
        "value": found.value,
        "source": source.html(),
        "layer": found.hides if here else layer,
        "here": here,
        "marks": [each.html() for each in marks],
        "waits": found.waits,
        "released": found.released,
        "blocks": found.blocks,
        "faults": [message for _code, message in found.faults],
    }
