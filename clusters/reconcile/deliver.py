"""Attempts one Work on the wire: reads what lives, applies phase by phase what differs, observes, prunes.

Level-triggered: it never asks what happened, only what is. A new generation stops at a phase that has not passed; what
a generation has delivered once is repaired at once, wherever it stands.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from clusters import quotas, scalers
from clusters.faults import ApiRefused
from clusters.fields import live_digest
from clusters.health import Health, Verdict, assess, fold, passes_gate
from clusters.kinds import WELL_KNOWN, Resource
from clusters.manifests import (
    ANNOTATION_GENERATION,
    ANNOTATION_RELEASE,
    FIELD_MANAGER,
    LABEL_OWNER,
    LABEL_WORK,
    Manifest,
    ObjectId,
    claim_of,
    epoch_of,
    sent_digest,
)
from clusters.reconcile import fights
from clusters.reconcile.evidence import with_evidence
from clusters.reconcile.hiding import hide, values_in
from clusters.reconcile.outcome import Outcome, Row
from clusters.reconcile.prune import own, prune, prune_writers
from clusters.reconcile.uncreated import with_refusal
from clusters.reconcile.wire import Wire, all_of
from clusters.reconcile.write import NotOwned, write
from clusters.resolve import SecretUnavailable, resolve
from clusters.threads import in_thread

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"})

Lives = Mapping[ObjectId, dict[str, Any] | None]


async def deliver(wire: Wire, outcome: Outcome, digest_key: bytes) -> None:
    """Bring the Work's objects to their desired state as far as one pass gets; fills `outcome` as it goes.

    Whatever interrupts it, `outcome` then holds what was done so far. Raises Unreachable, OutOfTime, LeaseLost,
    ApiRefused where a read was refused for now or the credential for good.
    """
    assignment = outcome.assignment
    if assignment.waiting_for:
        outcome.waiting = True
        outcome.add("Waiting", "WaitingForWork", f"Waits until {', '.join(assignment.waiting_for)} is Healthy.")
        return
    lives = await _read(wire, _known(outcome))
    blocked: list[str] = []
    for _, group in groupby(assignment.manifests, key=lambda each: each.phase):
        phase = _Phase(wire, outcome, lives, digest_key, tuple(blocked))
        manifests = list(group)
        if not blocked and any(each.id.kind in WORKLOADS for each in manifests):
            await prune_writers(wire, outcome)
        passed = await all_of(phase.run(manifest) for manifest in manifests)
        if not assignment.settled:
            blocked += [str(each.id) for each, through in zip(manifests, passed, strict=True) if not through]
    healthy = not outcome.failed and all(verdict.settled for verdict in outcome.verdicts.values())
    await prune(wire, outcome, healthy=healthy)
    await _look_for_returned(wire, outcome)


async def _look_for_returned(wire: Wire, outcome: Outcome) -> None:
    """Which of the Secrets that were removed live all the same."""
    graves = [each for each in outcome.assignment.graves if each.oid not in outcome.rows]
    lives = await _read(wire, graves)
    for each in graves:
        if (live := lives.get(each.oid)) and claim_of(live) == each.claim:
            outcome.returned.add(each.claim)


async def keep_up(wire: Wire, outcome: Outcome, digest_key: bytes) -> None:
    """Repair what others still stand on until they are gone: the rights and the label without which nothing can go.

    Where a namespace is gone, what stood in it is too. Where it is there, what was to stand in it is made if it was not
    made yet: a worker may have died in between.
    """
    lives = await _read(wire, _known(outcome))
    namespaces = [row for row in outcome.rows.values() if row.oid.kind == "Namespace" and not row.gone]
    for row in namespaces:
        if row.oid not in lives:
            lives[row.oid] = await own(wire, row)
        if lives[row.oid] is None:
            return
    phase = _Phase(wire, outcome, lives, digest_key, ())
    for manifest in outcome.assignment.manifests:
        if namespaces or manifest.id in lives:
            await phase.run(manifest)


def _known(outcome: Outcome) -> list[Row]:
    return [row for row in outcome.rows.values() if row.uid]


async def _read(wire: Wire, rows: Iterable[Row]) -> dict[ObjectId, dict[str, Any] | None]:
    """The live objects of these rows, by name; None is one that is not there.

    What we may not read, or what is not served, is left out: the write that follows says why, and does not keep the
    others (the namespace that would give us the right, say) from being repaired.
    """
    lives: dict[ObjectId, dict[str, Any] | None] = {}

    async def read(row: Row) -> None:
        resource = wire.kinds.find(row.api_version, row.oid.kind)
        if resource is None:
            return
        try:
            lives[row.oid] = await wire.get(resource, row.oid)
        except ApiRefused as refusal:
            if refusal.unauthorized or refusal.transient:
                raise

    await all_of(map(read, rows))
    return lives


class _Phase:
    """One phase of one attempt."""

    def __init__(self, wire: Wire, outcome: Outcome, lives: Lives, digest_key: bytes, blocked: tuple[str, ...]) -> None:
        self._wire = wire
        self._outcome = outcome
        self._assignment = outcome.assignment
        self._lives = lives
        self._key = digest_key
        self._blocked = blocked

    async def run(self, manifest: Manifest) -> bool:
        """Deliver and observe one object; whether the next phase may start as far as it is concerned."""
        live = await self._deliver(manifest)
        if live is None:
            verdict = self._outcome.verdicts[manifest.id]
            # The rest is not to wait for a kind that this cluster may never serve.
            return verdict.settled or verdict.reason == "KindNotServed"
        self._say_fought(manifest.id)
        await self._say_counted(live)
        verdict = assess(live)
        # What was written just now has had no time to tell on any pod; the watch tells when it has.
        if not verdict.settled and manifest.id.kind in WORKLOADS and live is self._lives.get(manifest.id):
            verdict = await self._explained(live, verdict, self._outcome.rows[manifest.id].message)
        if verdict.reason == "Terminating":
            self._outcome.add("Terminating", "BeingDeleted", f"{manifest.id}: {verdict.message}")
        if not verdict.awaited:
            self._outcome.add("LastRunFailed", verdict.reason, f"{manifest.id}: {verdict.message}")
        row = self._outcome.rows[manifest.id].seen(verdict)
        row = replace(row, resource_version=live["metadata"]["resourceVersion"])
        if manifest.id.kind == "Job" and verdict.health is Health.HEALTHY:
            row = replace(row, done=self._assignment.release)
        self._outcome.rows[manifest.id] = row
        self._outcome.verdicts[manifest.id] = verdict
        return passes_gate(live, verdict)

    async def _deliver(self, manifest: Manifest) -> dict[str, Any] | None:
        """The live object after the attempt, or None with a verdict that says why there is none."""
        if owner := self._assignment.contested.get(manifest.id):
            self._not_owned(manifest.id, "OtherWork", owner)
            return None
        resource = self._wire.kinds.find(manifest.api_version, manifest.id.kind)
        if resource is None:
            message = f"The cluster serves no {manifest.api_version} {manifest.id.kind}."
            self._outcome.fail("KindNotServed", "KindNotServed", message)
            self._stand(manifest.id, Verdict(Health.MISSING, "KindNotServed", message))
            return None
        row, live = self._outcome.rows[manifest.id], self._lives.get(manifest.id)
        body = self._body(manifest)
        sent = sent_digest({**body, "references": dict(manifest.references)}, self._key_for(manifest.id))
        if row.done and row.done == self._assignment.release and self._is_absent(row):
            self._outcome.rows[manifest.id] = replace(row, uid="", live_digest="", resource_version="")
            self._stand(manifest.id, Verdict(Health.HEALTHY, "Done", "The task of this release has run."))
            return None
        if self._blocked and row.sent_digest != sent:
            message = f"Waits for {', '.join(self._blocked)}."
            self._stand(manifest.id, Verdict(Health.PROGRESSING, "WaitingForPhase", message))
            return None
        if live is not None and self._holds(row, live, sent):
            return live
        return await self._send(manifest, resource, body, sent)

    def _is_absent(self, row: Row) -> bool:
        return not row.uid or (row.oid in self._lives and self._lives[row.oid] is None)

    def _holds(self, row: Row, live: Mapping[str, Any], sent: str) -> bool:
        """Nothing to send: what we sent is what is desired, and our fields on the same object are as they were left."""
        return (
            self._is_safe(live)
            and row.sent_digest == sent
            and live["metadata"]["uid"] == row.uid
            and claim_of(live) == row.claim
            and self._is_as_left(row, live)
            and not fights.outdated(row.fights, self._assignment.generation)
        )

    def _is_as_left(self, row: Row, live: Mapping[str, Any]) -> bool:
        """Our fields are; the version at which they were seen so needs no reading again."""
        if live["metadata"]["resourceVersion"] == row.resource_version:
            return True
        return row.live_digest == live_digest(live, FIELD_MANAGER, self._key_for(row.oid))

    def _is_safe(self, live: Mapping[str, Any]) -> bool:
        """No write of a dead writer can still change it: there is none, or the fence would refuse it."""
        since = self._assignment.trusted_from
        return not since or (self._wire.fenced and epoch_of(live) >= since)

    async def _send(
        self, manifest: Manifest, resource: Resource, body: dict[str, Any], sent: str
    ) -> dict[str, Any] | None:
        row, key = self._outcome.rows[manifest.id], self._key_for(manifest.id)
        live_before = self._lives.get(manifest.id)
        body, fought = self._unfought(row, body, live_before, sent)
        if row.uid and self._is_absent(row):
            await self._wire.confirm_identity()  # another cluster would not have it either
            row = replace(row, uid="")
        values: dict[str, str] = {}
        try:
            if manifest.references:
                values = await in_thread(_values, manifest.references)
                body = {**body, "data": values}
            row, live = await write(self._wire, resource, row, body, self._annotations(), live_before)
        except SecretUnavailable as why:
            self._outcome.fail("SecretUnavailable", "SecretUnavailable", f"{manifest.id}: {why}")
            self._stand(manifest.id, Verdict(Health.DEGRADED, "SecretUnavailable", str(why)))
            return None
        except NotOwned as foreign:
            self._not_owned(manifest.id, "ForeignObject", foreign.owner)
            return None
        except ApiRefused as refusal:
            if refusal.unauthorized:
                raise
            hide(refusal, [*values.values(), *values_in(live_before)])
            self._stand(
                manifest.id, Verdict(Health.DEGRADED, *self._outcome.refused("ApplyFailed", refusal, manifest.id))
            )
            return None
        self._outcome.wrote("apply", manifest.id, live["metadata"])
        if manifest.id.kind != "Secret":
            fought = fights.answered(fought, body, live, self._assignment.generation, self._assignment.now)
        self._outcome.rows[manifest.id] = replace(
            row, sent_digest=sent, live_digest=live_digest(live, FIELD_MANAGER, key), fights=fought
        )
        return live

    def _unfought(
        self, row: Row, body: dict[str, Any], live: Mapping[str, Any] | None, sent: str
    ) -> tuple[dict[str, Any], fights.Fights]:
        """The body less what others set back each time, where this is a repair of what was sent before."""
        repairs = live is not None and live["metadata"]["uid"] == row.uid and row.sent_digest == sent
        if live is None or not repairs or row.oid.kind == "Secret":
            return body, {}
        fought = fights.seen(row.fights, body, live, self._assignment.generation, self._assignment.now)
        return fights.conceded(fought, body, live), fought

    def _say_fought(self, oid: ObjectId) -> None:
        for path, manager, message in fights.given_up(self._outcome.rows[oid].fights):
            reason = "SetBack" if manager else "Rewritten"
            self._outcome.report("FieldFought", id=str(oid), field=path, owner=manager or "admission")
            self._outcome.add("FieldFought", reason, f"{oid}: {message}")

    async def _say_counted(self, live: dict[str, Any]) -> None:
        """How an autoscaler fares and what it decided, which its events alone tell; how full a quota is."""
        events: Iterable[dict[str, Any]] = ()
        if scalers.scaled_at(live):
            metadata = live["metadata"]
            with contextlib.suppress(ApiRefused):  # a nicety
                events = await self._wire.events(metadata["namespace"], metadata["uid"], scalers.RESCALED)
        if (sight := scalers.sight(live, events)) is not None:
            self._outcome.report(scalers.REPORTED, **sight)
        if (counted := quotas.sight(live)) is not None:
            self._outcome.report(quotas.REPORTED, **counted)

    def _not_owned(self, oid: ObjectId, reason: str, owner: str) -> None:
        self._outcome.report("NotOwned", id=str(oid), owner=owner)
        self._outcome.fail("NotOwned", reason, f"{oid} belongs to {owner}; nothing was written.")
        self._stand(oid, Verdict(Health.MISSING, "NotOwned", f"Belongs to {owner}."))

    def _stand(self, oid: ObjectId, verdict: Verdict) -> None:
        self._outcome.verdicts[oid] = verdict
        if oid in self._outcome.rows:
            self._outcome.rows[oid] = self._outcome.rows[oid].seen(verdict)

    def _key_for(self, oid: ObjectId) -> bytes | None:
        return self._key if oid.kind == "Secret" else None

    def _annotations(self) -> dict[str, str]:
        said = {ANNOTATION_GENERATION: str(self._assignment.generation)}
        return {**said, ANNOTATION_RELEASE: self._assignment.release} if self._assignment.release else said

    def _body(self, manifest: Manifest) -> dict[str, Any]:
        """The body with the labels that say whose it is."""
        metadata = dict(manifest.body["metadata"])
        metadata["labels"] = {
            **(metadata.get("labels") or {}),
            LABEL_OWNER: str(self._assignment.owner_id),
            LABEL_WORK: str(self._assignment.work_id),
        }
        return {**manifest.body, "metadata": metadata}

    async def _explained(self, live: Mapping[str, Any], verdict: Verdict, told: str) -> Verdict:
        """The verdict with the worst of what the pods behind the workload say; `told` is what they said last."""
        labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        if not labels:
            return verdict
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        try:
            pods = await self._wire.list(WELL_KNOWN["v1", "Pod"], live["metadata"]["namespace"], selector)
        except ApiRefused:
            return verdict  # the reason is a nicety, the verdict is not
        explained = fold(verdict, pods)
        if explained is verdict:
            return await with_refusal(self._wire, live, verdict, pods)
        return await with_evidence(self._wire, explained, pods, told)


def _values(references: Mapping[str, str]) -> dict[str, str]:
    """The data of a Secret, made just before it is sent. Raises SecretUnavailable. Runs in a database thread."""
    return {key: base64.b64encode(resolve(reference)).decode() for key, reference in references.items()}
