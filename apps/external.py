"""Values that a store outside of Dougong keeps: how a release refers to them, and the object that fetches them.

An ExternalSecret asks the External Secrets Operator of the cluster to read a store, one that the cluster offers, and to
write the Secret that processes use. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from apps.contribution import RenderError
from apps.offered import check_offered
from apps.spec import AppSpec
from clusters.target import ClusterTarget

API_VERSION = "external-secrets.io/v1"
KIND = "ExternalSecret"
SCHEME = "external"
REFRESH = "1h"
LONGEST = 1024

_STORE = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
# No # and no %: neither may a property hide in a key, nor an encoded dot.
_KEY = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.:/@+=]*")
_PART = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.]*")


@dataclass(frozen=True)
class Remote:
    """Where a value is: in a store by its name there, under a key, and with a part only that property of it."""

    store: str
    key: str
    part: str = ""

    def __post_init__(self) -> None:
        """ValueError, in words for a person, where it names nothing, or something beside what the key says."""
        if not _STORE.fullmatch(self.store):
            raise ValueError(f"'{self.store[:80]}' is no name of a store")
        parts = self.key.split("/")
        if not _KEY.fullmatch(self.key) or len(self.key) > LONGEST or any(each in ("", ".", "..") for each in parts):
            raise ValueError(f"'{self.key[:80]}' is no key of a store")
        if self.part and (not _PART.fullmatch(self.part) or len(self.part) > LONGEST):
            raise ValueError(f"'{self.part[:80]}' is no property of a value")

    @classmethod
    def read(cls, store: str, said: str) -> Remote:
        """From KEY or KEY#PART. Raises ValueError."""
        key, _, part = said.partition("#")
        return cls(store, key, part)

    @classmethod
    def parse(cls, reference: str) -> Remote | None:
        """The inverse of `reference`; None for a reference to what is stored here."""
        scheme, _, rest = reference.partition(":")
        if scheme != SCHEME:
            return None
        store, _, said = rest.partition("/")
        return cls.read(store, said)

    def __str__(self) -> str:
        return f"{self.key}#{self.part}" if self.part else self.key

    @property
    def reference(self) -> str:
        """As a release pins it: "external:vault/teams/crew/db#url"."""
        return f"{SCHEME}:{self.store}/{self}"


def external_secret(
    app: AppSpec, target: ClusterTarget, name: str, remotes: Mapping[str, Remote], *, of_type: str
) -> dict[str, Any]:
    """The body of an ExternalSecret whose Secret has its name, with a value under each data key, all of one store.

    Raises:
        RenderError: `store_missing`, `store_key`: the cluster does not offer it.
    """
    for remote in remotes.values():
        _check_offered(app, target, remote)
    [store] = {remote.store for remote in remotes.values()}
    spec = {
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
        "refreshInterval": REFRESH,
        # With a template the operator copies no label and no annotation of ours: the Secret is its own, not ours.
        "target": {"name": name, "creationPolicy": "Owner", "template": {"type": of_type}},
        "data": [
            {
                "secretKey": key,
                "remoteRef": {"key": remote.key, **({"property": remote.part} if remote.part else {})},
            }
            for key, remote in sorted(remotes.items())
        ],
    }
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}


def references_in(bodies: Iterable[Mapping[str, Any]]) -> set[str]:
    """The references that ExternalSecrets among these objects were made of."""
    found: set[str] = set()
    for body in bodies:
        if (body["apiVersion"], body["kind"]) == (API_VERSION, KIND):
            store = body["spec"]["secretStoreRef"]["name"]
            remotes = [each["remoteRef"] for each in body["spec"]["data"]]
            found |= {Remote(store, each["key"], each.get("property", "")).reference for each in remotes}
    return found


def _check_offered(app: AppSpec, target: ClusterTarget, remote: Remote) -> None:
    """A store knows no teams of ours: which keys may be read is what the cluster offers."""
    stores = {name for name, _ in target.secret_stores}
    check_offered(target, "secret store", remote.store, stores, code="store_missing", path="name")
    globs = [
        glob.replace("{team}", app.team).replace("{project}", app.project)
        for name, glob in target.secret_stores
        if name == remote.store
    ]
    if not any(fnmatchcase(remote.key, glob) for glob in globs):
        message = f"cluster {target.name} offers {' and '.join(globs)} of {remote.store} only, not {remote.key}"
        raise RenderError("store_key", "name", message)
