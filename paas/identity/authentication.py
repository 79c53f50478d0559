"""How a request to the API says who it comes from: `Authorization: Bearer dgt_...`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox carries no types
    """Knox's tokens under the scheme Bearer."""


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself, untyped upstream
    """The same in the OpenAPI file."""

    target_class = "paas.identity.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "dgt_…"}
