"""One drain's way to one cluster: the client under the in-flight cap, the drain's deadline and the lease's epoch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from clusters import lease
from clusters.client import REQUEST_SECONDS, ClusterClient
from clusters.faults import Unreachable
from clusters.kinds import WELL_KNOWN, Kinds, Resource
from clusters.lease import Held
from clusters.manifests import FIELD_MANAGER, ObjectId
from clusters.threads import in_thread

T = TypeVar("T")

IN_FLIGHT = 12
LONGEST_LOG = 64 * 1024  # bytes of the last lines of a container
LOG_SECONDS = 3.0
SPARE_SECONDS = 1.0  # kept back of the drain's remainder, to record what was done


class LeaseLost(Exception):  # noqa: N818 - a fact about the lease, told by its name
    """Another worker holds the cluster now: write nothing more, record nothing."""


class OutOfTime(Exception):  # noqa: N818
    """The drain's time is up: hand back and let the next one go on."""


class IdentityChanged(Exception):  # noqa: N818
    """Another cluster answers at this address."""


class Wire:
    """Calls to one cluster, each bounded by the smaller of 10 s and the drain's remainder less a second.

    `unanswered`: a write was sent and no answer came, so it may still arrive. `nodes` are as the probe saw them last.
    """

    def __init__(
        self, client: ClusterClient, kinds: Kinds, held: Held, *, identity: str, fenced: bool, deadline: float,
        nodes: Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        self._client = client
        self.kinds = kinds
        self.held = held
        self.identity = identity
        self.fenced = fenced
        self.nodes = nodes
        self.unanswered = False
        self._deadline = deadline
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._epoch_lock = asyncio.Lock()

    @property
    def remaining(self) -> float:
        """Seconds that a request started now may take; ≤ 0 when the drain is over."""
        return min(REQUEST_SECONDS, self._deadline - time.monotonic() - SPARE_SECONDS)

    async def _call(self, call: Callable[[float], Awaitable[T]], *, writes: bool = False) -> T:
        async with self._slots:
            seconds = self.remaining
            if seconds <= 0:
                raise OutOfTime
            try:
                return await call(seconds)
            except (Unreachable, asyncio.CancelledError) as broken:
                self.unanswered = self.unanswered or writes
                if isinstance(broken, Unreachable) and self.remaining <= 0:
                    raise OutOfTime from None  # cut short by our own clock, which says nothing about the cluster
                raise

    async def get(self, resource: Resource, oid: ObjectId) -> dict[str, Any] | None:
        return await self._call(
            lambda seconds: self._client.get(resource, oid.namespace, oid.name, timeout=seconds),
        )

    async def list(self, resource: Resource, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        items, _ = await self._call(
            lambda seconds: self._client.list(resource, namespace, selector=selector, timeout=seconds)
        )
        return items

    async def versions(self, resource: Resource, selector: str) -> dict[str, str]:
        """uid → resourceVersion of all objects of a kind that the selector takes, in every namespace."""
        found: dict[str, str] = {}
        token = ""
        while True:
            page, token, _ = await self._call(
                lambda seconds, token=token: self._client.page(  # type: ignore[misc]
                    resource, selector=selector, token=token, metadata_only=True, timeout=seconds
                )
            )
            found |= {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in page}
            if not token:
                return found

    async def version(self, resource: Resource, oid: ObjectId) -> dict[str, str]:
        """The same of one object; {} where there is none."""
        live = await self._call(
            lambda seconds: self._client.get(resource, oid.namespace, oid.name, metadata_only=True, timeout=seconds)
        )
        return {live["metadata"]["uid"]: live["metadata"]["resourceVersion"]} if live else {}

    async def events(self, namespace: str, uid: str, reason: str) -> Iterable[dict[str, Any]]:
        """What was reported about an object for this reason, as long as the cluster keeps it."""
        params = {"fieldSelector": f"involvedObject.uid={uid},reason={reason}"}
        path = WELL_KNOWN["v1", "Event"].path(namespace)
        answer = await self._call(lambda seconds: self._client.request("GET", path, params=params, timeout=seconds))
        return (answer or {}).get("items") or ()

    async def log(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, bool]:
        """The last lines of a container, of its run before this one where `previous`; whether none was cut off.

        Its node answers, not the API server: it gets less time than the cluster.
        """
        asked = {"container": container, "tailLines": str(lines), "limitBytes": str(LONGEST_LOG)}
        params = {**asked, "previous": "true"} if previous else asked
        path = f"{WELL_KNOWN['v1', 'Pod'].path(namespace, pod)}/log"
        said = await self._call(lambda seconds: self._client.text(path, params, timeout=min(seconds, LOG_SECONDS)))
        return said.decode(errors="replace"), len(said) < LONGEST_LOG

    async def apply(
        self, resource: Resource, body: Mapping[str, Any], *, force: bool, manager: str = FIELD_MANAGER
    ) -> dict[str, Any]:
        live, _ = await self._call(
            lambda seconds: self._client.apply(resource, body, manager=manager, force=force, timeout=seconds),
            writes=True,
        )
        return live

    async def delete(self, resource: Resource, oid: ObjectId, *, uid: str, resource_version: str) -> bool:
        return await self._call(
            lambda seconds: self._client.delete(
                resource, oid.namespace, oid.name, uid=uid, resource_version=resource_version, timeout=seconds
            ),
            writes=True,
        )

    async def revision(self) -> int:
        """The resourceVersion that the cluster has reached."""
        _, _, version = await self._call(
            lambda seconds: self._client.page(
                WELL_KNOWN["v1", "Namespace"], limit=1, metadata_only=True, timeout=seconds
            )
        )
        return int(version) if version.isdigit() else 0

    async def confirm_identity(self) -> None:
        """Raise IdentityChanged unless the kube-system namespace behind this connection is the registered one."""
        found = await self.get(WELL_KNOWN["v1", "Namespace"], ObjectId("", "Namespace", "", "kube-system"))
        if found is None or found["metadata"]["uid"] != self.identity:
            raise IdentityChanged(f"kube-system has the uid {found['metadata']['uid'] if found else 'of none'}")

    async def outgrow(self, epoch: int) -> None:
        """Lift our epoch above one seen on a live object; LeaseLost where the lease is not ours to lift."""
        async with self._epoch_lock:
            if self.held.epoch > epoch:
                return
            lifted = await in_thread(lease.raise_epoch, self.held, epoch)
            if lifted is None:
                raise LeaseLost
            self.held = lifted


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run them at once; the first fault ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in coroutines]
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from None
    return [task.result() for task in tasks]
