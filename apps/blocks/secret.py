"""Gives keys of a stored secret to one process or to all, as environment variables, in the version of the release."""

from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, EnvFrom, ProcessContribution, RenderError
from apps.naming import object_name
from apps.secret_objects import secret_object
from apps.spec import AppSpec
from apps.terms import EnvName, Name
from clusters.target import ClusterTarget

EXAMPLE = {"name": "database", "keys": ["DATABASE_URL"]}
KEY = ("name", "process")


@dataclass(frozen=True, kw_only=True)
class Params:
    name: Name = field(metadata={"description": "The secret, as it is stored with the environment."})
    keys: tuple[EnvName, ...] = field(default=(), metadata={"description": "Which of its keys; all if left out."})
    process: Name | None = field(
        default=None, metadata={"description": "The process that gets them; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    pinned = app.secrets.get(params.name)
    if pinned is None:
        raise RenderError("secret_missing", "name", f"the release has no version of a secret {params.name}")
    missing = sorted(set(params.keys) - set(pinned.keys))
    if missing:
        raise RenderError("secret_key_missing", "keys", f"{params.name} has no key {', '.join(missing)}")
    references = {key: pinned.keys[key] for key in sorted(params.keys or pinned.keys)}
    # The version id, never a hash of the value: a hash of something guessable tells the value.
    name = f"{object_name(app, *filter(None, [params.process]), params.name)}-{pinned.version}"
    source = EnvFrom(source="secretRef", name=name, keys=tuple(references))
    return Contribution(
        objects=(secret_object(app, target, name, references, process=params.process),),
        processes={params.process or ALL_PROCESSES: ProcessContribution(env_from=(source,))},
    )
