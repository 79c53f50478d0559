"""Puts text files into a directory of one process or of all, read-only; a change of one restarts what uses them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, Mount, Object, ProcessContribution, Volume
from apps.naming import fingerprint, object_name
from apps.spec import AppSpec
from apps.terms import FileName, FileText, MountPath, Name
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "path": "/etc/hello", "files": {"greetings.txt": "hello\nhi\n"}}
KEY = ("path", "process")


@dataclass(frozen=True, kw_only=True)
class Params:
    path: MountPath = field(metadata={"description": "The directory; what the image has there is hidden."})
    files: Mapping[FileName, FileText] = field(metadata={"description": "The files by name, and what is in them."})
    process: Name | None = field(
        default=None, metadata={"description": "The process that gets them; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    data = dict(sorted(params.files.items()))
    # The name carries the content, so a change restarts the Pods; and the path, or two equal ones would be one object.
    content = json.dumps([params.path, data], sort_keys=True)
    stem = object_name(app, *filter(None, [params.process]), "files")
    name = f"{stem}-{fingerprint(content, 10)}"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "immutable": True, "data": data}
    volume = f"files-{fingerprint(f'{params.process or ALL_PROCESSES}:{params.path}')}"
    given = ProcessContribution(
        volumes=(Volume(volume, {"configMap": {"name": name}}),), mounts=(Mount(volume, params.path),)
    )
    return Contribution(
        objects=(Object(body, process=params.process),), processes={params.process or ALL_PROCESSES: given}
    )
