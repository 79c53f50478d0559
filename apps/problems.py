"""What is wrong with an app file, said so that its author can mend it: path, what was expected, what was got.

Turns pydantic's errors into these, worded by the JSON Schema of the place. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from apps.schemas import fragment, one_of, phrase
from apps.wording import marked as _
from apps.wording import worded

LONGEST_GOT = 60


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `path` reads like `blocks[1].port.port`; "" is the whole file."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        path = self.path or worded(_("app file"))
        template = _("%(path)s: expected %(expected)s, got %(got)s")
        return worded(template, path=path, expected=self.expected, got=self.got)


class ProblemsError(Exception):
    """Everything that is wrong with a document, in the order of its paths."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_reading_order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _reading_order(problem: Problem) -> list[str | int]:
    """[2] before [10]; texts and numbers alternate, so any two compare."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", problem.path)]


def problems(error: ValidationError, schema: Mapping[str, Any], at: str = "") -> list[Problem]:
    """One Problem per place that pydantic complains of; `schema` is the model's, `at` the path of its root."""
    found: dict[str, Problem] = {}
    for each in error.errors(include_url=False):
        # "[key]" at the end of a place means that the key itself is wrong, not what it leads to.
        place = tuple(part for part in each["loc"] if part != "[key]")
        path = join(at, place)
        # The first of a place is enough: the others are further branches of a union.
        found.setdefault(path, Problem(path, *_expected_and_got(each, place, schema)))
    return list(found.values())


def _expected_and_got(error: ErrorDetails, place: tuple[str | int, ...], schema: Mapping[str, Any]) -> tuple[str, str]:
    match error["type"]:
        case "missing":
            return phrase(fragment(schema, place), schema), worded(_("nothing"))
        case "extra_forbidden":
            known = sorted(fragment(schema, place[:-1]).get("properties", {}))
            return one_of(known, str(place[-1])), worded(_("an unknown field"))
        case "value_error":  # of our own validators: ValueError(expected, got)
            expected, got = error["ctx"]["error"].args
            return expected, got
        case "string_too_long" | "too_long" | "too_short":
            return _bound(error["ctx"], error["input"])
    found = fragment(schema, place)
    if error["loc"][-1:] == ("[key]",):
        found = fragment(schema, place[:-1]).get("propertyNames", {})
    return phrase(found, schema), said(error["input"])


def _bound(context: Mapping[str, Any], given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        words = _("at most %(bound)s characters"), _("at least %(bound)s characters"), _("%(count)s characters")
    else:
        words = _("at most %(bound)s entries"), _("at least %(bound)s entries"), _("%(count)s entries")
    most, least, count = words
    template, bound = (most, context["max_length"]) if "max_length" in context else (least, context["min_length"])
    return worded(template, bound=bound), worded(count, count=len(given))


def join(at: str, place: Iterable[str | int]) -> str:
    """`at` and the place below it: names after a dot, list positions in brackets."""
    for part in place:
        at += f"[{part}]" if isinstance(part, int) else f".{part}" if at else part
    return at


def said(value: object) -> str:
    """A value as the author wrote it, cut where it gets long."""
    if isinstance(value, Mapping | list | tuple):
        return worded(_("a mapping")) if isinstance(value, Mapping) else worded(_("a list"))
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_GOT else f"{text[:LONGEST_GOT]}…"
