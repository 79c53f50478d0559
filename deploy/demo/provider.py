"""The people of a demo as the lab's Keycloak has them, and what their groups are worth here. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .people import Person

ID, NAME, REALM, CLIENT = "keycloak", "Keycloak", "demo", "dougong"
# Tokens carry the groups by their names, not by their paths.
GROUPS = {
    "name": "groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"},
}


def realm(
    people: Iterable[Person], passwords: Mapping[str, str], *, consoles: Sequence[str], secret: str
) -> dict[str, Any]:
    """The realm with them, their groups, and the console as its client, at each of the addresses that it has."""
    people = list(people)
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "groups": [{"name": name} for name in sorted({each.group for each in people})],
        "users": [_user(each, passwords[each.name]) for each in people],
        "clients": [_client([f"{each}/console/login/by/{ID}" for each in consoles], secret)],
    }


def settings(people: Iterable[Person], *, issuer: str, secret: str) -> dict[str, str]:
    """The provider, with the explicit map: each group and the role that it has."""
    provider = {
        "id": ID,
        "name": NAME,
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret": secret,
        "groups": {each.group: each.word for each in people},
    }
    return {"DOUGONG_OIDC_PROVIDERS": json.dumps([provider])}


def _user(person: Person, password: str) -> dict[str, Any]:
    return {
        "username": person.name,
        "enabled": True,
        "email": f"{person.name}@dougong.example",
        "emailVerified": True,
        "firstName": person.name.title(),
        "lastName": person.team.title(),
        "groups": [f"/{person.group}"],
        "credentials": [{"type": "password", "value": password}],
    }


def _client(back: Sequence[str], secret: str) -> dict[str, Any]:
    return {
        "clientId": CLIENT,
        "secret": secret,
        "protocol": "openid-connect",
        "publicClient": False,
        "standardFlowEnabled": True,
        "redirectUris": [f"{each}/back/" for each in back],
        "protocolMappers": [GROUPS],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "backchannel.logout.url": f"{back[0]}/signed-out/",
            "backchannel.logout.session.required": "true",
        },
    }
