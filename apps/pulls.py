"""Credentials of registries, by which images are pulled: how a registry is named, and Docker's config.json of them.

The ground has those of a team as one Secret, which `selectors.pull_secrets` fills; the block `pull_secret` has those of
one application. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

TYPE = "kubernetes.io/dockerconfigjson"
DATA_KEY = ".dockerconfigjson"
TEAM_SECRET = "dougong-pull"  # noqa: S105 - the name of an object
"""Of the team's, in each of its namespaces: always the same, so that what runs follows what is stored."""

# As an image's name begins: a host with a dot or a port, for else it would be a name at the runtime's own registry.
_REGISTRY = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*((\.[a-z0-9]+)(:[0-9]{1,5})?|:[0-9]{1,5})")
_LONGEST = 253
# What kubelets look for where an image is of docker.io.
_KEYS = {"docker.io": "https://index.docker.io/v1/"}


@dataclass(frozen=True)
class Login:
    """Who pulls from a registry, and by which password or token."""

    registry: str
    username: str
    password: str = field(repr=False)


def checked_registry(name: str) -> str:
    """The name of a registry. ValueError, for people, where it is none."""
    if len(name) > _LONGEST or not _REGISTRY.fullmatch(name):
        raise ValueError(
            f"a registry is named by its host, such as ghcr.io or registry.example:5000, not '{name[:80]}'"
        )
    return name


def docker_config(logins: Iterable[Login]) -> str:
    """The text of a config.json."""
    auths = {
        _KEYS.get(each.registry, each.registry): {"username": each.username, "password": each.password}
        for each in sorted(logins, key=lambda login: login.registry)
    }
    return json.dumps({"auths": auths})
