"""What a provider signs: identity tokens and logout tokens, each taken only if all of it is right.

OpenID Connect Core 1.0, 3.1.3.7, without the leave it gives to skip the signature; Back-Channel Logout 1.0, 2.6.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from paas.identity.oidc import documents
from paas.identity.oidc.providers import Provider

# By a key of the provider's alone: never "none", never by a secret that both know.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
SUBJECT = 255  # characters, as the standard has it
LEEWAY = 30  # seconds that two clocks may differ
# A logout token is fresh, so that what is remembered of them may be forgotten.
LOGOUT_AGE = 600
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class TokenError(Exception):
    """A token that is not what it should be; says why, without its text."""


@dataclass(frozen=True)
class Logout:
    """Who or which session is to end: `subject` or `session` may be empty, not both."""

    subject: str
    session: str
    jti: str


def identity(raw: str, provider: Provider, *, nonce: str) -> dict[str, Any]:
    """The claims of an identity token that was asked for with `nonce`.

    Raises:
        TokenError, ProviderError
    """
    claims = _signed(raw, provider, required=["iss", "aud", "sub", "exp", "iat"])
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenError("its nonce is another")
    if not 0 < len(claims["sub"]) <= SUBJECT:
        raise TokenError("it names nobody")
    return claims


def renewed(raw: str, provider: Provider, *, subject: str) -> dict[str, Any]:
    """The claims of an identity token that came with a renewed sign-in (Core 12.2: the same person; it has no nonce).

    Raises:
        TokenError, ProviderError
    """
    claims = _signed(raw, provider, required=["iss", "aud", "sub", "exp", "iat"])
    if claims["sub"] != subject:
        raise TokenError("it is another person's")
    return claims


def logout(raw: str, provider: Provider) -> Logout:
    """What a logout token asks for. Whether it came before is the caller's to know.

    Raises:
        TokenError, ProviderError
    """
    claims = _signed(raw, provider, required=["iss", "aud", "iat", "jti"])
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):
        raise TokenError("it is no logout token")
    if "nonce" in claims:
        raise TokenError("a logout token has no nonce")
    if time.time() - float(claims["iat"]) > LOGOUT_AGE:
        raise TokenError("it is old")
    found = Logout(str(claims.get("sub") or ""), str(claims.get("sid") or ""), str(claims["jti"]))
    if not (found.subject or found.session):
        raise TokenError("it names neither a person nor a session")
    return found


def _signed(raw: str, provider: Provider, *, required: list[str]) -> dict[str, Any]:
    """The claims, if the provider signed them for us and they hold now."""
    try:
        header = jwt.get_unverified_header(raw)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or "crit" in header:
            raise TokenError(f"it is signed by {str(algorithm)[:20]}")
        key = documents.key(provider, header.get("kid"))
        if key is None:
            raise TokenError("its key is not of the provider")
        claims: dict[str, Any] = jwt.decode(
            raw,
            key=key.key,
            algorithms=[algorithm],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": required},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise TokenError(str(error) or type(error).__name__) from error
    audience = claims["aud"]
    if (isinstance(audience, list) and len(audience) > 1 and "azp" not in claims) or (
        claims.get("azp", provider.client_id) != provider.client_id
    ):
        raise TokenError("it was made for another program")
    return claims
