"""Which environment has a host and path on a cluster: claimed with the delivery, by the rendered HTTPRoutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from apps.models import Environment, RouteClaim
from clusters.manifests import Manifest
from clusters.models import Cluster
from paas.core.errors import Conflict


def claim_routes(environment: Environment, delivered: Sequence[tuple[Cluster, Iterable[Manifest]]]) -> None:
    """Make the environment's claims on these clusters those of its routes.

    Raises:
        Conflict: `host_taken`; whose it is, is not said.
    """
    wanted = {(cluster.pk, host, path): cluster for cluster, found in delivered for host, path in _routes(found)}
    mine = RouteClaim.objects.filter(environment=environment, cluster__in=[cluster for cluster, _ in delivered])
    held = {(each.cluster_id, each.host, each.path): each.pk for each in mine}
    RouteClaim.objects.filter(pk__in=[held[key] for key in held if key not in wanted]).delete()
    # In one order for all, so that two deploys wait for each other and never in a circle.
    new = [
        RouteClaim(cluster=wanted[key], host=key[1], path=key[2], environment=environment)
        for key in sorted(wanted)
        if key not in held
    ]
    _refuse_taken(environment, new)
    try:
        with transaction.atomic():
            RouteClaim.objects.bulk_create(new)
    except IntegrityError:
        # Claimed by another between the look and the write.
        _refuse_taken(environment, new)
        raise


def _refuse_taken(environment: Environment, new: list[RouteClaim]) -> None:
    foreign = Q(pk__in=())
    for each in new:
        foreign |= Q(cluster=each.cluster, host=each.host, path=each.path)
    taken = RouteClaim.objects.filter(foreign).exclude(environment=environment).select_related("cluster").first()
    if taken is not None:
        raise Conflict(
            "host_taken",
            _("%(route)s on cluster '%(cluster)s' belongs to another environment."),
            rule=_("A host and path lead to one environment on each cluster."),
            remedy=_("Choose another host or path, or have it given up there first."),
            params={"route": taken, "cluster": taken.cluster.name},
            details={"host": taken.host, "path": taken.path, "cluster": taken.cluster.name},
        )


def _routes(manifests: Iterable[Manifest]) -> set[tuple[str, str]]:
    """(host, path) of every HTTPRoute, as browsers and gateways compare them."""
    found = set()
    for each in manifests:
        if each.id.kind != "HTTPRoute":
            continue
        spec = each.body["spec"]
        for rule in spec.get("rules", ()):
            for match in rule.get("matches", ()):
                path = str(match.get("path", {}).get("value", "/")).rstrip("/") or "/"
                found |= {(str(host).lower().rstrip("."), path) for host in spec.get("hostnames", ())}
    return found
