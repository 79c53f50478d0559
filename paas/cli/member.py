"""The files of deploy/member, as they are packaged: what a cluster grants, and which revision of the fence that is."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

SYSTEM = "dougong-system"
WRITER = "dougong-writer"
MINTER = "dougong-minter"
FENCE = "dougong-fence"
FIELD_MANAGER = "dougong-join"


def texts(*, terminals: bool = False) -> list[str]:
    """The files' contents, in the order in which they are applied; with those for `terminals`."""
    return [
        text for folder in ("deploy.member", *(["deploy.member.exec"] if terminals else [])) for text in _of(folder)
    ]


def _of(folder: str) -> list[str]:
    root = resources.files(folder)
    names = sorted(each.name for each in root.iterdir() if each.name.endswith(".yaml"))
    return [(root / name).read_text(encoding="utf-8") for name in names]


def objects(*, terminals: bool = False) -> list[dict[str, Any]]:
    """Every object, in the order in which they are applied; with those for `terminals`."""
    return [each for text in texts(terminals=terminals) for each in yaml.safe_load_all(text) if each]


def fence_revision() -> str:
    """What the fence calls itself when it refuses the test write."""
    policies = [each for each in objects() if each["kind"] == "ValidatingAdmissionPolicy"]
    [policy] = [each for each in policies if each["metadata"]["name"] == FENCE]
    return str(policy["metadata"]["labels"]["app.kubernetes.io/version"])
