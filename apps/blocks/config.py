"""Gives configuration values to one process or to all, as environment variables; a change restarts what uses them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, EnvFrom, Object, ProcessContribution
from apps.naming import config_map, object_name
from apps.spec import AppSpec
from apps.terms import EnvName, EnvValue, Name
from clusters.target import ClusterTarget

EXAMPLE = {"values": {"GREETING": "hello"}}


@dataclass(frozen=True, kw_only=True)
class Params:
    values: Mapping[EnvName, EnvValue] = field(metadata={"description": "The variables and their values."})
    process: Name | None = field(
        default=None, metadata={"description": "The process that gets them; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    body = config_map(object_name(app, *filter(None, [params.process]), "config"), params.values)
    source = EnvFrom(source="configMapRef", name=body["metadata"]["name"], keys=tuple(body["data"]))
    return Contribution(
        objects=(Object(body, process=params.process),),
        processes={params.process or ALL_PROCESSES: ProcessContribution(env_from=(source,))},
    )
