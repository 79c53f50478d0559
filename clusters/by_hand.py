"""As whom people act on a member cluster by hand: the account of their team in the namespace at hand, with the person
beside it, so that the cluster's own audit log names them.

Behind `terminal` and `stream`. The caller has asked for permission.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from clusters.client import ClusterClient, Endpoint
from clusters.credentials import request_token
from clusters.faults import ApiRefused, ClusterFault
from clusters.sessions import Access

TEAM_ACCOUNT = "dougong-team"
"""In each namespace of an environment the account as which its team acts there by hand."""
PERSON = "dougong.dev/person"
"""Beside it the cluster's audit log has the person, under this key."""
# The shortest life a cluster gives a token.
SHORTEST_TOKEN = 600


class NotGranted(ClusterFault):
    """The cluster has not granted what it takes to act by hand (deploy/member), or not in this namespace."""


async def acting_for(minter: Access, account: str, person: str, namespace: str, *, seconds: int) -> Endpoint:
    """The team's account in that namespace, with `person` beside it. Dougong's `account` speaks for it, with a token of
    its own for this one and so many seconds, and may do nothing else; without a `namespace` it speaks for itself.

    Raises:
        NotGranted: the cluster has no such account, or the minter may not speak for it.
        ClusterFault: any other failure.
    """
    client = ClusterClient(minter.endpoint)
    try:
        minted = await request_token(client, account, seconds=max(seconds, SHORTEST_TOKEN))
    except ApiRefused as refusal:
        if refusal.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise NotGranted(str(refusal)) from refusal
        raise
    finally:
        await client.close()
    there = minter.endpoint
    headers = _spoken_for(namespace, person) if namespace else ()
    return Endpoint(there.server, there.ca_data, token=minted.token, allowed=there.allowed, headers=headers)


def _spoken_for(namespace: str, person: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Impersonate-User", f"system:serviceaccount:{namespace}:{TEAM_ACCOUNT}"),
        # A header holds no more than ASCII; so does the name as the audit log has it.
        (f"Impersonate-Extra-{quote(PERSON, safe='')}", quote(person, safe="@.+-_")),
    )
