"""The app file: what a team writes. YAML → AppFile → AppSpec of one environment.

`dougong render`, the API and the CLI come in here, so all refuse the same things in the same words. The model knows
no building block: each item of `blocks` is checked by the block it names. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from apps.blocks import Block, blocks
from apps.document import read
from apps.problems import Problem, ProblemsError, join, problems, said
from apps.schemas import model_schema, one_of
from apps.spec import AppSpec, BlockUse, SecretVersion
from apps.terms import Image, LabelKey, LabelValue, Name, Replicas, Weight
from apps.wording import marked as _
from apps.wording import worded

MOST_BLOCKS = 200
MOST_ENVIRONMENTS = 50
MOST_WEIGHTS = 500

BlockItems = Annotated[tuple[dict[str, Any], ...], Field(max_length=MOST_BLOCKS)]


class PlacementEntry(BaseModel):
    """On which clusters, and how replicas are spread over them."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={"oneOf": [{"required": ["clusters"]}, {"required": ["selector"]}]},
    )

    clusters: Annotated[tuple[Name, ...], Field(min_length=1, description="The clusters, by name.")] = ()
    selector: Annotated[
        dict[LabelKey, LabelValue], Field(min_length=1, description="Or labels: every cluster that has them all.")
    ] = {}
    replicas: Annotated[
        Replicas,
        Field(description="duplicated: each cluster has all replicas that a process asks for; divided: its share."),
    ] = "duplicated"
    weights: Annotated[
        dict[Name, Weight],
        Field(max_length=MOST_WEIGHTS, description="Of clusters among which replicas are divided; 1 if left out."),
    ] = {}

    @model_validator(mode="after")
    def placed_one_way(self) -> Self:
        if len(self.model_fields_set & {"clusters", "selector"}) != 1:
            raise ValueError(
                worded(_("either clusters or selector")), worded(_("both") if self.clusters else _("neither"))
            )
        return self

    @model_validator(mode="after")
    def weighs_what_is_divided(self) -> Self:
        if self.weights and self.replicas != "divided":
            raise ValueError(worded(_("weights only where replicas are divided")), "duplicated")
        if self.clusters and (others := sorted(self.weights.keys() - set(self.clusters))):
            raise ValueError(worded(_("weights of its clusters only")), one_of(others))
        return self


class EnvironmentEntry(PlacementEntry):
    """Where an environment runs, and what is different there."""

    blocks: Annotated[
        BlockItems, Field(description="Blocks added here, or put in place of those with the same key.")
    ] = ()


PLACEMENT = tuple(PlacementEntry.model_fields)
"""What an environment's entry says of its placement."""


