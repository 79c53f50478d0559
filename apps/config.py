"""Configuration in layers: plain values from the platform down to an environment on a cluster, and what they come to.

    rows → Layers (`selectors.config`) → resolve → values that a release pins, where each is from, what it hides, faults

In a value `${KEY}` is the effective value of another key and `$${` a literal `${`; there is nothing else to it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

LAYERS = ("platform", "cluster", "team", "project", "application", "environment")
"""From the widest to the nearest, which wins."""
DECLARING = ("platform", "team", "project", "application")
TYPES = ("string", "integer", "number", "boolean", "url", "choice")

LONGEST = 131_072
"""Characters of a value, expressions replaced: what Linux lets one variable be."""
MOST_BYTES = 512 * 1024
"""Of all effective values together: they share one ConfigMap."""

_TOKEN = re.compile(r"\$\$\{|\$\{(?:(?P<key>[A-Za-z_][A-Za-z0-9_]*)\})?")
_EXPECTED = {
    "integer": "an integer, such as 20",
    "number": "a number, such as 0.5",
    "boolean": "true or false",
    "url": "a URL with its scheme and host, such as https://example.org/",
}


@dataclass(frozen=True)
class Declaration:
    """What values of a key must be, wherever they are set. `protected`: a second person accepts each change."""

    type: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = False
    protected: bool = False
    description: str = ""

    def expected(self, value: str) -> str:
        """What should be there in the place of the value; "" where it is as declared."""
        if self.type == "choice":
            return "" if value in self.choices else f"one of {', '.join(self.choices)}"
        return "" if _fits(self.type, value) else _EXPECTED[self.type]

    def to_json(self) -> dict[str, Any]:
        """A fresh JSON object."""
        return {
            "type": self.type,
            "choices": list(self.choices),
            "required": self.required,
            "protected": self.protected,
            "description": self.description,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Declaration:
        """The inverse."""
        return cls(**{**value, "choices": tuple(value["choices"])})


@dataclass(frozen=True)
class Entry:
    """What one layer says of a key: a value as written, a declaration, or both."""

    value: str | None = None
    declaration: Declaration | None = None

    def to_json(self) -> dict[str, Any] | None:
        """A fresh JSON object; None where nothing is said."""
        if self == Entry():
            return None
        return {"value": self.value, "declaration": self.declaration and self.declaration.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Entry:
        """The inverse."""
        if value is None:
            return cls()
        declared = value["declaration"]
        return cls(value["value"], None if declared is None else Declaration.from_json(declared))


@dataclass(frozen=True)
class Layer:
    """One layer by its kind and the name of what it belongs to ("" for the platform)."""

    kind: str
    name: str
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Source:
    """A layer that sets a key, and the value as it is written there."""

    layer: str
    of: str
    written: str


@dataclass(frozen=True)
class Declared:
    """A layer that declares a key."""

    layer: str
    of: str
    declaration: Declaration


@dataclass(frozen=True)
class Effective:
    """A key and what it comes to: None where no layer sets it, or where its expression leads nowhere.

    `source` set it; `hides` are the layers whose values it hides, the nearest first.
    """

    key: str
    value: str | None
    source: Source | None
    hides: tuple[Source, ...]
    declared: tuple[Declared, ...]

    @property
    def protected(self) -> bool:
        """Whether any layer says so."""
        return any(each.declaration.protected for each in self.declared)


@dataclass(frozen=True)
class Fault:
    """Why the values cannot be released. `path` leads from the key over the keys it needs to what is wrong."""

    code: str
    key: str
    message: str
    remedy: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resolved:
    """Every key that is set or declared, by name, and everything that is wrong."""

    keys: tuple[Effective, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """What a process gets."""
        return {each.key: each.value for each in self.keys if each.value is not None}


@dataclass
class _Said:
    sources: list[Source] = field(default_factory=list)
    declared: list[Declared] = field(default_factory=list)


def resolve(layers: Sequence[Layer]) -> Resolved:
    """What layers, the widest first, come to together."""
    said: dict[str, _Said] = {}
    for layer in layers:
        for key, entry in layer.entries.items():
            about = said.setdefault(key, _Said())
            if entry.value is not None:
                about.sources.append(Source(layer.kind, layer.name, entry.value))
            if entry.declaration is not None:
                about.declared.append(Declared(layer.kind, layer.name, entry.declaration))
    said = dict(sorted(said.items()))
    values, faults = _expanded({key: about.sources[-1].written for key, about in said.items() if about.sources})
    faults += [fault for key, about in said.items() for fault in _misfits(key, about, values.get(key))]
    if sum(len(key.encode()) + len(value.encode()) for key, value in values.items()) > MOST_BYTES:
        faults.append(Fault("config_too_large", "", f"The values come to more than {MOST_BYTES // 1024} KiB."))
    keys = tuple(
        Effective(
            key,
            values.get(key),
            about.sources[-1] if about.sources else None,
            tuple(reversed(about.sources[:-1])),
            tuple(about.declared),
        )
        for key, about in said.items()
    )
    return Resolved(keys, tuple(sorted(faults, key=lambda each: (each.key, each.code, each.path))))


def references(written: str) -> tuple[str, ...]:
    """The keys that a value needs, each once."""
    return tuple(dict.fromkeys(key for token in _TOKEN.finditer(written) if (key := token["key"])))


def malformed(written: str) -> bool:
    """Whether a `${` is followed by anything else than a key and `}`."""
    return any(token[0] == "${" for token in _TOKEN.finditer(written))


def _expanded(written: Mapping[str, str]) -> tuple[dict[str, str], list[Fault]]:
    """The values with what they refer to put in. One that needs a faulty key has none, and no fault of its own."""
    faults: list[Fault] = []
    graph: dict[str, tuple[str, ...]] = {}
    for key, text in written.items():
        needed = references(text)
        unknown = [each for each in needed if each not in written]
        if malformed(text):
            faults.append(
                Fault(
                    "config_expression_invalid",
                    key,
                    f"In the value of {key} a ${{ is not followed by a key and }}.",
                    "Write ${KEY} for the value of another key, $${ for the two characters themselves.",
                )
            )
        elif unknown:
            faults += [
                Fault(
                    "config_key_unknown",
                    key,
                    f"{key} → {each}: no layer sets {each}.",
                    f"Set {each}, or take it out of the value of {key}.",
                    (key, each),
                )
                for each in unknown
            ]
        else:
            graph[key] = needed
    values: dict[str, str] = {}
    for key in _in_order(graph, faults):
        if all(each in values for each in graph[key]):
            if (value := _filled(written[key], values)) is None:
                faults.append(Fault("config_too_large", key, f"{key} comes to more than {LONGEST} characters."))
            else:
                values[key] = value
    return values, faults


def _in_order(graph: dict[str, tuple[str, ...]], faults: list[Fault]) -> Iterator[str]:
    """The keys, each after those it needs; circles are left out and added to the faults."""
    while True:
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            # Each is needed by the next one, and the first is the last.
            circle = list(reversed(error.args[1][1:]))
            first = circle.index(min(circle))
            path = (*circle[first:], *circle[:first], circle[first])
            faults.append(
                Fault(
                    "config_cycle",
                    path[0],
                    f"{' → '.join(path)}: the values need each other.",
                    "Write out one of them.",
                    path,
                )
            )
            graph = {key: needed for key, needed in graph.items() if key not in circle}
        else:
            yield from (key for key in order if key in graph)
            return


def _filled(written: str, values: Mapping[str, str]) -> str | None:
    """The text with its expressions replaced; None where it gets too long, found out before it is built."""
    size = len(written) + sum(len(values[key]) for token in _TOKEN.finditer(written) if (key := token["key"]))
    if size > LONGEST:
        return None
    return _TOKEN.sub(lambda token: values[token["key"]] if token["key"] else "${", written)


def _misfits(key: str, about: _Said, value: str | None) -> Iterator[Fault]:
    for each in about.declared:
        if not about.sources and each.declaration.required:
            yield Fault(
                "config_required",
                key,
                f"{key} has no value, and {_place(each.layer, each.of)} requires one.",
                f"Set {key} in one of the layers.",
            )
        elif value is not None and (expected := each.declaration.expected(value)):
            shown = value if len(value) <= 60 else f"{value[:60]}…"  # noqa: PLR2004 - a line
            yield Fault(
                "config_value_wrong",
                key,
                f'{key} is "{shown}", which is not {expected}.',
                f"Set it to {expected}; {_place(each.layer, each.of)} declares it so.",
            )


def _place(layer: str, of: str) -> str:
    return f"{layer} {of}" if of else f"the {layer}"


def _fits(kind: str, value: str) -> bool:
    match kind:
        case "integer":
            return re.fullmatch(r"-?[0-9]{1,40}", value) is not None
        case "number":
            return re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?", value) is not None and isfinite(
                float(value)
            )
        case "boolean":
            return value in ("true", "false")
        case "url":
            return _is_url(value)
    return True


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.scheme and parts.hostname) and not re.search(r"\s", value) and (parts.port or 1) > 0
    except ValueError:
        return False
