"""The writer's tokens: minted by the minter at a third of their life, or at once when the one in force is refused.

The minter's credential can do one thing, a TokenRequest for the writer's account, and lasts: a control plane that was
off for longer than a token lives comes back alone. A new token is tried before it is stored; older ones go when a probe
got through with it. Clusters registered without a minter are left as they are and shown as expiring.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from cryptography import x509
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from clusters.client import ClusterClient, Endpoint
from clusters.faults import ClusterFault, Unreachable
from clusters.models import Cluster, ClusterCredential
from clusters.sessions import Access, accesses_for, on_loop, sessions
from paas.core import audit

log = structlog.get_logger(__name__)

NAMESPACE = "dougong-system"
WRITER = "dougong-writer"
TOKEN_SECONDS = 30 * 24 * 3600
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Minted:
    """A token that the cluster has taken once."""

    token: str = field(repr=False)
    expires_at: datetime


def due(only: Iterable[UUID] | None = None) -> QuerySet[Cluster]:
    """Clusters with a minter whose writer token has lived a third of its life or is refused; `only`: just these."""
    minters = ClusterCredential.objects.filter(purpose=ClusterCredential.Purpose.MINTER)
    with_minter = Cluster.objects.filter(pk__in=minters.values("cluster"))
    if only is not None:
        return with_minter.filter(pk__in=list(only))
    writers = ClusterCredential.objects.filter(purpose=ClusterCredential.Purpose.WRITER)
    in_force = writers.order_by("cluster_id", "-version").distinct("cluster_id").values("pk")
    # Less than two thirds left: both sides are computed by the database, under its clock.
    old = writers.filter(pk__in=in_force, expires_at__lte=Now() + (F("expires_at") - F("issued_at")) * 2 / 3)
    refused = Q(conditions__contains=[{"type": "CredentialsAccepted", "status": "False"}])
    return with_minter.filter(Q(pk__in=old.values("cluster")) | refused)


def rotate(only: Iterable[UUID] | None = None) -> list[UUID]:
    """Renew what is due (or just these); the ids of the clusters that have a new token in force."""
    accesses = accesses_for(due(only), ClusterCredential.Purpose.MINTER)
    if not accesses:
        return []
    minted = on_loop(_mint_all(accesses))
    answers = zip((access.cluster_id for access in accesses), minted, strict=True)
    return [cluster_id for cluster_id, token in answers if token and store(cluster_id, token)]


def store(cluster_id: UUID, minted: Minted) -> bool:
    """Put a token in force; False where the cluster is gone."""
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().filter(pk=cluster_id).first()
        if cluster is None:
            return False
        put_in_force(cluster, ClusterCredential.Purpose.WRITER, token=minted.token, expires_at=minted.expires_at)
        after = {"purpose": "writer", "expires_at": minted.expires_at.isoformat()}
        audit.record(actor=None, action="cluster.credential_rotated", target=cluster, after=after)
    return True


def put_in_force(
    cluster: Cluster,
    purpose: str,
    *,
    token: str = "",
    client_certificate: str = "",
    client_key: str = "",
    expires_at: datetime | None = None,
) -> ClusterCredential:
    """The next version of a credential; the caller holds the cluster's lock. Those before go once it is accepted."""
    versions = cluster.credentials.filter(purpose=purpose).order_by("-version").values_list("version", flat=True)
    newest = versions.first() or 0
    credential = ClusterCredential(
        cluster=cluster,
        purpose=purpose,
        version=newest + 1,
        token=token,
        client_certificate=client_certificate,
        client_key=client_key,
        expires_at=expires_at,
    )
    credential.full_clean()
    credential.save()
    return credential


def forget_before(credential: ClusterCredential) -> None:
    """Delete the versions before one that the cluster has accepted."""
    cluster, purpose, version = credential.cluster_id, credential.purpose, credential.version
    ClusterCredential.objects.filter(cluster=cluster, purpose=purpose, version__lt=version).delete()


async def _mint_all(accesses: Sequence[Access]) -> list[Minted | None]:
    return list(await asyncio.gather(*(_mint_or_none(access) for access in accesses)))


async def _mint_or_none(access: Access) -> Minted | None:
    """One cluster's failure is its own: it is tried again with the next round."""
    try:
        async with asyncio.timeout(SECONDS):
            return await mint(await sessions().get(access), access.endpoint)
    except (ClusterFault, TimeoutError, OSError) as fault:
        log.warning("token_not_minted", cluster=access.name, fault=str(fault))
        return None


async def mint(minter: ClusterClient, endpoint: Endpoint, *, seconds: int = TOKEN_SECONDS) -> Minted:
    """A token for the writer, tried once against the cluster. Raises ClusterFault."""
    minted = await request_token(minter, WRITER, seconds=seconds)
    writer = ClusterClient(Endpoint(endpoint.server, endpoint.ca_data, token=minted.token, allowed=endpoint.allowed))
    try:
        await writer.request("GET", "/api/v1/namespaces/kube-system")
    finally:
        await writer.close()
    return minted


async def request_token(minter: ClusterClient, account: str, *, seconds: int) -> Minted:
    """A token for an account of ours, not yet tried. Raises ClusterFault; ApiRefused 403 where the minter may not."""
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
    answer = await minter.request("POST", path, body=body)
    try:
        status = answer["status"]
        return Minted(str(status["token"]), datetime.fromisoformat(str(status["expirationTimestamp"])))
    except (KeyError, TypeError, ValueError) as fault:
        raise Unreachable(f"the answer to a TokenRequest was not understood ({type(fault).__name__})") from None


def token_times(token: str) -> tuple[datetime | None, datetime | None]:
    """When a ServiceAccount token begins and ends by its own words (not verified here; the cluster does that)."""
    try:
        payload = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        times = (claims.get(name) for name in ("iat", "exp"))
        begins, ends = (datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None for at in times)
    except (IndexError, ValueError, AttributeError, binascii.Error, OverflowError, OSError):
        return None, None
    return begins, ends


def expiry(*, token: str = "", client_certificate: str = "") -> datetime | None:
    """When a credential ends, as far as it says so itself. ValueError for a certificate that is none."""
    if client_certificate:
        return x509.load_pem_x509_certificate(client_certificate.encode()).not_valid_after_utc
    return token_times(token)[1]


def life(credential: ClusterCredential) -> timedelta | None:
    """How long it lasts in all; None for ever."""
    return credential.expires_at - credential.issued_at if credential.expires_at else None
