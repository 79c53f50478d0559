"""The values that pass between choosing, delivering and recording. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from clusters.faults import ApiRefused
from clusters.health import Health, Verdict
from clusters.manifests import Manifest, ObjectId
from clusters.reconcile.fights import Fights
from clusters.reconcile.refusals import explain
from paas.core.conditions import Condition

Verb = Literal["apply", "delete", "release"]


@dataclass(frozen=True, slots=True)
class Row:
    """An inventory row as the loop sees and changes it. `gone`: the cluster said that there is no such object of ours.

    `former_claims` are those of tombstones of the same name.
    """

    id: UUID
    oid: ObjectId
    api_version: str
    claim: str
    phase: int = 0
    uid: str = ""
    sent_digest: str = ""
    live_digest: str = ""
    resource_version: str = ""
    health: str = Health.UNKNOWN
    reason: str = ""
    message: str = ""
    done: str = ""
    fights: Fights = field(default_factory=dict)
    gone: bool = False
    former_claims: tuple[str, ...] = ()

    def seen(self, verdict: Verdict) -> Row:
        """The row with what people shall read of its object."""
        return replace(self, health=str(verdict.health), reason=verdict.reason, message=verdict.message)

    def absent(self) -> Row:
        """The row of an object that is verifiably gone."""
        return replace(self, uid="", sent_digest="", live_digest="", resource_version="", fights={}, gone=True)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One Work to attempt: the desired side as of `generation` and the rows that were committed for it.

    `trusted_from` over 0 means that a writer before us died with writes under way: nothing that lives under a lower
    epoch may be skipped on stored digests.
    `retirement` are ids that a retirement or a person named: they go though protected or held.
    `contested` are desired ids whose row belongs to another Work. `nudges` are compared when recording.
    `graves` are the tombstones of its Secrets, which are never watched: what a dead writer created late is found here.
    `now` is the database's time of choosing.
    """

    work_id: UUID
    owner_id: UUID
    generation: int
    retired: bool
    settled: bool
    late: bool
    release: str
    manifests: tuple[Manifest, ...]
    removable: frozenset[ObjectId]
    retirement: frozenset[ObjectId]
    rows: Mapping[ObjectId, Row]
    now: datetime
    graves: tuple[Row, ...] = ()
    waiting_for: tuple[str, ...] = ()
    contested: Mapping[ObjectId, str] = field(default_factory=dict)
    attempts: int = 0
    nudges: int = 0
    trusted_from: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A write that the API server has taken: what `clusters.models.ApiCall` keeps of it."""

    verb: Verb
    oid: ObjectId
    uid: str
    resource_version: str


@dataclass(slots=True)
class Outcome:
    """What an attempt found and did. `rows` are the rows as they now are; `failed` asks for a back-off.

    `finished` (of a retired Work): nothing of it is left. `interrupted`: ended by the cluster or the clock, not by the
    Work, whose schedule and status then stay as they are. `going`: some object is being deleted; `kept`: one
    stays while it is in use. `returned` are the claims of what lives though it was removed. `retry_after` seconds are
    what the server asked for.
    """

    assignment: Assignment
    rows: dict[ObjectId, Row]
    verdicts: dict[ObjectId, Verdict] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    reported: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    failed: bool = False
    waiting: bool = False
    going: bool = False
    kept: bool = False
    finished: bool = False
    interrupted: bool = False
    returned: set[str] = field(default_factory=set)
    retry_after: float = 0.0

    def wrote(self, verb: Verb, oid: ObjectId, metadata: Mapping[str, Any]) -> None:
        """Note a write that was taken, with the metadata that the object has by it (of a delete: had before)."""
        self.calls.append(Call(verb, oid, metadata["uid"], metadata["resourceVersion"]))

    def add(self, type: str, reason: str, message: str) -> None:  # noqa: A002 - the field's own word
        """State a condition that is True for as long as an attempt says so."""
        self.conditions.append(Condition(type, "True", reason, message, observed_generation=self.assignment.generation))

    def fail(self, type: str, reason: str, message: str) -> None:  # noqa: A002 - a field of conditions
        """State what went wrong; the Work backs off."""
        self.add(type, reason, message)
        self.failed = True

    def refused(self, type: str, refusal: ApiRefused, oid: ObjectId | None = None) -> tuple[str, str]:  # noqa: A002 - a field of conditions
        """State what the API server refused; its reason and message in words."""
        reason, message = explain(refusal)
        self.fail(type, reason, f"{oid}: {message}" if oid else message)
        self.retry_after = max(self.retry_after, refusal.retry_after or 0.0)
        return reason, message

    def report(self, type: str, **entry: Any) -> None:  # noqa: A002 - a field of conditions
        """List an object for people under a condition."""
        self.reported.setdefault(type, []).append(entry)
