"""The JSON Schema of a pydantic model, as it is published and as errors are worded from it.

Puts right what a stranger's validator or editor would trip over in what pydantic writes. Pure.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from apps.terms import PHRASES
from apps.wording import marked as _
from apps.wording import worded

TYPES = {
    "string": _("a text"),
    "boolean": _("true or false"),
    "integer": _("an integer"),
    "number": _("a number"),
    "array": _("a list"),
    "object": _("a mapping"),
}


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model: no titles made up from field names, maps that refuse keys their pattern does not match."""
    found = _tidied(model.model_json_schema())
    if "$defs" in found:
        found["$defs"] = {name: _tidied(each) for name, each in found["$defs"].items()}
    return found


def fragment(schema: Mapping[str, Any], place: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The part of a schema that speaks of a place in a document, {} where it says nothing."""
    found = resolved(schema, schema)
    for part in place:
        if isinstance(part, int):
            found = found.get("items", {})
        else:
            found = found.get("properties", {}).get(part) or found.get("additionalProperties") or {}
        found = resolved(found if isinstance(found, Mapping) else {}, schema)
    return found


def resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follows $ref within `schema`, and of an optional value takes the branch that is not null."""
    if "$ref" in part:
        return resolved(schema["$defs"][part["$ref"].rpartition("/")[2]], schema)
    branches = [branch for branch in part.get("anyOf", ()) if branch.get("type") != "null"]
    return resolved(branches[0], schema) if branches else part


def phrase(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a part of a schema asks for, in words that come after "expected"."""
    part = resolved(part, schema)
    if "enum" in part:
        return one_of([str(value) for value in part["enum"]])
    words = worded(PHRASES.get(part.get("pattern", ""), TYPES.get(part.get("type", ""), _("a value"))))
    if "minimum" in part and "maximum" in part:
        template = _("%(words)s from %(least)s to %(most)s")
        return worded(template, words=words, least=part["minimum"], most=part["maximum"])
    items = resolved(part.get("items", {}), schema)
    if part.get("type") == "array" and items.get("type") != "object":
        return worded(_("%(words)s, each %(of)s"), words=words, of=phrase(items, schema))
    return words


def one_of(known: Iterable[str], got: str = "") -> str:
    """The allowed names, and the one that was probably meant."""
    names = list(known)
    near = difflib.get_close_matches(got, names, n=1)
    if not names:
        return worded(_("nothing here"))
    told = ", ".join(names)
    if near:
        return worded(_("one of %(names)s (did you mean %(near)s?)"), names=told, near=near[0])
    return worded(_("one of %(names)s"), names=told)


def _tidied(schema: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in schema.items() if key != "title"}
    if found.get("default", ...) in (None, [], {}):
        del found["default"]  # it says "left out", and a bound on the number of entries may not even allow it
    if patterns := found.pop("patternProperties", None):
        # As pydantic has it, a key that does not match is not looked at, though the model refuses it.
        [(pattern, value)] = patterns.items()
        found["propertyNames"] = {"type": "string", "pattern": pattern, **found.get("propertyNames", {})}
        found["additionalProperties"] = value
    if "properties" in found:
        found["properties"] = {name: _tidied(each) for name, each in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _tidied(found[key])
    return found
