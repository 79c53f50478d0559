"""How a request to the API says who it comes from: `Authorization: Bearer dgt_...`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.request import Request

from paas.identity import second_factor
from paas.identity.services import note_use


def address_of(request: HttpRequest | Request) -> str | None:
    """Where a request comes from, as the web server has it; None behind a socket."""
    return request.META.get("REMOTE_ADDR") or None


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox carries no types
    """Knox's tokens under the scheme Bearer. The person carries the token, which narrows what they may."""

    def authenticate(self, request: Request) -> Any:
        """The person and the token, whose use is noted; None where there is none.

        Raises:
            Forbidden: `second_factor_required`.
        """
        found = super().authenticate(request)
        if found is not None:
            user, token = found
            second_factor.refuse_without(user)
            note_use(token=token, address=address_of(request))
            user.token = token
        return found


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself, untyped upstream
    """The same in the OpenAPI file."""

    target_class = "paas.identity.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "dgt_…"}
