"""Lets one process or all pull images with the credentials of a stored secret, in the version of the release."""

from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, ProcessContribution, PullSecret, RenderError
from apps.naming import object_name
from apps.pulls import DATA_KEY, TYPE
from apps.secret_objects import secret_object
from apps.spec import AppSpec
from apps.terms import EnvName, Name
from clusters.target import ClusterTarget

EXAMPLE = {"name": "registry", "key": "DOCKERCONFIGJSON"}
KEY = ("name", "process")


@dataclass(frozen=True, kw_only=True)
class Params:
    name: Name = field(metadata={"description": "The secret, as it is stored with the environment."})
    key: EnvName = field(
        default="DOCKERCONFIGJSON",
        metadata={"description": "Which of its keys holds the credentials, as in Docker's config.json."},
    )
    process: Name | None = field(
        default=None, metadata={"description": "The process whose images are pulled so; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    pinned = app.secrets.get(params.name)
    if pinned is None:
        raise RenderError("secret_missing", "name", f"the release has no version of a secret {params.name}")
    if params.key not in pinned.keys:
        raise RenderError("secret_key_missing", "key", f"{params.name} has no key {params.key}")
    # As of any secret: the version id, never a hash of the value.
    name = f"{object_name(app, *filter(None, [params.process]), params.name, 'pull')}-{pinned.version}"
    references = {DATA_KEY: pinned.keys[params.key]}
    given = ProcessContribution(pull_secrets=(PullSecret(name),))
    return Contribution(
        objects=(secret_object(app, target, name, references, of_type=TYPE, process=params.process),),
        processes={params.process or ALL_PROCESSES: given},
    )
