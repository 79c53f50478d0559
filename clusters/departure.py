"""Unregistering a cluster: leave all running, or remove what is ours first. Services; beside `registry`.

To remove, every Work is retired and the cluster is marked leaving; the loop removes the objects, and the row goes with
the last Work (`finish_departures`, each round of the probe).
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from clusters import observed
from clusters.conditions import LEAVING
from clusters.manifests import Manifest, ObjectId
from clusters.models import Cluster, OwnedObject, Work
from clusters.work import retire_work
from paas.core import audit
from paas.core.conditions import Condition, set_condition
from paas.core.errors import Conflict
from paas.core.permissions import OPERATE, Actor, require

log = structlog.get_logger(__name__)


def unregister_cluster(
    *, cluster: Cluster, actor: Actor, remove: bool = False, leave_running: bool = False, reason: str = ""
) -> Cluster | None:
    """Take a cluster out of the fleet; its credentials are deleted with it.

    Args:
        remove: remove our objects first, namespaces and volumes included; the row goes when the last is gone.
        leave_running: forget our Works and leave their objects as they are, unmanaged.

    Returns:
        The leaving cluster, or None where the row is gone already.

    Raises:
        Conflict: `cluster_has_works` (neither was said), `cluster_suspended` (nothing can be removed),
            `cluster_in_use` (something else in the registry refers to it).
    """
    require(actor, OPERATE, cluster)
    with transaction.atomic():
        found = Cluster.objects.select_for_update().filter(pk=cluster.pk).first()
        if found is None:
            return None
        cluster = found
        works = list(Work.objects.filter(cluster=cluster))
        if works and remove:
            return _depart(cluster, works, actor, reason)
        if works and not leave_running:
            raise Conflict(
                "cluster_has_works",
                f"{len(works)} Works are delivered to '{cluster}'.",
                rule="What is to become of them must be said.",
                remedy="Remove them first (remove), or leave them running without us (leave_running).",
                details={"works": [str(work) for work in works[:50]]},
            )
        for work in works:
            observed.notify(work.owner_kind, work.owner_id)
        OwnedObject.objects.filter(cluster=cluster).delete()
        Work.objects.filter(cluster=cluster).delete()
        _delete(cluster, actor, reason, left=len(works))
    return None


def _depart(cluster: Cluster, works: list[Work], actor: Actor, reason: str) -> Cluster:
    if cluster.suspended:
        raise Conflict(
            "cluster_suspended", f"'{cluster}' is suspended: nothing can be removed from it.", remedy="Resume it first."
        )
    for work in works:
        retire_work(work=work, protected=_all_ids(work))
    message = f"{len(works)} Works are being removed."
    told = set_condition(cluster.conditions, Condition(LEAVING, "True", "Removing", message), now=timezone.now())
    cluster.leaving, cluster.cordoned, cluster.conditions = True, True, told
    cluster.save_version("leaving", "cordoned", "conditions")
    audit.record(actor=actor, action="cluster.leaving", target=cluster, after={"works": len(works)}, reason=reason)
    return cluster


def _all_ids(work: Work) -> set[ObjectId]:
    """Every object of the Work: unregistering names them all, protected kinds too."""
    owned = OwnedObject.objects.filter(work=work, gone_at=None).values_list("oid", flat=True)
    return {ObjectId.parse(oid) for oid in owned} | {Manifest.from_json(each).id for each in work.manifests}


def finish_departures() -> list[str]:
    """Delete leaving clusters without Works; their names. One that something still refers to stays, and says so."""
    gone = []
    for pk in Cluster.objects.filter(leaving=True, works=None).values_list("pk", flat=True):
        with transaction.atomic():
            cluster = Cluster.objects.select_for_update().filter(pk=pk, leaving=True).first()
            if cluster is None or Work.objects.filter(cluster=cluster).exists():
                continue
            try:
                _delete(cluster, None, "the last Work is gone", left=0)
            except Conflict as refusal:
                log.warning("departure_held", cluster=cluster.name, why=refusal.message)
                held = Condition(LEAVING, "True", "InUse", refusal.message)
                told = set_condition(cluster.conditions, held, now=timezone.now())
                Cluster.objects.filter(pk=pk).update(conditions=told)
                continue
        gone.append(cluster.name)
    return gone


def _delete(cluster: Cluster, actor: Actor, reason: str, *, left: int) -> None:
    before = {"server": cluster.server, "identity": cluster.identity, "works_left_running": left}
    try:
        with transaction.atomic():
            audit.record(actor=actor, action="cluster.unregistered", target=cluster, before=before, reason=reason)
            cluster.delete()
    except ProtectedError as error:
        kinds = sorted({str(each._meta.verbose_name_plural) for each in error.protected_objects})
        message = f"'{cluster}' is still referred to by {', '.join(kinds)}."
        raise Conflict("cluster_in_use", message, remedy="Move or retire these first.") from None
