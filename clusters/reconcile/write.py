"""Writes one object so that nothing foreign is ever touched: no uid known, no force; a uid known, nothing else is met.

The member's admission policy refuses what the database could not know; each refusal is answered by one read by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from clusters.faults import ApiRefused
from clusters.fields import owned_fields
from clusters.kinds import Resource
from clusters.manifests import (
    ANNOTATION_EPOCH,
    FIELD_MANAGER,
    HANDOVER_MANAGER,
    LABEL_WORK,
    claim_of,
    epoch_of,
    stamped,
)
from clusters.reconcile.outcome import Row
from clusters.reconcile.wire import Wire

_HOPS = 3  # create ↔ update turns before we let the next attempt have a fresh look


class NotOwned(Exception):  # noqa: N818 - the name of the condition
    """An object of that name is somebody else's. `owner` says whose, as far as it tells."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


async def write(
    wire: Wire,
    resource: Resource,
    row: Row,
    body: Mapping[str, Any],
    annotations: Mapping[str, str],
    live: Mapping[str, Any] | None,
) -> tuple[Row, dict[str, Any]]:
    """Make the object say what `body` says; returns its row (uid, claim, resourceVersion) and the live object.

    `live` is the object as just read, where it was. Raises NotOwned with nothing written, ApiRefused, Unreachable.
    """
    writing = _Writing(wire, resource, body, annotations)
    if live is not None and row.uid:
        writing.keep = _dropped_replicas(body, live)
    return await writing.run(row)


class _Writing:
    def __init__(self, wire: Wire, resource: Resource, body: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
        self._wire = wire
        self._resource = resource
        self._body = body
        self._annotations = annotations
        self.keep: Mapping[str, Any] | None = None

    async def run(self, row: Row) -> tuple[Row, dict[str, Any]]:
        for hops_left in reversed(range(_HOPS)):
            if not row.uid and not self._wire.fenced:
                row = await self._met(row)
            try:
                return await self._send(row)
            except ApiRefused as refused:
                before, row = row, await self._after(refused, row)
                if not hops_left or (row == before and refused.fenced() != "epoch"):
                    raise
        raise AssertionError("the last hop returns or raises")

    async def _send(self, row: Row) -> tuple[Row, dict[str, Any]]:
        epoch = self._wire.held.epoch
        if self.keep is not None and row.uid:
            await self._hand_over(self.keep, row.uid, epoch)
        body = stamped(self._body, claim=row.claim, epoch=epoch, annotations=self._annotations, uid=row.uid or None)
        live = await self._wire.apply(self._resource, body, force=bool(row.uid))
        metadata = live["metadata"]
        return replace(row, uid=metadata["uid"], resource_version=metadata["resourceVersion"], gone=False), live

    async def _hand_over(self, keep: Mapping[str, Any], uid: str, epoch: int) -> None:
        """Another manager of ours says the live number first, or the field would fall to its default of 1."""
        metadata = {**keep["metadata"], "uid": uid, "annotations": {ANNOTATION_EPOCH: str(epoch)}}
        await self._wire.apply(self._resource, {**keep, "metadata": metadata}, force=True, manager=HANDOVER_MANAGER)

    async def _after(self, refused: ApiRefused, row: Row) -> Row:
        """The row to try again with; the same row where the refusal is about the content itself."""
        fenced = refused.fenced()
        if fenced == "epoch":
            live = await self._wire.get(self._resource, row.oid)
            await self._wire.outgrow(epoch_of(live) if live else 0)
            return row
        # 409: the object is absent, a uid differs, or fields are another's; 422: a uid differs, or the content is bad.
        if fenced == "claim" or refused.status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            return await self._met(row)
        return row

    async def _met(self, row: Row) -> Row:
        """What a read by name says of the row: absent (create), ours (its uid is the one to force), or NotOwned.

        That what we wrote is not there is what another cluster at this address would say too. Raises IdentityChanged.
        """
        live = await self._wire.get(self._resource, row.oid)
        if row.uid and (live is None or live["metadata"]["uid"] != row.uid):
            await self._wire.confirm_identity()
        if live is None:
            return replace(row, uid="")
        claim = claim_of(live)
        if claim and claim in (row.claim, *row.former_claims):
            return replace(row, claim=claim, uid=live["metadata"]["uid"])
        raise NotOwned(owner_of(live))


def owner_of(live: Mapping[str, Any]) -> str:
    """Whose object it is, in words: another Work, or the managers of its fields."""
    labels = live["metadata"].get("labels") or {}
    if claim_of(live):
        return f"another Dougong Work ({labels.get(LABEL_WORK, 'unnamed')})"
    managers = dict.fromkeys(str(entry.get("manager")) for entry in live["metadata"].get("managedFields") or [])
    return ", ".join(managers) or labels.get("app.kubernetes.io/managed-by") or "unknown"


def _dropped_replicas(body: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any] | None:
    """What keeps the live number of replicas where `body` stops saying one that was ours; None where nothing does."""
    if "replicas" in (body.get("spec") or {}):
        return None
    if "replicas" not in (owned_fields(live, FIELD_MANAGER).get("spec") or {}):
        return None
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": {key: live["metadata"][key] for key in ("name", "namespace")},
        "spec": {"replicas": live["spec"]["replicas"]},
    }
