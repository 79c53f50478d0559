"""One round: every cluster whose turn it is, asked at once in one event loop, each on its own clock, then recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from clusters.breaker import PROBE_DUE
from clusters.client import ClusterClient
from clusters.faults import ClusterFault, Unreachable
from clusters.models import Cluster
from clusters.probe.ask import probe
from clusters.probe.record import Recorded, Sight, record
from clusters.sessions import Access, Sessions, accesses_for, on_loop, sessions

SECONDS = 10.0


def probe_clusters(only: Iterable[UUID] | None = None) -> list[Recorded]:
    """Probe what is due (or just these, due or not) and record it. Network and database never overlap."""
    rows = Cluster.objects.filter(PROBE_DUE) if only is None else Cluster.objects.filter(pk__in=list(only))
    accesses = accesses_for(rows)
    if not accesses:
        return []
    sights = on_loop(look_at_all(accesses, sessions()))
    return [recorded for sight in sights if (recorded := record(sight))]


async def look_at_all(accesses: Sequence[Access], pool: Sessions) -> list[Sight]:
    """All at once; a hanging one delays none but itself."""
    clients = [await pool.get(access) for access in accesses]
    return list(await asyncio.gather(*map(look, accesses, clients)))


async def look(access: Access, client: ClusterClient, *, seconds: float = SECONDS) -> Sight:
    """One sight. Never raises for what a server does: whatever it answers becomes a fault."""
    try:
        async with asyncio.timeout(seconds):
            return Sight(access, facts=await probe(client))
    except ClusterFault as fault:
        return Sight(access, fault=fault)
    except TimeoutError as late:
        return Sight(access, fault=_unreachable(f"no complete answer within {seconds:g} s", late))
    except OSError as fault:
        return Sight(access, fault=_unreachable(f"{type(fault).__name__}: {fault}", fault))
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        # A server that answers nonsense must not end the round of the others.
        return Sight(access, fault=Unreachable(f"the answer was not understood ({type(fault).__name__})"))


def _unreachable(message: str, cause: OSError) -> Unreachable:
    fault = Unreachable(message)
    fault.__cause__ = cause
    return fault
