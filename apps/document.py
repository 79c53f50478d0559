"""Reads the YAML of an app file into plain JSON values, and nothing else: no aliases, tags, doubled keys or surprises.

First step of `appfile.parse`; what comes from strangers passes here before anything looks at it. Pure.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from apps.problems import Problem, ProblemsError, said
from apps.wording import marked as _
from apps.wording import worded

LARGEST = 256 * 1024
DEEPEST = 32


class _Loader(yaml.CSafeLoader):
    """The safe loader with the scalars of JSON only: `no` stays a text, a date too, and no number overflows."""

    # Not the list of the base class, which knows YAML 1.1's octals, sexagesimals, dates and twenty words for true.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_NUMBER_START = list("-0123456789")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]{0,17})$"), _NUMBER_START)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}$"), _NUMBER_START
)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _refusal(key_node, worded(_("a text as the key")), said(key))
        if key in found:
            raise _refusal(key_node, worded(_("each key once")), worded(_("%(what)s again"), what=said(key)))
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(text: str | bytes) -> Any:
    """The JSON value of a YAML (or JSON) document of at most 256 KiB. ProblemsError names the line it fails at."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > LARGEST:
        most = worded(_("at most %(bound)s KiB"), bound=LARGEST // 1024)
        raise ProblemsError([Problem("", most, worded(_("%(count)s bytes"), count=len(raw)))])
    try:
        decoded = raw.decode("utf-8-sig")
        _check_events(decoded)
        return yaml.load(decoded, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except UnicodeDecodeError as error:
        byte = worded(_("byte %(byte)s at %(place)s"), byte=f"{error.object[error.start]:#04x}", place=error.start)
        raise ProblemsError([Problem("", worded(_("text in UTF-8")), byte)]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = _line(mark) if mark else ""
        told = getattr(error, "problem", None) or getattr(error, "reason", None) or worded(_("something else"))
        raise ProblemsError([Problem(at, worded(_("well-formed YAML")), str(told))]) from None


def _check_events(text: str) -> None:
    """Refuses what has no place in an app file before anything is built of it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refusal(event, worded(_("values written out")), worded(_("an alias or anchor")))
        if tag := getattr(event, "tag", None):
            raise _refusal(event, worded(_("plain values")), worded(_("the tag %(tag)s"), tag=tag))
        if isinstance(event, yaml.ScalarEvent) and (bad := _unprintable(event.value)):
            character = worded(_("the character %(character)s"), character=f"U+{ord(bad):04X}")
            raise _refusal(event, worded(_("printable text")), character)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise _refusal(event, worded(_("at most %(bound)s levels"), bound=DEEPEST), worded(_("a deeper one")))
        if documents > 1:
            raise _refusal(event, worded(_("one document")), worded(_("a second one")))


def _unprintable(text: str) -> str | None:
    """The first control character or half surrogate pair: neither a column nor a cluster would take it."""
    found = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text)
    return found[0] if found else None


def _refusal(at: Any, expected: str, got: str) -> ProblemsError:
    return ProblemsError([Problem(_line(at.start_mark), expected, got)])


def _line(mark: Any) -> str:
    return worded(_("line %(number)s"), number=mark.line + 1)
