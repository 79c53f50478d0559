"""What is set about an OpenID provider. Pure: `paas.configuration` reads it from DOUGONG_OIDC_PROVIDERS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]{0,29}$")]
# As `paas.identity.roles` has them: "shop:developer", "operators" or "auditors".
ROLE = r"^(operators|auditors|[a-z][-a-z0-9]{0,39}:(owner|releaser|developer|viewer))$"
Role = Annotated[str, StringConstraints(pattern=ROLE)]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider(BaseModel):
    """One OpenID provider, as `issuer` calls itself.

    `groups_renewed`: the identity token of a renewed sign-in has the groups as they are then. A token without the claim
    says that there is none, so a provider that only leaves it out there must be known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    name: str = Field(min_length=1, max_length=40)
    issuer: str
    client_id: str = Field(min_length=1, max_length=191)
    client_secret: SecretStr = SecretStr("")
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    groups: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    groups_renewed: bool = True

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not safe(value):
            raise ValueError("an issuer is reached by https://, or by http:// on this machine alone")
        return value

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("'openid' is among the scopes")
        return value

    @field_validator("groups", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {group: (roles,) if isinstance(roles, str) else roles for group, roles in value.items()}

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def roles(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """The roles that the groups in a token give: {"shop:developer", "operators"}."""
        return frozenset(role for group in _groups(claims, self.groups_claim) for role in self.groups.get(group, ()))


def safe(address: str) -> bool:
    """Whether nobody on the way can read or change what is said there."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )  # fmt: skip


def _groups(claims: Mapping[str, Any], name: str) -> list[str]:
    """Of the claim of that name, or down a path of them: `realm_access.roles`."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
