"""What must be true whatever happened: I1 desired = live, I3 one order, I4 one record each, I5 no secret leaves.

(I2, nothing foreign touched, is in `strangers`.)
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from apps.models import Environment
from clusters.kinds import Kinds
from clusters.manifests import (
    ANNOTATION_CLAIM,
    ANNOTATION_GENERATION,
    LABEL_OWNER,
    LABEL_WORK,
    Manifest,
    ObjectId,
    claim_of,
)
from clusters.models import OwnedObject, Work
from paas.core.models import AuditEvent
from tests.clusters.reconcile.histories.world import Place

Body = dict[str, Any]

RECORDED = (
    "application.created", "environment.created", "secret.stored", "environment.deployed", "environment.placed",
    "environment.rolled_back", "application.retiring", "environment.retired", "application.retired",
)  # fmt: skip


def look(place: Place, namespace: str) -> dict[ObjectId, Body]:
    """The namespace and what is in it, as the cluster has it."""
    alone = place.admin.get(ObjectId("", "Namespace", "", namespace))
    bodies = [alone, *place.inside(namespace)] if alone else []
    return {ObjectId.of(body): body for body in bodies}


def says(live: Any, desired: Any) -> bool:
    """Whether the live value has all that is desired; it may have more."""
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(key in live and says(live[key], desired[key]) for key in desired)
    if isinstance(desired, list | tuple):
        return isinstance(live, list) and len(live) == len(desired) and all(map(says, live, desired))
    return bool(live == desired)


def undeclared(work: Work, live: Mapping[ObjectId, Body], values: Mapping[str, str]) -> list[str]:
    """I1: each desired object is there, says what is declared, and is the one in our inventory; in words what is not.

    `values`: the secret value by reference.
    """
    rows = {row.oid: row for row in OwnedObject.objects.filter(work=work, gone_at=None)}
    manifests = [Manifest.from_json(each) for each in work.manifests]
    found = [f"{oid} has a row and is not desired" for oid in rows.keys() - {str(each.id) for each in manifests}]
    for manifest in manifests:
        body, row = live.get(manifest.id), rows.get(str(manifest.id))
        if body is None or row is None:
            found.append(f"{manifest.id}: {'no row' if body else 'not there'}")
            continue
        desired = dict(manifest.body)
        if manifest.references:
            desired["data"] = {
                key: base64.b64encode(values[reference].encode()).decode()
                for key, reference in manifest.references.items()
            }
        if not says(body, desired):
            found.append(f"{manifest.id} is not as declared")
        if (row.uid, row.claim) != (body["metadata"]["uid"], claim_of(body)):
            found.append(f"{manifest.id} is not the object in our inventory")
        if body["metadata"]["labels"].get(LABEL_WORK) != str(work.pk):
            found.append(f"{manifest.id} names another Work")
    return found


def leaked(cluster_id: Any, live: Iterable[Body]) -> list[str]:
    """The objects with a claim that no row in force has."""
    claims = set(OwnedObject.objects.filter(cluster_id=cluster_id, gone_at=None).values_list("claim", flat=True))
    return [str(ObjectId.of(body)) for body in live if (claim := claim_of(body)) and claim not in claims]


@dataclass
class Order:
    """I3: the newest generation that was seen on each object of each Work."""

    seen: dict[tuple[str, ObjectId, str], int] = field(default_factory=dict)

    def check(self, cluster: str, live: Mapping[ObjectId, Body]) -> None:
        """No object has gone back to an older one."""
        for oid, body in live.items():
            said = body["metadata"].get("annotations") or {}
            if ANNOTATION_CLAIM not in said or ANNOTATION_GENERATION not in said:
                continue
            key = (cluster, oid, (body["metadata"].get("labels") or {}).get(LABEL_WORK, ""))
            now, before = int(said[ANNOTATION_GENERATION]), self.seen.get(key, 0)
            assert now >= before, f"{cluster} {oid} went back from generation {before} to {now}"
            self.seen[key] = now


class Record:
    """I4: what was accepted of one application, to be compared with the audit trail."""

    def __init__(self, application: str) -> None:
        self._application = application
        self.accepted: Counter[str] = Counter()

    def check(self, environments: Iterable[Environment]) -> None:
        """One audit event for each accepted change, no other, and as many releases."""
        events = AuditEvent.objects.filter(action__in=RECORDED, object_name__contains=self._application)
        assert Counter(events.values_list("action", flat=True)) == +self.accepted
        releases = sum(each.releases.count() for each in environments)
        assert releases == self.accepted["environment.deployed"] + self.accepted["environment.rolled_back"]


def told(canaries: Iterable[str], printed: str) -> list[str]:
    """I5: where a value is found, plain or encoded: tables of the database, and what was printed and logged."""
    forms = [
        form for each in canaries for form in (each, base64.b64encode(each.encode()).decode(), each.encode().hex())
    ]
    found = ["what was printed"] if any(form in printed for form in forms) else []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" AS t WHERE t::text LIKE ANY (%s))',
                [[f"%{form}%" for form in forms]],
            )
            if cursor.fetchone() == (True,):
                found.append(f"table {table}")
    return found


def left_behind(place: Place, namespaces: Iterable[str], owners: set[str], strangers: set[str]) -> list[str]:
    """What is left of ours on a cluster, by label or claim, of every kind that is served; "" is every namespace.

    `strangers` are uids of foreign objects, some of which carry our labels.
    """
    claims = set(OwnedObject.objects.filter(cluster_id=place.row.pk).values_list("claim", flat=True))
    scopes = [*namespaces]
    found = []
    for resource in Kinds(place.row.resources).served():
        for scope in scopes if resource.namespaced or "" in scopes else []:
            for body in place.everything(resource, scope):
                ours = claim_of(body) in claims or (body["metadata"].get("labels") or {}).get(LABEL_OWNER) in owners
                if ours and body["metadata"]["uid"] not in strangers:
                    found.append(f"{place.row.name} {ObjectId.of(body)}")
    return found
