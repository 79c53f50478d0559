"""The object that holds values of a secret in a namespace: a Secret of ours, or an ExternalSecret that makes one.

Blocks that give a secret to a process take it from here; which of the two it is depends on where the values are. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.contribution import Object
from apps.external import Remote, external_secret
from apps.spec import AppSpec
from clusters.target import ClusterTarget


def secret_object(
    app: AppSpec,
    target: ClusterTarget,
    name: str,
    references: Mapping[str, str],
    *,
    of_type: str = "Opaque",
    process: str | None = None,
) -> Object:
    """An object after which a Secret called `name` has the value of each reference under its data key.

    Raises:
        RenderError: the codes of `external.external_secret`.
    """
    remotes = {key: remote for key, each in references.items() if (remote := Remote.parse(each)) is not None}
    if remotes:
        return Object(external_secret(app, target, name, remotes, of_type=of_type), process=process)
    body = {"apiVersion": "v1", "kind": "Secret", "type": of_type, "metadata": {"name": name}, "immutable": True}
    return Object(body, references=references, process=process)
