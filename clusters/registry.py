"""The services of the fleet: the only writers of a cluster's registration and of the credentials that people bring.

Each asks for the permission "operate" first, then changes rows and writes the audit event in one transaction. No call
goes to a cluster in here; the probe that each change asks for makes the first one. Removing is in `departure`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clusters import offers, placement, registration
from clusters.credentials import expiry, put_in_force
from clusters.models import Cluster, ClusterCredential, Lane
from clusters.probe.hint import probe_soon
from clusters.registration import Registration
from clusters.selectors import FLEET_CHANNEL
from clusters.wake import wake
from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import OPERATE, Actor, require
from paas.core.rows import edit, locked
from paas.core.sse import hint

WRITER, MINTER = ClusterCredential.Purpose.WRITER, ClusterCredential.Purpose.MINTER


def register_cluster(
    *,
    name: str,
    actor: Actor,
    kubeconfig: str | None = None,
    context: str | None = None,
    server: str | None = None,
    ca_data: str | None = None,
    token: str | None = None,
    minter_token: str | None = None,
    expires_at: datetime | None = None,
    identity: str | None = None,
    labels: Mapping[str, str] | None = None,
    refresh: bool = False,
) -> Cluster:
    """Register a cluster by a kubeconfig, or by server, CA and token.

    Args:
        name: a DNS label.
        kubeconfig: text of the file; `context` names one of its contexts, else the current one.
        ca_data: PEM, or base64 around it.
        minter_token: opens the account that can only mint the writer's tokens.
        identity: uid of its kube-system, where it is known already; else the first probe tells it.
        refresh: registering this name with this identity again renews address and credentials.

    Raises:
        Invalid: whatever the parser refuses, `address_not_allowed`, `address_unknown`, `cluster_invalid`, …
        Conflict: `cluster_name_taken`, `cluster_already_registered`.
    """
    require(actor, OPERATE, None)
    given = _given(
        kubeconfig=kubeconfig, context=context, server=server, ca_data=ca_data, token=token, expires_at=expires_at
    )
    chosen = registration.labels(labels or {})
    minter = registration.bearer(minter_token, given) if minter_token else ""
    registration.check_reach(given.server)
    with transaction.atomic():
        known = Cluster.objects.select_for_update().filter(name=name).first()
        if known is not None:
            if not refresh or identity is None or known.identity != identity:
                raise _taken(name)
            return _renew(known, actor, given, minter, chosen if labels is not None else None)
        _refuse_twin(identity)
        cluster = Cluster(name=name, server=given.server, ca_data=given.ca_data, labels=chosen)
        cluster.identity = identity or None
        _save_new(cluster)
        _put(cluster, given, minter)
        audit.record(actor=actor, action="cluster.registered", target=cluster, after=_facts(cluster, given, minter))
        probe_soon(cluster.pk)
    return cluster


def replace_credential(
    *,
    cluster: Cluster,
    actor: Actor,
    kubeconfig: str | None = None,
    context: str | None = None,
    server: str | None = None,
    ca_data: str | None = None,
    token: str | None = None,
    minter_token: str | None = None,
    expires_at: datetime | None = None,
    check: Callable[[Cluster], None] = lambda row: None,
) -> Cluster:
    """Put another credential in force, and with it, where given, another address or CA.

    A credential belongs to the address it was given for: with another server or CA the old minter goes.

    Args:
        check: asked with the locked row, once the address has been looked up; what it raises ends it.

    Raises: as `register_cluster`.
    """
    require(actor, OPERATE, cluster)
    given = _given(
        kubeconfig=kubeconfig,
        context=context,
        server=server or cluster.server,
        ca_data=ca_data or cluster.ca_data,
        token=token,
        expires_at=expires_at,
    )
    minter = registration.bearer(minter_token, given) if minter_token else ""
    registration.check_reach(given.server)
    with transaction.atomic():
        row = locked(cluster)
        check(row)
        return _renew(row, actor, given, minter, None)


def update_cluster(*, cluster: Cluster, labels: Mapping[str, str], actor: Actor, reason: str = "") -> Cluster:
    """Set the labels, all of them. Raises Invalid `labels_invalid`."""
    require(actor, OPERATE, cluster)
    return _change(cluster, actor, "cluster.labelled", reason, labels=registration.labels(labels))


def offer(
    *,
    cluster: Cluster,
    actor: Actor,
    priority_classes: Collection[str] | None = None,
    node_pools: Collection[str] | None = None,
    service_account_annotations: Mapping[str, Collection[str]] | None = None,
    secret_stores: Mapping[str, Collection[str]] | None = None,
    reason: str = "",
) -> Cluster:
    """Set what every team may use there, each kind whole; one that is None stays as it is.

    What runs keeps what is offered no longer, until it is rendered again and refused.

    Raises: Invalid `offer_invalid`.
    """
    require(actor, OPERATE, cluster)
    offered: dict[str, Any] = {}
    if priority_classes is not None:
        offered["priority_classes"] = offers.names(priority_classes, "priority class")
    if node_pools is not None:
        offered["node_pools"] = offers.names(node_pools, "node pool")
    if service_account_annotations is not None:
        offered["service_account_annotations"] = offers.globs(service_account_annotations)
    if secret_stores is not None:
        offered["secret_stores"] = offers.stores(secret_stores)
    return _change(cluster, actor, "cluster.offered", reason, **offered)


def cordon(*, cluster: Cluster, actor: Actor, reason: str = "") -> Cluster:
    """Place nothing new here; what runs is kept."""
    require(actor, OPERATE, cluster)
    return _change(cluster, actor, "cluster.cordoned", reason, cordoned=True)


def uncordon(*, cluster: Cluster, actor: Actor, reason: str = "") -> Cluster:
    """Let new environments be placed here again. Raises Conflict `cluster_leaving`."""
    require(actor, OPERATE, cluster)
    if cluster.leaving:
        raise Conflict("cluster_leaving", f"'{cluster}' is being unregistered.", rule="It takes nothing new.")
    return _change(cluster, actor, "cluster.uncordoned", reason, cordoned=False)


def suspend(*, cluster: Cluster, actor: Actor, reason: str = "") -> Cluster:
    """Write nothing to it and repair nothing until resumed; it is still probed."""
    require(actor, OPERATE, cluster)
    return _change(cluster, actor, "cluster.suspended", reason, suspended=True)


def resume(*, cluster: Cluster, actor: Actor, reason: str = "") -> Cluster:
    """Deliver again, beginning with what was edited meanwhile."""
    require(actor, OPERATE, cluster)
    cluster = _change(cluster, actor, "cluster.resumed", reason, suspended=False)
    wake(Lane.EDIT)
    return cluster


def _given(
    *,
    kubeconfig: str | None,
    context: str | None,
    server: str | None,
    ca_data: str | None,
    token: str | None,
    expires_at: datetime | None,
) -> Registration:
    """One of the two forms; with a kubeconfig nothing else may say where and as whom."""
    if kubeconfig:
        if token:
            raise Invalid("credential_ambiguous", "Send a kubeconfig, or server, CA and token, not both.")
        return registration.from_kubeconfig(kubeconfig, context)
    if not (server and ca_data and token):
        raise Invalid("credential_missing", "Send a kubeconfig, or all of server, ca_data and token.")
    return registration.from_token(server, ca_data, token, expires_at)


def _renew(cluster: Cluster, actor: Actor, given: Registration, minter: str, labels: dict[str, str] | None) -> Cluster:
    """Address and credentials of a registered cluster, whose lock the caller holds."""
    before = {"server": cluster.server, "labels": cluster.labels}
    if (given.server, given.ca_data) != (cluster.server, cluster.ca_data):
        cluster.credentials.filter(purpose=MINTER).delete()
    cluster.server, cluster.ca_data = given.server, given.ca_data
    cluster.labels = cluster.labels if labels is None else labels
    cluster.save_version("server", "ca_data", "labels")
    _put(cluster, given, minter)
    after = _facts(cluster, given, minter)
    audit.record(actor=actor, action="cluster.credential_replaced", target=cluster, before=before, after=after)
    probe_soon(cluster.pk)
    return cluster


def _put(cluster: Cluster, given: Registration, minter: str) -> None:
    put_in_force(
        cluster,
        WRITER,
        token=given.token,
        client_certificate=given.client_certificate,
        client_key=given.client_key,
        expires_at=given.expires_at,
    )
    if minter:
        put_in_force(cluster, MINTER, token=minter, expires_at=expiry(token=minter))


def _facts(cluster: Cluster, given: Registration, minter: str) -> dict[str, Any]:
    """What the audit trail may hold: never a secret."""
    return {
        "server": cluster.server,
        "labels": cluster.labels,
        "identity": cluster.identity,
        "expires_at": given.expires_at.isoformat() if given.expires_at else None,
        "minter": bool(minter),
    }


def _change(cluster: Cluster, actor: Actor, action: str, reason: str = "", **fields: Any) -> Cluster:
    """Set fields that differ; nothing is written, and nothing recorded, where none does."""
    with transaction.atomic():
        cluster = locked(cluster)
        if edit(cluster, actor=actor, action=action, reason=reason, **fields):
            placement.changed(cluster.pk)
            hint(FLEET_CHANNEL)
    return cluster


def _refuse_twin(identity: str | None) -> None:
    twin = Cluster.objects.filter(identity=identity).first() if identity else None
    if twin is not None:
        raise Conflict(
            "cluster_already_registered",
            f"This cluster is registered as '{twin}'.",
            rule="A cluster is registered once, known by the uid of its namespace kube-system.",
        )


def _save_new(cluster: Cluster) -> None:
    try:
        cluster.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            cluster.save(force_insert=True)
    except ValidationError as error:
        text = " ".join(f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())
        raise Invalid("cluster_invalid", text) from None
    except IntegrityError:
        # Registered by someone else between the look and the write.
        _refuse_twin(cluster.identity)
        raise _taken(cluster.name) from None


def _taken(name: str) -> Conflict:
    return Conflict("cluster_name_taken", f"A cluster '{name}' is registered already.", remedy="Choose another name.")
