"""What the bench sees by itself: objects through watches of its own, Works through a trigger in its own database.

All times are this process's `time.perf_counter` at the moment of the sight.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from bench.objects import says
from clusters.client import ClusterClient
from clusters.kinds import Resource
from clusters.manifests import Body, ObjectId

Check = Callable[[Body | None], bool]

CHANNELS = {
    "due": "NEW.nudges IS DISTINCT FROM OLD.nudges",
    "recorded": "NEW.observed_generation IS DISTINCT FROM OLD.observed_generation",
}
_TRIGGER = """
    CREATE OR REPLACE FUNCTION bench_{name}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('bench_{name}', NEW.id::text); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER bench_{name} AFTER UPDATE ON clusters_work
        FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION bench_{name}()
"""


class Repaired:
    """A check of an object's sights in order: once it was not as declared (or gone), and now it is again."""

    def __init__(self, declared: Body) -> None:
        self._declared = declared
        self.disturbed = False

    def __call__(self, body: Body | None) -> bool:
        whole = body is not None and "deletionTimestamp" not in body["metadata"] and says(self._declared, body)
        self.disturbed = self.disturbed or not whole
        return whole and self.disturbed


class Eyes:
    """Watches of whole kinds on one cluster."""

    def __init__(self) -> None:
        self._waiting: dict[ObjectId, list[tuple[Check, asyncio.Future[float]]]] = defaultdict(list)

    def expect(self, oid: ObjectId, check: Check) -> asyncio.Future[float]:
        """When the object next passes the check; None is told to it where the object was deleted."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[oid].append((check, future))
        return future

    def see(self, event: dict[str, Any]) -> None:
        if event["type"] == "BOOKMARK":
            return
        now, body = time.perf_counter(), event["object"]
        left = []
        for check, future in self._waiting.pop(oid := ObjectId.of(body), []):
            if not future.done():
                if check(None if event["type"] == "DELETED" else body):
                    future.set_result(now)
                else:
                    left.append((check, future))
        if left:
            self._waiting[oid] = left


@asynccontextmanager
async def watching(client: ClusterClient, kinds: Iterable[Resource], selector: str) -> AsyncIterator[Eyes]:
    """Every change of these kinds, from now on. A watch that ends ends the figure: what it missed nobody knows."""
    eyes = Eyes()

    async def follow(kind: Resource, since: str) -> None:
        while True:
            async for event in client.watch(kind, selector=selector, since=since):
                since = event["object"]["metadata"]["resourceVersion"]
                eyes.see(event)

    async with asyncio.TaskGroup() as group:
        tasks = []
        for kind in kinds:
            _, since = await client.list(kind, selector=selector)
            tasks.append(group.create_task(follow(kind, since)))
        yield eyes
        for task in tasks:
            task.cancel()


class Notices:
    """Works of which the trigger tells."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[float]]] = defaultdict(list)

    def expect(self, work_id: object) -> asyncio.Future[float]:
        """When the Work is next told of."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[str(work_id)].append(future)
        return future

    def hear(self, work_id: str) -> None:
        now = time.perf_counter()
        for future in self._waiting.pop(work_id, []):
            if not future.done():
                future.set_result(now)


@asynccontextmanager
async def noticing(database: str, channel: str) -> AsyncIterator[Notices]:
    """Works that become `due` by an event, or whose generation is `recorded`, as soon as that is committed."""
    notices = Notices()
    name = f"bench_{channel}"
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
        await psycopg.AsyncConnection.connect(database, autocommit=True) as other,
    ):
        await other.execute(_TRIGGER.format(name=channel, condition=CHANNELS[channel]))
        await connection.execute(f"LISTEN {name}")

        async def listen() -> None:
            async for notify in connection.notifies():
                notices.hear(notify.payload)

        listening = asyncio.create_task(listen())
        try:
            yield notices
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await other.execute(f"DROP TRIGGER {name} ON clusters_work")
