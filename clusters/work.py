"""The services that write the desired side of Work: the only door from a domain into the delivery loop.

Callers are services of higher packages: they have asked for permission and hold the transaction that also writes their
own row and its AuditEvent. Nothing here touches a cluster; `reconcile` picks up what is due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from clusters.inventory import removable
from clusters.manifests import Manifest, ObjectId, digest, ordered
from clusters.models import Cluster, Lane, OwnedObject, Work, WorkChange
from clusters.selectors import WORKS_CHANNEL
from clusters.wake import wake
from paas.core.audit import record
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, require
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.models import Team

# Raise it when rendering changes what an unchanged release looks like: marks Works RenderStale, re-rolls nothing.
RENDERER = 1
DEADLINE = timedelta(minutes=10)
MAX_BYTES = 3_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose Work it is: an opaque kind and id for the loop, a name for people, a team for permission."""

    kind: str
    id: UUID
    name: str
    team: Team | None = None


def submit_work(
    *,
    owner: Owner,
    name: str,
    cluster: Cluster,
    manifests: Iterable[Manifest],
    target_digest: str = "",
    release: str = "",
    waits_for: Collection[Work] = (),
    deadline: timedelta = DEADLINE,
    lane: Lane = Lane.EDIT,
) -> Work:
    """Make `manifests` the desired state of the owner's Work `name` on the cluster.

    Unchanged content is no new generation. What nobody waits for, such as a planned re-render, may be given a later
    `lane`; one that waits already in an earlier lane stays there. Returns the Work. Raises Conflict (`work_retired`
    where it is being removed, `wait_cycle`) and Invalid (`too_large`, `other_cluster`).
    """
    _in_transaction()
    desired = [each.to_json() for each in ordered(manifests)]
    content = digest([release, desired])
    work = (
        Work.objects.select_for_update()
        .filter(cluster=cluster, owner_kind=owner.kind, owner_id=owner.id, name=name)
        .first()
    )
    if work is None:
        work = Work(cluster=cluster, owner_kind=owner.kind, owner_id=owner.id, name=name, generation=0)
    elif work.intent == Work.Intent.RETIRED:
        raise Conflict("work_retired", f"{work} is being removed; wait until it is gone.")
    if work.generation and work.digest == content and not _waits_changed(work, waits_for):
        return work
    changed = _changed(work.manifests, desired)
    work.removable = _removable(work, desired)
    # What a person named goes once; when it is desired again and dropped again, it is to be named again.
    work.retirement = sorted(set(work.retirement) - set(map(str, _ids(desired))))
    work.manifests, work.digest, work.release = desired, content, release
    work.owner_name, work.team = owner.name, owner.team
    work.target_digest, work.renderer = target_digest, RENDERER
    if len(orjson.dumps(desired)) > MAX_BYTES:
        raise Invalid("too_large", f"The objects of {work} come to more than {MAX_BYTES} bytes.")
    _due_now(work, deadline, lane if work.settled_generation == work.generation else Lane(min(lane, work.lane)))
    new = work._state.adding
    work.save()
    _set_waits(work, waits_for, new=new)
    _tell(work, changed)
    return work


def retire_work(*, work: Work, protected: Collection[ObjectId] = ()) -> None:
    """Desire the removal of a Work. Of protected kinds (namespaces, volume claims, CRDs) only the named go.

    Nothing is left to desire where the loop has just removed it, retired as it was before.
    """
    _in_transaction()
    found = Work.objects.select_for_update().filter(pk=work.pk).first()
    if found is None:
        return
    work = found
    named = sorted({*work.retirement, *map(str, protected)})
    if work.intent == Work.Intent.RETIRED and work.retirement == named:
        return
    work.intent, work.retirement = Work.Intent.RETIRED, named
    _due_now(work, DEADLINE, Lane.EDIT)
    work.save()
    _tell(work, sorted(map(str, _ids(work.manifests))))


def hand_over(*, ids: Sequence[ObjectId], source: Work, destination: Work) -> None:
    """Move objects from one Work to another with their claims: nothing is deleted, nothing is created twice.

    Both are submitted in the same transaction, the source without the objects, the destination with them.

    Raises:
        NotFound: `work_not_found`, where the loop has just removed one of the two.
        Invalid: `other_cluster`. Conflict: `not_owned`.
    """
    _in_transaction()
    # Always in one order, so that two hand-overs do not wait for each other.
    found = {each.pk: locked(each) for each in sorted((source, destination), key=lambda work: work.pk)}
    source.removable = found[source.pk].removable
    if source.cluster_id != destination.cluster_id:
        raise Invalid("other_cluster", "Objects are handed over within one cluster only.")
    names = [str(each) for each in ids]
    moved = OwnedObject.objects.filter(work=source, oid__in=names, gone_at=None).update(work=destination)
    if moved != len(names):
        raise Conflict("not_owned", f"{source} owns {moved} of the {len(names)} objects to hand over.")
    source.removable = [each for each in source.removable if each not in names]
    source.save(update_fields=["removable"])


