"""What a cluster serves, from the two aggregated discovery documents (/api and /apis). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ACCEPT = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
KIND = "APIGroupDiscoveryList"

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Served:
    """`resources`: "group/version/Kind" → {"plural", "namespaced"}; `stale`: "group/version" without an answer."""

    resources: Resources = field(default_factory=dict)
    stale: tuple[str, ...] = ()

    def or_before(self, before: Mapping[str, Mapping[str, Any]]) -> Resources:
        """The resources, with those of stale groups as they were last known: an outage unserves nothing.

        Nor does a server that names no kind at all: what answered was not understood.
        """
        if not self.resources:
            return {key: dict(entry) for key, entry in before.items()}
        prefixes = tuple(f"{each}/" for each in self.stale)
        kept = {key: dict(entry) for key, entry in before.items() if prefixes and key.startswith(prefixes)}
        return dict(sorted({**kept, **self.resources}.items()))


def served(documents: Iterable[Mapping[str, Any]]) -> Served:
    """Join the documents. ValueError where one is no aggregated discovery (a server older than 1.27)."""
    resources: Resources = {}
    stale: list[str] = []
    for document in documents:
        if document.get("kind") != KIND:
            raise ValueError(f"expected {KIND}, got {document.get('kind')!r}")
        for group in document.get("items") or []:
            name = (group.get("metadata") or {}).get("name") or ""
            for version in group.get("versions") or []:
                prefix = f"{name}/{version['version']}"
                if version.get("freshness") == "Stale":
                    stale.append(prefix)
                resources.update(_resources(prefix, version.get("resources") or []))
    return Served(dict(sorted(resources.items())), tuple(sorted(stale)))


def _resources(prefix: str, entries: Iterable[Mapping[str, Any]]) -> Resources:
    """Kinds that can be read and written as objects; reviews, which are only created, are none."""
    found: Resources = {}
    for entry in entries:
        kind = (entry.get("responseKind") or {}).get("kind")
        if kind and "get" in (entry.get("verbs") or []):
            namespaced = entry.get("scope") == "Namespaced"
            found.setdefault(f"{prefix}/{kind}", {"plural": entry["resource"], "namespaced": namespaced})
    return found
