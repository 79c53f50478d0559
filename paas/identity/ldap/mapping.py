"""The settings of the directory, read and judged before Django is there. Called by `paas.configuration`. Pure."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paas.configuration import Settings

_ROLE = re.compile(r"operators|auditors|[a-z][-a-z0-9]*:[a-z][-a-z]*")
_SCHEMES = ("ldap://", "ldaps://")


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """`{"GROUP DN": "TEAM:ROLE, operators"}` as the roles of each group.

    Raises:
        ValueError: fit to be shown.
    """
    try:
        said = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(said, dict) or not all(isinstance(roles, str) for roles in said.values()):
        raise ValueError('is not of the form {"GROUP DN": "TEAM:ROLE, operators"}')
    return {group: tuple(role.strip() for role in roles.split(",")) for group, roles in said.items()}


def check(settings: Settings) -> None:
    """Whether the settings of the directory fit together.

    Raises:
        ValueError: naming the variables.
    """
    if find_spec("django_auth_ldap") is None:
        raise ValueError("DOUGONG_LDAP_URIS needs the extra `ldap`: install dougong[ldap]")
    schemes = {scheme for uri in settings.ldap_uris for scheme in _SCHEMES if uri.startswith(scheme)}
    if len(schemes) != 1 or not all(uri.startswith(_SCHEMES) for uri in settings.ldap_uris):
        raise ValueError("DOUGONG_LDAP_URIS: all of them begin with ldap://, or all with ldaps://")
    if settings.ldap_plain and settings.mode == "production":
        raise ValueError("DOUGONG_LDAP_PLAIN is refused in production")
    needed = ("ldap_people_base", "ldap_groups_base", "ldap_bind_dn", "ldap_bind_password", "ldap_map")
    if missing := [settings.variable(name) for name in needed if not _given(settings, name)]:
        raise ValueError(f"required with DOUGONG_LDAP_URIS and not set: {', '.join(missing)}")
    for group, roles in settings.ldap_map.items():
        for role in roles:
            if not _ROLE.fullmatch(role):
                raise ValueError(
                    f"DOUGONG_LDAP_MAP: '{role}' of {group} is neither TEAM:ROLE nor operators nor auditors"
                )


def _given(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if name == "ldap_bind_password" else value)
