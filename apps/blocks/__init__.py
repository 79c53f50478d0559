"""Building blocks: one a file here, found by name. This module is the machinery that finds and describes them.

A block file has a docstring (its first line is the summary), a frozen keyword-only dataclass `Params`, a function
`render(app, target, params) -> Contribution`, an `EXAMPLE` of its parameters and, where `name`, `process` or "once per
application" do not tell two uses apart, a `KEY`. A block whose `name` is a process it declares says `DECLARES_PROCESS`;
a parameter called `process` is the name of such a one. Out-of-tree blocks name their module in entry-point group
`dougong.blocks`. The app file, the renderer and the docs ask here and know no block by name. Pure.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from apps.contribution import Contribution
from apps.problems import ProblemsError, problems
from apps.schemas import model_schema
from apps.spec import AppSpec, freeze, thaw
from clusters.target import ClusterTarget

ENTRY_POINTS = "dougong.blocks"


@dataclasses.dataclass(frozen=True)
class Block:
    """A building block. `key` names the parameters that tell two uses in one application apart."""

    name: str
    about: str
    params: type
    render: Callable[[AppSpec, ClusterTarget, Any], Contribution]
    example: Mapping[str, Any]
    key: tuple[str, ...]
    declares_process: bool = False

    @property
    def summary(self) -> str:
        """The first line of what the block says about itself."""
        return self.about.partition("\n")[0]

    @functools.cached_property
    def model(self) -> type[BaseModel]:
        """A strict pydantic model of `params`, which itself stays a plain dataclass."""
        hints = get_type_hints(self.params, include_extras=True)
        shape: dict[str, Any] = {}
        for each in dataclasses.fields(self.params):
            about = each.metadata.get("description", "")
            default = ... if each.default is dataclasses.MISSING else each.default
            if each.default_factory is not dataclasses.MISSING:
                default = Field(default_factory=each.default_factory)
            shape[each.name] = (Annotated[hints[each.name], Field(description=about)], default)
        config = ConfigDict(extra="forbid", strict=True, frozen=True)
        return create_model(self.name, __config__=config, __doc__=self.summary, **shape)

    def load(self, raw: object, at: str = "") -> Any:
        """The frozen Params of a JSON object. ProblemsError, with paths below `at`, when it is not valid."""
        try:
            # Through JSON, so that strict validation takes a list for a tuple and nothing for an int but an int.
            found = self.model.model_validate_json(json.dumps(thaw(raw)))
        except ValidationError as error:
            raise ProblemsError(problems(error, self.schema, at)) from None
        return self.params(**{name: freeze(getattr(found, name)) for name in type(found).model_fields})

    def dump(self, params: Any) -> dict[str, Any]:
        """The JSON object of Params, defaults filled in."""
        return {each.name: thaw(getattr(params, each.name)) for each in dataclasses.fields(params)}

    def identity(self, params: Any) -> tuple[str, ...]:
        """What tells this use of the block from another; a missing optional part is "" there."""
        return tuple("" if (part := getattr(params, name)) is None else str(part) for name in self.key)

    @functools.cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters."""
        return model_schema(self.model)


def describe(name: str, module: ModuleType) -> Block:
    """The Block of a module. ValueError says which part of the contract the module leaves open."""
    for wanted in ("Params", "render", "EXAMPLE", "__doc__"):
        if not getattr(module, wanted, None):
            raise ValueError(f"building block {name} ({module.__name__}) has no {wanted}")
    known = [each.name for each in dataclasses.fields(module.Params)]
    usual = next(((each,) for each in ("name", "process") if each in known), ())
    return Block(
        name=name,
        about=inspect.cleandoc(str(module.__doc__)),
        params=module.Params,
        render=module.render,
        example=module.EXAMPLE,
        key=tuple(getattr(module, "KEY", usual)),
        declares_process=getattr(module, "DECLARES_PROCESS", False),
    )


@functools.cache
def blocks() -> Mapping[str, Block]:
    """Every building block by name, in the order of the names. ValueError when two have one name."""
    modules = {
        each.name: f"{__name__}.{each.name}" for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_")
    }
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if modules.setdefault(entry.name, entry.value) != entry.value:
            raise ValueError(f"building block {entry.name} is both {modules[entry.name]} and {entry.value}")
    return MappingProxyType({name: describe(name, importlib.import_module(modules[name])) for name in sorted(modules)})
