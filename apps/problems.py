"""What is wrong with an app file, said so that its author can mend it: path, what was expected, what was got.

Turns pydantic's errors into these, by looking up the JSON Schema of the place. Pure.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from apps.terms import PHRASES

LONGEST_GOT = 60
_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
}


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `path` reads like `blocks[1].port.port`; "" is the whole file."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path or 'app file'}: expected {self.expected}, got {self.got}"


class ProblemsError(Exception):
    """Everything that is wrong with a document, in the order of its paths."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def problems(error: ValidationError, schema: Mapping[str, Any], at: str = "") -> list[Problem]:
    """One Problem per place that pydantic complains of; `schema` is the model's, `at` the path of its root."""
    found: dict[str, Problem] = {}
    for each in error.errors(include_url=False):
        place = tuple(part for part in each["loc"] if part != "[key]")
        path = join(at, place)
        if path in found:
            continue  # one place, several branches of a union
        if each["type"] == "missing":
            found[path] = Problem(path, _phrase(_fragment(schema, place), schema), "nothing")
        elif each["type"] == "extra_forbidden":
            known = sorted(_resolve(_fragment(schema, place[:-1]), schema).get("properties", {}))
            found[path] = Problem(path, one_of(known, str(place[-1])), "an unknown field")
        elif each["type"] == "value_error":
            expected, _, got = each["msg"].removeprefix("Value error, ").partition("; got ")
            found[path] = Problem(path, expected, got or said(each["input"]))
        elif each["type"] == "string_too_long":
            most = each["ctx"]["max_length"]
            found[path] = Problem(path, f"at most {most} characters", f"{len(each['input'])} characters")
        elif each["type"] in ("too_long", "too_short"):
            most, least = each["ctx"].get("max_length"), each["ctx"].get("min_length")
            bound = f"at least {least}" if most is None else f"at most {most}"
            found[path] = Problem(path, f"{bound} entries", str(each["ctx"]["actual_length"]))
        else:
            # "[key]" at the end of a place means that the key itself is wrong, not what it leads to.
            is_key = each["loc"][-1:] == ("[key]",)
            fragment = _fragment(schema, place[:-1]).get("propertyNames", {}) if is_key else _fragment(schema, place)
            found[path] = Problem(path, _phrase(fragment, schema), said(each["input"]))
    return list(found.values())


def join(at: str, place: Iterable[str | int]) -> str:
    """`at` and the place below it: names after a dot, list positions in brackets."""
    for part in place:
        at += f"[{part}]" if isinstance(part, int) else f".{part}" if at else part
    return at


def said(value: object) -> str:
    """A value as the author wrote it, cut where it gets long."""
    if isinstance(value, Mapping | list | tuple):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_GOT else f"{text[:LONGEST_GOT]}…"


def one_of(known: Iterable[str], got: str = "") -> str:
    """The allowed names, and the one that was probably meant."""
    names = list(known)
    near = difflib.get_close_matches(got, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"one of {', '.join(names)}{hint}" if names else "nothing here"


def _fragment(schema: Mapping[str, Any], place: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The part of a JSON Schema that speaks of a place, {} where it says nothing."""
    found = _resolve(schema, schema)
    for part in place:
        if isinstance(part, int):
            found = found.get("items", {})
        else:
            found = found.get("properties", {}).get(part) or found.get("additionalProperties") or {}
        found = _resolve(found if isinstance(found, Mapping) else {}, schema)
    return found


def _resolve(fragment: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follows $ref, and of an optional value takes the branch that is not null."""
    if "$ref" in fragment:
        return _resolve(schema["$defs"][fragment["$ref"].rpartition("/")[2]], schema)
    branches = [branch for branch in fragment.get("anyOf", ()) if branch.get("type") != "null"]
    return _resolve(branches[0], schema) if branches else fragment


def _phrase(fragment: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    fragment = _resolve(fragment, schema)
    kind = fragment.get("type", "")
    if "enum" in fragment:
        return one_of([str(value) for value in fragment["enum"]])
    if kind == "integer":
        return f"an integer from {fragment['minimum']} to {fragment['maximum']}"
    phrase = PHRASES.get(fragment.get("pattern", ""), _TYPES.get(kind, "a value"))
    return f"{phrase} that is not empty" if fragment.get("minItems") or fragment.get("minProperties") else phrase
