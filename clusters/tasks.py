"""The Celery tasks of clusters: each calls one function. They carry no state; a lost one is made good by the next."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from clusters import credentials, departure, probe
from clusters.reconcile.drain import drain_due
from clusters.reconcile.sweep import bury, forget_calls, ring_for_due
from clusters.sessions import on_loop, sessions


@shared_task(time_limit=25, soft_time_limit=None)  # type: ignore[untyped-decorator]  # celery carries no types
def reconcile_due(lane: int) -> None:
    """Drive what is due, whatever its lane: the lane only says which worker was rung for."""
    on_loop(drain_due(sessions()))


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def sweep() -> None:
    """Every 30 s: ring for whatever is due, in case a hint was lost; forget old tombstones and calls."""
    ring_for_due()
    bury()
    forget_calls()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def probe_clusters() -> None:
    """Every 15 s: how each cluster is. A credential refused just now is renewed at once, if a minter can."""
    locked_out = [each.cluster_id for each in probe.probe_clusters() if each.locked_out]
    if locked_out:
        credentials.rotate(locked_out)
    departure.finish_departures()


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def probe_cluster(cluster_id: str) -> None:
    """One cluster at once, after somebody changed it."""
    probe.probe_clusters([UUID(cluster_id)])


@shared_task(time_limit=25, soft_time_limit=22)  # type: ignore[untyped-decorator]  # celery carries no types
def rotate_credentials() -> None:
    """Every few minutes: renew tokens past a third of their life, and those that are refused."""
    credentials.rotate()