class AppFile(BaseModel):
    """An application: its image, its environments, and the building blocks it is stacked of."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Annotated[Name, Field(description="The application's name, unique in its project.")]
    project: Annotated[Name, Field(description="The project it belongs to.")]
    image: Annotated[Image, Field(description="What runs, by digest.")]
    environments: Annotated[
        dict[Name, EnvironmentEntry],
        Field(min_length=1, max_length=MOST_ENVIRONMENTS, description="Where it runs, by name."),
    ]
    blocks: Annotated[BlockItems, Field(description="The building blocks; their order does not matter.")]


Placed = tuple[str, Block, Any]
"""A block use of a file: its path there, the block, its Params."""


def parse(text: str | bytes) -> AppFile:
    """The app file of a YAML document. ProblemsError lists everything that is wrong with it."""
    return validate(read(text))


def validate(document: object) -> AppFile:
    """The app file of a JSON value. ProblemsError lists everything that is wrong with it."""
    found: list[Problem] = []
    file = None
    try:
        file = AppFile.model_validate_json(json.dumps(document))
    except ValidationError as error:
        found += problems(error, model_schema(AppFile))
    for at, items in _lists(document):
        found += _wrong_items(items, at)
    if file is not None and not found:
        found += _unknown_processes(file)
    if file is None or found:
        raise ProblemsError(found)
    return file


def placement(document: object) -> dict[str, Any]:
    """The placement of a JSON value, as an environment keeps it. ProblemsError lists what is wrong with it."""
    try:
        found = PlacementEntry.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise ProblemsError(problems(error, model_schema(PlacementEntry))) from None
    return found.model_dump(mode="json", exclude_unset=True)


def spec_for(
    file: AppFile,
    environment: str,
    *,
    team: str,
    namespace: str,
    release: str,
    secrets: Mapping[str, SecretVersion] | None = None,
    config: Mapping[str, Mapping[str, str]] | None = None,
) -> AppSpec:
    """What the file declares for one of its environments; blocks come sorted, with their defaults filled in.

    ProblemsError when the file has no such environment.
    """
    if environment not in file.environments:
        raise ProblemsError([Problem("environments", one_of(file.environments, environment), said(environment))])
    uses = (BlockUse(block.name, block.dump(params)) for _path, block, params in _merged(file, environment))
    return AppSpec(
        team=team,
        project=file.project,
        application=file.name,
        environment=environment,
        namespace=namespace,
        image=file.image,
        release=release,
        blocks=tuple(uses),
        secrets=secrets or {},
        config=config or {},
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an app file, with one branch for each building block there is."""
    found = model_schema(AppFile)
    defs = found["$defs"]
    branches = []
    for name, block in blocks().items():
        defs[f"block-{name}"] = block.schema
        branches.append(
            {
                "type": "object",
                "title": name,
                "description": block.summary,
                "properties": {name: {"$ref": f"#/$defs/block-{name}"}},
                "required": [name],
                "additionalProperties": False,
            }
        )
    defs["Block"] = {"oneOf": branches}
    for owner in (found, defs["EnvironmentEntry"]):
        owner["properties"]["blocks"]["items"] = {"$ref": "#/$defs/Block"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Dougong app file"}


def _lists(document: object) -> list[tuple[str, list[Any]]]:
    """Every list of blocks in a document that may be wrong in any way, with its path."""
    if not isinstance(document, Mapping):
        return []
    places = [("blocks", document.get("blocks"))]
    environments = document.get("environments")
    if isinstance(environments, Mapping):
        places += [
            (join("environments", (str(name), "blocks")), entry.get("blocks"))
            for name, entry in environments.items()
            if isinstance(entry, Mapping)
        ]
    return [(at, items[:MOST_BLOCKS]) for at, items in places if isinstance(items, list)]


def _wrong_items(items: list[Any], at: str) -> list[Problem]:
    found: list[Problem] = []
    seen: dict[tuple[str, ...], str] = {}
    for place, item in enumerate(items):
        path = join(at, (place,))
        if not isinstance(item, Mapping):
            continue  # the model has said so
        if len(item) != 1:
            keys = worded(_("%(count)s keys"), count=len(item))
            found.append(Problem(path, worded(_("one key, the name of a building block")), keys))
            continue
        [(name, raw)] = item.items()
        block = blocks().get(name)
        if block is None:
            found.append(Problem(path, one_of(blocks(), str(name)), said(name)))
            continue
        try:
            params = block.load(raw, join(path, (name,)))
        except ProblemsError as error:
            found += error.problems
            continue
        other = seen.setdefault((name, *block.identity(params)), path)
        if other != path:
            found.append(Problem(join(path, (name,)), _once(block, other), worded(_("the same again"))))
    return found


def _once(block: Block, other: str) -> str:
    if not block.key:
        return worded(_("one use only"))
    keys = worded(_(" or ")).join(block.key)
    return worded(_("one that differs from %(other)s in %(keys)s"), other=other, keys=keys)


def _merged(file: AppFile, environment: str) -> list[Placed]:
    """The blocks of an environment: the file's, with the environment's own added or put in their place; sorted."""
    found: dict[tuple[str, ...], Placed] = {}
    own = file.environments[environment].blocks
    for at, items in (("blocks", file.blocks), (join("environments", (environment, "blocks")), own)):
        for place, item in enumerate(items):
            [(name, raw)] = item.items()
            block = blocks()[name]
            params = block.load(raw)
            found[(name, *block.identity(params))] = (join(at, (place, name)), block, params)
    return [found[key] for key in sorted(found)]


def _unknown_processes(file: AppFile) -> list[Problem]:
    """Blocks that speak of a process which no block of the environment declares; one Problem a place."""
    found: dict[str, Problem] = {}
    for environment in file.environments:
        merged = _merged(file, environment)
        known = sorted({params.name for _path, block, params in merged if block.declares_process})
        for path, _block, params in merged:
            name = getattr(params, "process", None)
            if name is not None and name not in known:
                found.setdefault(path, Problem(f"{path}.process", _process_of(environment, known, name), said(name)))
    return list(found.values())


def _process_of(environment: str, known: list[str], name: str) -> str:
    if not known:
        return worded(_("a process of %(environment)s (there is none)"), environment=environment)
    return worded(_("a process of %(environment)s, %(names)s"), environment=environment, names=one_of(known, name))
