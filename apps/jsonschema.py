"""The JSON Schema of a pydantic model, as it is published and as errors are worded from it.

Puts right what a stranger's validator or editor would trip over in what pydantic writes. Pure.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model: no titles made up from field names, maps that refuse keys their pattern does not match."""
    found = _tidied(model.model_json_schema())
    if "$defs" in found:
        found["$defs"] = {name: _tidied(each) for name, each in found["$defs"].items()}
    return found


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
