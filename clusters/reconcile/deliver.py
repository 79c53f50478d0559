"""Attempts one Work on the wire: reads what lives, applies phase by phase what differs, observes, prunes.

Level-triggered: it never asks what happened, only what is. A new generation stops at a phase that has not passed; what a generation
has delivered once is repaired at once, wherever it stands.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from clusters.faults import ApiRefused
from clusters.fields import live_digest
from clusters.health import Health, Verdict, assess, fold, passes_gate
from clusters.kinds import WELL_KNOWN
from clusters.manifests import (
    ANNOTATION_GENERATION,
    ANNOTATION_RELEASE,
    FIELD_MANAGER,
    LABEL_OWNER,
    LABEL_WORK,
    Manifest,
    ObjectId,
    claim_of,
    sent_digest,
)
from clusters.reconcile.outcome import Assignment, Outcome, Row
from clusters.reconcile.prune import prune
from clusters.reconcile.refusals import explain
from clusters.reconcile.wire import Wire, all_of
from clusters.reconcile.write import NotOwned, write

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"})
SETTLED = frozenset({Health.HEALTHY, Health.SUSPENDED})


async def deliver(wire: Wire, assignment: Assignment, outcome: Outcome, digest_key: bytes) -> None:
    """Bring the Work's objects to their desired state as far as one pass gets; fills `outcome` as it goes.

    Whatever interrupts it, `outcome` then holds what was done so far. Raises Unreachable, OutOfTime, LeaseLost, ApiRefused(401).
    """
    if assignment.waiting_for:
        outcome.waiting = True
        outcome.add("Waiting", "WaitingForWork", f"Waits until {', '.join(assignment.waiting_for)} is Healthy.")
        return
    lives = await _read(wire, outcome)
    blocked: list[str] = []
    for _, group in groupby(assignment.manifests, key=lambda each: each.phase):
        pass_ = _Pass(wire, outcome, lives, digest_key, tuple(blocked))
        manifests = list(group)
        passed = await all_of(pass_.run(manifest) for manifest in manifests)
        if not assignment.settled:
            blocked += [str(each.id) for each, through in zip(manifests, passed, strict=True) if not through]
    healthy = not outcome.failed and all(verdict.health in SETTLED for verdict in outcome.verdicts.values())
    await prune(wire, outcome, lives, healthy=healthy)


async def _read(wire: Wire, outcome: Outcome) -> dict[ObjectId, dict[str, Any] | None]:
    """The live objects whose uid we know, by name. A kind that is not served reads as unread."""

    async def read(row: Row) -> tuple[ObjectId, dict[str, Any] | None] | None:
        resource = wire.kinds.find(row.api_version, row.oid.kind)
        return (row.oid, await wire.get(resource, row.oid)) if resource else None

    found = await all_of(read(row) for row in outcome.rows.values() if row.uid)
    return dict(entry for entry in found if entry is not None)


class _Pass:
    """One phase of one attempt."""

    def __init__(
        self,
        wire: Wire,
        outcome: Outcome,
        lives: dict[ObjectId, dict[str, Any] | None],
        digest_key: bytes,
        blocked: tuple[str, ...],
    ) -> None:
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
            return self._outcome.verdicts[manifest.id].health in SETTLED
        verdict = assess(live)
        if verdict.health not in SETTLED and manifest.id.kind in WORKLOADS:
            verdict = await self._explained(live, verdict)
        row = self._outcome.rows[manifest.id].seen(verdict)
        if manifest.id.kind == "Job" and verdict.health is Health.HEALTHY:
            row = replace(row, done=self._assignment.release)
        self._outcome.rows[manifest.id] = row
        self._outcome.verdicts[manifest.id] = verdict
        return passes_gate(live, verdict)

    async def _deliver(self, manifest: Manifest) -> dict[str, Any] | None:
        """The live object after the attempt, or None with a verdict that says why there is none."""
        problem = self._unfit(manifest)
        if problem is not None:
            self._stand(manifest.id, problem)
            return None
        resource = self._wire.kinds.find(manifest.api_version, manifest.id.kind)
        assert resource is not None
        row, live = self._outcome.rows[manifest.id], self._lives.get(manifest.id)
        body = self._body(manifest)
        sent = sent_digest({**body, "references": dict(manifest.references)}, self._key_for(manifest.id))
        if row.done and row.done == self._assignment.release and live is None:
            self._stand(manifest.id, Verdict(Health.HEALTHY, "Done", "The task of this release has run."))
            return None
        if self._blocked and row.sent_digest != sent:
            self._stand(
                manifest.id, Verdict(Health.PROGRESSING, "WaitingForPhase", f"Waits for {', '.join(self._blocked)}.")
            )
            return None
        if live is not None and self._holds(row, live, sent):
            return live
        annotations = {ANNOTATION_GENERATION: str(self._assignment.generation)}
        if self._assignment.release:
            annotations[ANNOTATION_RELEASE] = self._assignment.release
        try:
            row, live = await write(self._wire, resource, row, self._valued(body, manifest), annotations, live)
        except NotOwned as foreign:
            self._outcome.report("NotOwned", id=str(manifest.id), owner=foreign.owner)
            self._outcome.fail(
                "NotOwned", "ForeignObject", f"{manifest.id} belongs to {foreign.owner}; nothing was written."
            )
            self._stand(manifest.id, Verdict(Health.MISSING, "NotOwned", f"Belongs to {foreign.owner}."))
            return None
        except ApiRefused as refusal:
            self._refused(manifest.id, refusal)
            return None
        self._outcome.writes += 1
        now = live_digest(live, FIELD_MANAGER, self._key_for(manifest.id))
        self._outcome.rows[manifest.id] = replace(row, sent_digest=sent, live_digest=now)
        return live

    def _unfit(self, manifest: Manifest) -> Verdict | None:
        """Why this object cannot be sent at all, with the condition that says so."""
        assignment, outcome = self._assignment, self._outcome
        if owner := assignment.contested.get(manifest.id):
            outcome.report("NotOwned", id=str(manifest.id), owner=owner)
            outcome.fail("NotOwned", "OtherWork", f"{manifest.id} belongs to {owner}.")
            return Verdict(Health.MISSING, "NotOwned", f"Belongs to {owner}.")
        if self._wire.kinds.find(manifest.api_version, manifest.id.kind) is None:
            outcome.fail(
                "KindNotServed", "KindNotServed", f"The cluster serves no {manifest.api_version} {manifest.id.kind}."
            )
            return Verdict(
                Health.MISSING, "KindNotServed", f"The cluster serves no {manifest.api_version} {manifest.id.kind}."
            )
        for reference in manifest.references.values():
            if why := assignment.unavailable.get(reference):
                outcome.fail("SecretUnavailable", "SecretUnavailable", f"{manifest.id}: {why}")
                return Verdict(Health.DEGRADED, "SecretUnavailable", why)
        return None

    def _stand(self, oid: ObjectId, verdict: Verdict) -> None:
        self._outcome.verdicts[oid] = verdict
        if oid in self._outcome.rows:
            self._outcome.rows[oid] = self._outcome.rows[oid].seen(verdict)

    def _refused(self, oid: ObjectId, refusal: ApiRefused) -> None:
        if refusal.unauthorized:
            raise refusal
        reason, message = explain(refusal)
        self._outcome.fail("ApplyFailed", reason, f"{oid}: {message}")
        self._outcome.retry_after = max(self._outcome.retry_after, refusal.retry_after or 0.0)
        self._stand(oid, Verdict(Health.DEGRADED, reason, message))

    def _holds(self, row: Row, live: Mapping[str, Any], sent: str) -> bool:
        """Nothing to send: what we sent is what is desired, and our fields on the same object are as they were left."""
        return (
            self._assignment.trusted
            and row.sent_digest == sent
            and live["metadata"]["uid"] == row.uid
            and claim_of(live) == row.claim
            and row.live_digest == live_digest(live, FIELD_MANAGER, self._key_for(row.oid))
        )

    def _key_for(self, oid: ObjectId) -> bytes | None:
        return self._key if oid.kind == "Secret" else None

    def _body(self, manifest: Manifest) -> dict[str, Any]:
        """The body with the labels that say whose it is."""
        metadata = dict(manifest.body["metadata"])
        metadata["labels"] = {
            **(metadata.get("labels") or {}),
            LABEL_OWNER: str(self._assignment.owner_id),
            LABEL_WORK: str(self._assignment.work_id),
        }
        return {**manifest.body, "metadata": metadata}

    def _valued(self, body: dict[str, Any], manifest: Manifest) -> dict[str, Any]:
        """The body with the secret values in place, made just before sending."""
        if not manifest.references:
            return body
        data = {
            key: base64.b64encode(self._assignment.secrets[reference]).decode()
            for key, reference in manifest.references.items()
        }
        return {**body, "data": data}

    async def _explained(self, live: Mapping[str, Any], verdict: Verdict) -> Verdict:
        """The verdict with the worst of what the pods behind the workload say."""
        labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        if not labels:
            return verdict
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        try:
            pods = await self._wire.list(WELL_KNOWN["v1", "Pod"], live["metadata"]["namespace"], selector)
        except ApiRefused:
            return verdict  # the reason is a nicety, the verdict is not
        return fold(verdict, pods)
