"""Whether changes and audit events are each other's, decided from the database alone.

By commits: PostgreSQL keeps which transaction wrote each row, and when it committed (`track_commit_timestamp`); a
savepoint commits with its transaction. By content: what is numbered and never changed must be what the events tell.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from apps.models import ConfigChange, Environment, Project, Release, SecretVersion
from clusters.models import Work, WorkChange
from paas.core.models import AuditEvent
from paas.identity.models import Team
from tests.proof.rows import tables

# No change of anything declared: when a token was used last, what the loop and the adding up note for themselves.
NOTED = {
    "identity_apitoken", "applications_environmentstatus", "applications_statusdue", "clusters_lease",
    "clusters_ownedobject", "clusters_apicall",
}  # fmt: skip
TRAIL = "core_auditevent"


def now() -> datetime:
    """By PostgreSQL's clock."""
    return _read("SELECT clock_timestamp()")[0][0]


def unmatched_since(moment: datetime) -> tuple[list[set[str]], list[set[str]]]:
    """What has been committed since by itself: changes without an event, as tables; events without a change."""
    written, told = changes_since(moment), events_since(moment)
    unheard = [tables for at, tables in written.items() if at not in told and not tables <= NOTED]
    return unheard, [actions for at, actions in told.items() if at not in written]


def changes_since(moment: datetime) -> dict[datetime, set[str]]:
    """When the rows that are there now were committed, with their tables: what has been written since."""
    found: dict[datetime, set[str]] = {}
    for at, table in _read(_written(), {"since": moment}):
        found.setdefault(at, set()).add(table)
    return found


def events_since(moment: datetime) -> dict[datetime, set[str]]:
    """When events were committed since, with their actions."""
    found: dict[datetime, set[str]] = {}
    for at, action in _read(
        "SELECT pg_xact_commit_timestamp(transaction::text::xid) AS at, action FROM core_auditevent "
        "WHERE at >= %(since)s - interval '1 minute'",
        {"since": moment},
    ):
        if at > moment:
            found.setdefault(at, set()).add(action)
    return found


def disagreements() -> list[str]:
    """What is numbered and has no event, or an event that has nothing; of all that was ever done."""
    told = _told()
    there = {
        "release": {(str(each.environment_id), each.number) for each in Release.objects.all()},
        "secret": {(str(each.environment_id), each.name, each.version) for each in SecretVersion.objects.all()},
        "config": {(str(each.scope_id), each.key, str(each.after)) for each in ConfigChange.objects.all()},
        "project": {str(each) for each in Project.objects.values_list("pk", flat=True)},
        "environment": {str(each) for each in Environment.objects.values_list("pk", flat=True)},
        "title": {(str(each.pk), each.title) for each in Team.objects.all()},
    }
    found = [f"{kind}: {each} without its event" for kind, rows in there.items() for each in rows - told[kind]]
    found += [f"{kind}: {each} is only told" for kind in there for each in told[kind] - there[kind]]
    return found + _works()


def _told() -> dict[str, set[Any]]:
    """The same, as the events have it."""
    told: dict[str, set[Any]] = {
        kind: set() for kind in ("release", "secret", "config", "project", "environment", "title")
    }
    titles = {}
    for event in AuditEvent.objects.order_by("pk"):
        after = event.after or {}
        match event.action.partition("."):
            case "environment", _, "deployed" | "rolled_back" | "reconfigured" | "placed" if "release" in after:
                told["release"].add((event.object_id, after["release"]))
            case "secret", _, "stored":
                told["secret"].add((event.object_id, after["name"], after["version"]))
            case "config", _, "changed":
                told["config"] |= {(event.object_id, key, str(entry)) for key, entry in after.items()}
            case ("project" | "environment") as kind, _, "created":
                told[kind].add(event.object_id)
            case "team", _, "created" | "renamed":
                titles[event.object_id] = after["title"]
    told["title"] = set(titles.items())
    return told


def _works() -> list[str]:
    """Each generation of each Work has its change, and each change is of a transaction that has an event."""
    events = set(AuditEvent.objects.values_list("transaction", flat=True))
    numbers: dict[Any, list[int]] = {}
    for change in WorkChange.objects.order_by("generation"):
        numbers.setdefault(change.work_id, []).append(change.generation)
    found = [f"{each}: no event" for each in WorkChange.objects.exclude(transaction__in=events)]
    return found + [
        f"{work}: generation {work.generation}, changes {numbers.get(work.pk)}"
        for work in Work.objects.all()
        if numbers.get(work.pk) != list(range(1, work.generation + 1))
    ]


@cache
def _written() -> str:
    names = [table for table, _, _ in tables() if table != TRAIL]
    # What initdb or VACUUM has frozen has none.
    moment = "CASE WHEN xmin::text::bigint > 2 THEN pg_xact_commit_timestamp(xmin) END"
    rows = " UNION ALL ".join(f"SELECT {moment} AS at, '{name}' AS name FROM {name}" for name in names)
    return f"SELECT DISTINCT at, name FROM ({rows}) AS written WHERE at > %(since)s"


def _read(statement: str, values: dict[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
