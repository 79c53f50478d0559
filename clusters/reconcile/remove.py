"""Removes a retired Work, phases backwards; a Work goes only after every Work that waits for it is gone.

A namespace goes with all that is in it, so it goes only when nothing in it is somebody else's; otherwise we give it up:
our labels, our claim and our row go, the namespace stays and is reported.
"""

from __future__ import annotations

from http import HTTPStatus

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict, assess
from clusters.inventory import is_protected
from clusters.reconcile.deliver import keep_up
from clusters.reconcile.foreign import MayNotLook, strangers_in
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.prune import delete, own
from clusters.reconcile.release import give_up
from clusters.reconcile.wire import Wire, all_of


async def remove(wire: Wire, outcome: Outcome, digest_key: bytes) -> None:
    """Remove the namespaces that were named, and of all else the last phase that still has some.

    `outcome.finished` once nothing is left.
    """
    if outcome.assignment.waiting_for:
        await keep_up(wire, outcome, digest_key)
        outcome.waiting = True
        outcome.add("Waiting", "WaitedFor", f"Goes after {', '.join(outcome.assignment.waiting_for)}, which need it.")
        return
    await wire.confirm_identity()
    named = [row for row in _left(outcome) if row.oid.kind == "Namespace" and row.oid in outcome.assignment.retirement]
    # One that is stuck, refused or stays keeps only what is in it: the orphans of a cluster are of many.
    apart = {each.oid for row in named for each in (row, *_within(outcome, row))}
    for row in named:
        await _remove_namespace(wire, outcome, row)
    while others := [row for row in _left(outcome) if row.oid not in apart]:
        phase = max(row.phase for row in others)
        of_phase = [row for row in others if row.phase == phase]
        await all_of(_remove_one(wire, outcome, row) for row in of_phase)
        if not all(outcome.rows[row.oid].gone for row in of_phase):
            break
    left = _left(outcome)
    outcome.going = bool(left)
    outcome.finished = not left and not outcome.failed
    if left:
        outcome.add("Removing", "InProgress", f"{len(left)} objects are still there.")


def _left(outcome: Outcome) -> list[Row]:
    return [row for row in outcome.rows.values() if not row.gone]


async def _remove_one(wire: Wire, outcome: Outcome, row: Row) -> None:
    if is_protected(row.oid) and row.oid not in outcome.assignment.retirement:
        await give_up(wire, outcome, row)
        outcome.report("Kept", id=str(row.oid))
        return
    await delete(wire, outcome, row)


async def _remove_namespace(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Delete the namespace, whose content goes along, or find out that it must stay."""
    live = await own(wire, row)
    if live is None:
        outcome.rows[row.oid] = row.absent()
    elif "deletionTimestamp" in live["metadata"]:
        outcome.rows[row.oid] = row.seen(assess(live))
    else:
        try:
            strangers = await strangers_in(wire, row.oid.name, outcome.rows.values())
            why = f"holds {len(strangers)} objects that are not ours and stays."
        except MayNotLook as refusal:
            strangers = [{"id": f"unknown in {row.oid.name}, since we may not look: {refusal}", "owner": "unknown"}]
            why = "stays, since we may not look for what others have in it."
        if strangers:
            await _keep_namespace(wire, outcome, row, strangers, why)
            return
        await delete(wire, outcome, row)
    _goes_along(outcome, outcome.rows[row.oid])


def _goes_along(outcome: Outcome, namespace: Row) -> None:
    """Deleting one by one what goes with its namespace would only race with the namespace controller."""
    if not namespace.gone and namespace.reason != "Terminating":
        return
    goes = Verdict(Health.PROGRESSING, "NamespaceTerminating", "Goes with its namespace.")
    for inside in _within(outcome, namespace):
        outcome.rows[inside.oid] = inside.absent() if namespace.gone else inside.seen(goes)


async def _keep_namespace(wire: Wire, outcome: Outcome, row: Row, strangers: list[dict[str, str]], why: str) -> None:
    """Remove what is ours inside, then give the namespace up; before that the fence would refuse us the deletes."""
    for stranger in strangers:
        outcome.report("NamespaceKept", **stranger)
    outcome.add("NamespaceKept", "ForeignObjects", f"{row.oid.name} {why}")
    # The RoleBinding is what lets us look inside: it goes last, or the next attempt would see nothing.
    for last in (False, True):
        inside = [each for each in _within(outcome, row) if (each.oid.kind == "RoleBinding") is last]
        await all_of(_remove_within(wire, outcome, each) for each in inside)
        if any(each.oid.kind != "RoleBinding" or last for each in _within(outcome, row)):
            return
    await give_up(wire, outcome, row)


async def _remove_within(wire: Wire, outcome: Outcome, row: Row) -> None:
    """Remove what is in a namespace that stays.

    What was never known to be made and may not be read was not made: making it takes the right to read it. So it is
    where a namespace comes late and alone, after its RoleBinding and its Secrets were removed.
    """
    try:
        await _remove_one(wire, outcome, row)
    except ApiRefused as refusal:
        if row.uid or refusal.status != HTTPStatus.FORBIDDEN:
            raise
        outcome.rows[row.oid] = row.absent()


def _within(outcome: Outcome, namespace: Row) -> list[Row]:
    return [row for row in outcome.rows.values() if row.oid.namespace == namespace.oid.name and not row.gone]
