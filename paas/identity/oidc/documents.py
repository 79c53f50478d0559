"""What a provider publishes about itself: where it answers, and the keys that it signs with. Kept for a few minutes.

Whatever it says is taken only where it calls itself as it is set here, and names addresses that nobody can listen to.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from paas.identity.oidc.providers import Provider, safe

KEPT = 300.0  # seconds
# A key that is not known is looked for anew, but not at each forged token.
LOOKED_FOR_AGAIN = 10.0
TIMEOUT = httpx.Timeout(5.0, connect=3.0)


class ProviderError(Exception):
    """It does not answer, or not in its own words. Nothing follows from that for anybody."""


@dataclass(frozen=True)
class Endpoints:
    """Where it answers."""

    authorization: str
    token: str
    keys: str


_endpoints: dict[str, tuple[float, Endpoints]] = {}
_keys: dict[str, tuple[float, dict[str, dict[str, Any]]]] = {}


def forget() -> None:
    """Everything, so that it is asked anew."""
    _endpoints.clear()
    _keys.clear()


def endpoints(provider: Provider) -> Endpoints:
    """By its discovery document.

    Raises:
        ProviderError
    """
    kept = _endpoints.get(provider.issuer)
    if kept and time.monotonic() - kept[0] < KEPT:
        return kept[1]
    document = _fetched(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != provider.issuer:
        raise ProviderError(f"calls itself {document.get('issuer')!r}, not {provider.issuer!r}")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = [str(document.get(name, "")) for name in names]
    if wrong := [name for name, address in zip(names, addresses, strict=True) if not safe(address)]:
        raise ProviderError(f"names no safe {', '.join(wrong)}")
    found = Endpoints(*addresses)
    _endpoints[provider.issuer] = (time.monotonic(), found)
    return found


def key(provider: Provider, kid: str | None) -> jwt.PyJWK | None:
    """The key of that id, or the only one where a token names none; None where there is no such key to sign with.

    Raises:
        ProviderError
    """
    fetched, known = _keys.get(provider.issuer, (float("-inf"), {}))
    age = time.monotonic() - fetched
    if age > KEPT or (_chosen(known, kid) is None and age > LOOKED_FOR_AGAIN):
        listed = _fetched(endpoints(provider).keys).get("keys", [])
        keys = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        known = {str(each.get("kid", "")): each for each in keys if each.get("use", "sig") == "sig"}
        _keys[provider.issuer] = (time.monotonic(), known)
    if (found := _chosen(known, kid)) is None:
        return None
    try:
        return jwt.PyJWK(found)
    except jwt.PyJWTError:
        return None


def _chosen(known: dict[str, dict[str, Any]], kid: str | None) -> dict[str, Any] | None:
    if kid is not None:
        return known.get(kid)
    return next(iter(known.values())) if len(known) == 1 else None


def _fetched(address: str) -> dict[str, Any]:
    try:
        with httpx.Client(timeout=TIMEOUT) as client:
            document = client.get(address).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"{address}: {error}") from error
    if not isinstance(document, dict):
        raise ProviderError(f"{address} is no document")
    return document
