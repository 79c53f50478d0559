"""Names and labels of the objects of an application. Blocks and the renderer take them from here and nowhere else.

Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.spec import AppSpec

MANAGED_BY = "dougong"
LABEL_LIMIT = 63
# A Deployment's name, its ReplicaSet's hash (11) and its Pod's suffix (6) together still fit a host name of 63.
WORKLOAD_LIMIT = 46


def shorten(name: str, limit: int) -> str:
    """`name`, or as much of it as fits before a hash of the whole: stable, and different for different names."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-.')}-{fingerprint(name)}"


def fingerprint(text: str, length: int = 8) -> str:
    """The first hex digits of a SHA-256; never of anything secret."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def object_name(app: AppSpec, *parts: str) -> str:
    """<application>-<parts…>, at most 46 characters: the stem of every object's name."""
    return shorten("-".join((app.application, *parts)), WORKLOAD_LIMIT)


def config_map(stem: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The body of an immutable ConfigMap. Its name carries the content, so that a change restarts the Pods which use
    it and a rollback restores the former values.
    """
    data = dict(sorted(values.items()))
    name = f"{stem}-{fingerprint(json.dumps(data, sort_keys=True), 10)}"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "immutable": True, "data": data}


def labels(app: AppSpec, component: str | None = None) -> dict[str, str]:
    """The recommended labels. No version among them: it would restart every Pod at every release."""
    found = {
        "app.kubernetes.io/name": app.application,
        "app.kubernetes.io/instance": shorten(f"{app.application}-{app.environment}", LABEL_LIMIT),
        "app.kubernetes.io/part-of": app.project,
        "app.kubernetes.io/managed-by": MANAGED_BY,
    }
    return found if component is None else {**found, "app.kubernetes.io/component": component}


def selector(app: AppSpec, process: str) -> dict[str, str]:
    """What selects the Pods of a process: only labels that never change, as a selector cannot change either."""
    return {"app.kubernetes.io/name": app.application, "app.kubernetes.io/component": process}
