"""Keeps values of Secrets out of what servers and containers say, before anybody stores or shows it. Pure.

A value is looked for as it is, in base64, escaped as in JSON or a URL, and, where it has several lines, line by line;
where what was said has been cut off, its end is compared with the beginning of each.
What a container makes of a value in another way (a hash, a part of it) nobody can find.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from clusters.faults import HIDDEN, ApiRefused

# Where kubectl keeps an object as it was applied by hand.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SHORTEST_LINE = 4  # of a value of several lines: "}" or "EOF" tells nothing


def hidden(text: str, values: Iterable[str]) -> str:
    """The text without these values, which are base64 as in a Secret's data. The longest goes first."""
    forms = {form for value in filter(None, values) for form in _forms(value)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    cut = min((_begins(text, form) for form in forms), default=len(text))
    return text if cut == len(text) else f"{text[:cut]}{HIDDEN}"


def hide(refusal: ApiRefused, values: Iterable[str]) -> None:
    """Take values out of what a server says of them."""
    refusal.message = hidden(refusal.message, values)
    refusal.args = (f"{refusal.status} {refusal.reason}: {refusal.message}",)


def values_in(live: Mapping[str, Any] | None) -> list[str]:
    """The values of a live Secret in base64, with those that kubectl has kept of it; none of another object."""
    if live is None or live.get("kind") != "Secret":
        return []
    kept = str((live["metadata"].get("annotations") or {}).get(LAST_APPLIED) or "{}")
    try:
        applied = json.loads(kept)
    except ValueError:
        applied = kept
    if not isinstance(applied, dict):  # whatever somebody has written there
        return [*_texts(live, "data"), _encoded(kept)]
    return [*_texts(live, "data"), *_texts(applied, "data"), *map(_encoded, _texts(applied, "stringData"))]


def _texts(secret: Mapping[str, Any], name: str) -> list[str]:
    found = secret.get(name)
    return [str(each) for each in found.values()] if isinstance(found, dict) else []


def _encoded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


def _decoded(value: str) -> str:
    """As it is, where it is no base64 after all: an annotation holds what anybody writes in it."""
    try:
        return base64.b64decode(value).decode(errors="ignore")
    except ValueError:
        return value


def _begins(text: str, form: str) -> int:
    """Where the end of the text is the beginning of the form; its length where it is not."""
    at = text.find(form[:_SHORTEST_LINE]) if len(form) >= _SHORTEST_LINE else -1
    while at >= 0 and not form.startswith(text[at:]):
        at = text.find(form[:_SHORTEST_LINE], at + 1)
    return at if at >= 0 else len(text)


def _forms(value: str) -> Iterator[str]:
    plain = _decoded(value).strip()
    lines = [line.strip() for line in plain.splitlines()]
    for shown in {plain, *(line for line in lines if len(line) >= _SHORTEST_LINE)} - {""}:
        yield from (shown, json.dumps(shown)[1:-1], quote(shown, safe=""), quote_plus(shown))
    yield value