def release_held(*, work: Work, ids: Collection[ObjectId], actor: Actor, reason: str) -> None:
    """Let a person name objects to be pruned now: held ones (`PruneHeld`), or stale ones that wait (`WouldPrune`).

    Raises:
        NotFound: `work_not_found`, where the loop has just removed the Work.
        Invalid: `not_held`.
    """
    require(actor, "own", work)
    _in_transaction()
    work = locked(work)
    owned = set(OwnedObject.objects.filter(work=work, gone_at=None).values_list("oid", flat=True))
    desired = set(map(str, _ids(work.manifests)))
    names = {str(each) for each in ids}
    if strangers := sorted(names - owned | names & desired):
        raise Invalid("not_held", f"{work} does not hold {', '.join(strangers)}.")
    before = list(work.retirement)
    work.removable = sorted({*work.removable, *names})
    work.retirement = sorted({*work.retirement, *names})
    # An attempt under way has not seen the names: `nudges` keeps it from putting the next one off.
    work.next_check_at, work.not_before, work.lane, work.nudges = Now(), None, Lane.EDIT, F("nudges") + 1
    work.save(update_fields=["removable", "retirement", "next_check_at", "not_before", "lane", "nudges"])
    record(
        actor=actor,
        action="work.release_held",
        target=work,
        before={"named": before},
        after={"named": work.retirement},
        reason=reason,
    )
    wake(Lane.EDIT)


def _removable(work: Work, desired: list[dict[str, Any]]) -> list[str]:
    """removable(n+1) = (removable(n) ∪ desired(n)) − desired(n+1), less what is gone meanwhile."""
    rows = OwnedObject.objects.filter(work=work, gone_at=None) if work.removable else OwnedObject.objects.none()
    owned = set(rows.values_list("oid", flat=True))
    named = {ObjectId.parse(each) for each in work.removable if each in owned}
    return sorted(map(str, removable(named, _ids(work.manifests), _ids(desired))))


def _changed(before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> list[str]:
    """The ids of what is new, other than it was, or no more desired."""
    old, new = ({str(ObjectId.of(each["body"])): each for each in some} for some in (before, after))
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _tell(work: Work, changed: list[str]) -> None:
    """Keep what this generation asks for, for whoever finds it on a cluster, and tell those who look at lists."""
    WorkChange.objects.create(
        work_id=work.pk, team=work.team, cluster=work.cluster.name, owner_kind=work.owner_kind, owner_id=work.owner_id,
        owner_name=work.owner_name, name=work.name, generation=work.generation, release=work.release, changed=changed,
    )  # fmt: skip
    hint(WORKS_CHANNEL)


def _ids(stored: Iterable[dict[str, Any]]) -> set[ObjectId]:
    return {ObjectId.of(each["body"]) for each in stored}


def _due_now(work: Work, deadline: timedelta, lane: Lane) -> None:
    work.generation += 1
    work.lane, work.next_check_at, work.not_before, work.attempts = lane, Now(), None, 0
    work.deadline_at = Now() + deadline
    wake(lane)


def _waits_changed(work: Work, waits_for: Collection[Work]) -> bool:
    return {each.pk for each in waits_for} != set(work.waits_for.values_list("pk", flat=True))


def _set_waits(work: Work, waits_for: Collection[Work], *, new: bool) -> None:
    if any(each.cluster_id != work.cluster_id for each in waits_for):
        raise Invalid("other_cluster", "A Work waits for Works of its own cluster only.")
    if new:  # nobody can wait for it yet
        edges = Work.waits_for.through
        edges.objects.bulk_create([edges(from_work_id=work.pk, to_work_id=each.pk) for each in waits_for])
        return
    if not _waits_changed(work, waits_for):
        return
    if waits_for:
        # Two that name each other at the same time would each see no cycle.
        Cluster.objects.select_for_update(no_key=True).only("pk").get(pk=work.cluster_id)
    ahead = [each.pk for each in waits_for]
    seen: set[UUID] = set()
    while ahead:
        seen.update(ahead)
        if work.pk in seen:
            raise Conflict("wait_cycle", f"{work} would wait for itself.")
        following = Work.waits_for.through.objects.filter(from_work_id__in=ahead).values_list("to_work_id", flat=True)
        ahead = [each for each in following if each not in seen]
    work.waits_for.set(waits_for)


def _in_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Work is written in the transaction of the change that caused it.")
