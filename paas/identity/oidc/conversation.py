"""What is said to a provider: the way to its sign-in page, the code that comes back, and a sign-in renewed.

The authorization code flow with PKCE (RFC 7636), state and nonce; no other flow.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import httpx

from paas.identity.oidc import documents, tokens
from paas.identity.oidc.documents import TIMEOUT, ProviderError
from paas.identity.oidc.providers import Provider


class GrantError(Exception):
    """The provider says no: the code or the token is not good any more."""


@dataclass(frozen=True)
class Begun:
    """A sign-in under way, kept in the browser's session until the provider sends the person back."""

    provider: str
    state: str
    nonce: str
    verifier: str
    linking: bool
    after: str

    def kept(self) -> dict[str, Any]:
        """JSON-safe."""
        return asdict(self)


def begin(provider: Provider, *, linking: bool, after: str) -> Begun:
    """Fresh secrets for one sign-in; `after` is where the person goes then."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Begun(provider.id, state, nonce, verifier, linking, after)


def address(provider: Provider, begun: Begun, *, back: str) -> str:
    """Where the browser is sent. `back` is the address that it comes back to.

    Raises:
        ProviderError
    """
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": " ".join(provider.scopes),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    where = documents.endpoints(provider).authorization
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


def finish(provider: Provider, begun: Begun, *, code: str, back: str) -> tuple[dict[str, Any], str]:
    """The verified claims of who signed in, and their refresh token, "" where the provider gives none.

    Raises:
        GrantError, tokens.TokenError, ProviderError
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.verifier}
    with _reached(), httpx.Client(timeout=TIMEOUT) as client:
        response = client.post(documents.endpoints(provider).token, data={**form, **_us(provider)})
    answer = _granted(response)
    claims = tokens.identity(str(answer.get("id_token", "")), provider, nonce=begun.nonce)
    return claims, str(answer.get("refresh_token") or "")


async def renew(provider: Provider, refresh_token: str, *, at: str, client: httpx.AsyncClient) -> tuple[str, str]:
    """The refresh token to use next time, and an identity token, "" where the provider gives none; it is not verified.

    `at` is the address of the provider's token endpoint.

    Raises:
        GrantError: the sign-in is over at the provider.
        ProviderError
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    with _reached():
        response = await client.post(at, data={**form, **_us(provider)})
    answer = _granted(response)
    return str(answer.get("refresh_token") or refresh_token), str(answer.get("id_token") or "")


def _us(provider: Provider) -> dict[str, str]:
    """Who we are, in the form: a public client has no secret."""
    secret = provider.client_secret.get_secret_value()
    return {"client_id": provider.client_id, **({"client_secret": secret} if secret else {})}


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise ProviderError(f"its token endpoint: {str(error) or type(error).__name__}") from error


def _granted(response: httpx.Response) -> dict[str, Any]:
    """What the token endpoint gives."""
    try:
        answer = response.json()
    except ValueError as error:
        raise ProviderError(f"its token endpoint: {error}") from error
    if not isinstance(answer, dict):
        raise ProviderError("its token endpoint answers no document")
    if response.status_code == HTTPStatus.OK:
        return answer
    if answer.get("error") == "invalid_grant":
        raise GrantError(str(answer.get("error_description", "")))
    # A wrong secret, a fault of its own: nobody's sign-in is over for that.
    raise ProviderError(f"its token endpoint: {response.status_code} {str(answer.get('error', ''))[:60]}")
