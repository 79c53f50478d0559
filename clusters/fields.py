"""Who owns which field of a live object, read from its managedFields.

The delivery loop cuts a live object to the fields our manager applied and compares digests, so that neither defaults
nor other controllers' fields look like drift; drift reports name who changed a field.
Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from clusters.manifests import digest, refuse_bare_secret, secret_digest, without_stamp
from clusters.quantity import quantity

# A node of fieldsV1: "f:name" a field, 'k:{"name":"x"}' an item of a keyed list, "v:..." an item of a set,
# "i:0" an index, "." the thing itself; a leaf is {}.
FieldTree = Mapping[str, Any]

_ABSENT: Any = object()
_SELF = "."
# The keys Kubernetes merges lists by, the narrowest first: (port, protocol) is tried before what only ports have.
_LIST_KEYS = (
    ("name",), ("containerPort", "protocol"), ("port", "protocol"), ("mountPath",), ("devicePath",), ("ip",),
    ("topologyKey", "whenUnsatisfiable"), ("uid",), ("type",),
)  # fmt: skip
_PLAIN_RE = re.compile(r"[A-Za-z_$][-A-Za-z0-9_$]*")
_STEP_RE = re.compile(r'\.?([A-Za-z_$][-A-Za-z0-9_$]*)|\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|\[(\{.*?\})\](?=[.\[]|$)')
_Step = str | int | dict[str, Any]


def owned_fields(live: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """The live object cut to what `manager` applied, less our volatile annotations; {} when it owns nothing.

    What managedFields leave out is left out here too: apiVersion, kind, name and namespace. Items of a list stay in
    their live order and keep the keys they are found by.
    """
    trees: tuple[list[FieldTree], list[FieldTree]] = ([], [])
    for entry in _entries(live):
        own = entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")
        trees[own].append(entry["fieldsV1"])
    others, mine = map(_merged, trees)
    found = cut(live, mine, others) if mine else {}
    return without_stamp(found) if isinstance(found, dict) else {}


def may_be_anothers(live: Mapping[str, Any], manager: str) -> bool:
    """Whether the last one to write anything but its status may have been another than `manager`, to the second that
    managedFields tell.
    """
    ours, others = "", ""
    for entry in _entries(live):
        time = str(entry.get("time") or "")
        if entry.get("manager") == manager:
            ours = max(ours, time)
        elif entry.get("subresource") != "status":
            others = max(others, time)
    return others >= ours


def live_digest(live: Mapping[str, Any], manager: str, key: bytes | None = None) -> str:
    """The digest of the owned fields; with a key an HMAC. A Secret without a key is a ValueError."""
    owned = owned_fields(live, manager)
    if key is not None:
        return secret_digest(owned, key)
    refuse_bare_secret(live)
    return digest(owned)


def owners_of(live: Mapping[str, Any], path: str) -> list[str]:
    """The managers of a field, the latest writer first; `path` as `changed_fields` writes it.

    Those who own the field itself or something in it; failing these, those who own a whole that it is part of.
    """
    entries = sorted(_entries(live), key=lambda entry: str(entry.get("time") or ""), reverse=True)
    reached = [(str(entry.get("manager") or "unknown"), _reach(entry["fieldsV1"], live, path)) for entry in entries]
    exact = [name for name, depth in reached if depth == "exact"]
    return list(dict.fromkeys(exact or [name for name, depth in reached if depth == "whole"]))


def changed_fields(before: Any, after: Any) -> list[str]:
    """The paths at which two objects differ, sorted; [] when they are equal.

    `spec.replicas`, `metadata.labels["app.kubernetes.io/name"]`, `spec.containers[{"name":"web"}].image`, and an index
    where list items have no key.
    """
    return sorted(_differences(before, after, ""))


def unmet_fields(sent: Any, live: Any) -> dict[str, Any]:
    """The fields that `sent` gives and `live` has otherwise: path → what lives there, None where nothing does.

    What a server only spells otherwise is met: an equal quantity, an empty value that it leaves out. A list whose items
    cannot be told apart is one field.
    """
    return {} if _said(sent, live) else dict(_unmet(sent, live, ""))


def with_live(sent: Any, live: Any, paths: Collection[str]) -> Any:
    """`sent` with what lives at `paths`, as `unmet_fields` writes them, in the place of its own."""
    return _with_live(sent, live, "", paths)


def cut(value: Any, mine: FieldTree, others: FieldTree) -> Any:
    """`value` less all that the tree `mine` does not own; a marker that is no dict when that is everything.

    A leaf owns all there is below it, except what `others` hold there: an `emptyDir: {}` of ours stays empty when
    somebody else sets its size.
    """
    if not mine or (len(mine) == 1 and _SELF in mine):
        return _without(value, others) if others else value
    if isinstance(value, dict):
        return _cut_fields(value, mine, others)
    if isinstance(value, list):
        return _cut_items(value, mine, others)
    return _ABSENT


def _cut_fields(value: dict[str, Any], mine: FieldTree, others: FieldTree) -> Any:
    kept = {}
    for step, below in mine.items():
        name = step[2:]
        if step.startswith("f:") and name in value:
            piece = cut(value[name], below, others.get(step) or {})
            if piece is not _ABSENT:
                kept[name] = piece
    return kept if kept or _SELF in mine else _ABSENT


def _cut_items(value: list[Any], mine: FieldTree, others: FieldTree) -> Any:
    kept = []
    for place, item in enumerate(value):
        for step, below in mine.items():
            if step != _SELF and _is_item(step, item, place):
                piece = cut(item, below, others.get(step) or {})
                if piece is not _ABSENT:
                    # Without its keys an item of a list could not be told from its neighbours.
                    kept.append({**_keys_of(step), **piece} if step.startswith("k:") else piece)
                break
    return kept if kept or _SELF in mine else _ABSENT


def _without(value: Any, others: FieldTree) -> Any:
    """`value` less what `others` own below it."""
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            below = others.get(f"f:{name}")
            if below is None:
                kept[name] = item
            elif any(step != _SELF for step in below) and (piece := _without(item, below)) not in ({}, []):
                kept[name] = piece
        return kept
    if isinstance(value, list):
        return [
            item
            for place, item in enumerate(value)
            if not any(step != _SELF and _is_item(step, item, place) for step in others)
        ]
    return value


def _is_item(step: str, item: Any, place: int) -> bool:
    kind, _, text = step.partition(":")
    if kind == "i":
        return text == str(place)
    if kind == "v":
        wanted = _parsed(text)
        return type(wanted) is type(item) and bool(wanted == item)
    keys = _keys_of(step)
    return bool(keys) and isinstance(item, dict) and all(item.get(name, _ABSENT) == want for name, want in keys.items())


@lru_cache(maxsize=4096)
def _keys_of(step: str) -> dict[str, Any]:
    keys = _parsed(step[2:]) if step.startswith("k:") else None
    return keys if isinstance(keys, dict) else {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _ABSENT


def _entries(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    metadata = live.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    found = entries if isinstance(entries, list) else []
    return [entry for entry in found if isinstance(entry, Mapping) and isinstance(entry.get("fieldsV1"), Mapping)]


def _merged(trees: Sequence[FieldTree]) -> FieldTree:
    """What any of them owns; most often there is one, which is not copied."""
    if len(trees) <= 1:
        return trees[0] if trees else {}
    into: dict[str, Any] = {}
    for tree in trees:
        _merge(into, tree)
    return into


def _merge(into: dict[str, Any], tree: FieldTree) -> None:
    for step, below in tree.items():
        _merge(into.setdefault(step, {}), below if isinstance(below, dict) else {})


def _reach(tree: FieldTree, value: Any, path: str) -> str:
    """How a tree owns a path: "exact", as part of a "whole", or "" for not at all."""
    nodes = [tree]
    for step in _steps(path):
        if any(not node for node in nodes):
            return "whole"
        if isinstance(step, str):
            nodes = [node[f"f:{step}"] for node in nodes if f"f:{step}" in node]
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            place, value = _item_at(value, step)
            nodes = [
                below for node in nodes for key, below in node.items() if key != _SELF and _is_item(key, value, place)
            ]
        if not nodes:
            return ""
    return "exact"


def _item_at(value: Any, step: int | dict[str, Any]) -> tuple[int, Any]:
    items = value if isinstance(value, list) else []
    for place, item in enumerate(items):
        if place == step or (
            isinstance(step, dict) and isinstance(item, Mapping) and all(item.get(k) == v for k, v in step.items())
        ):
            return place, item
    return -1, None


def _steps(path: str) -> Iterable[_Step]:
    at = 0
    while at < len(path):
        found = _STEP_RE.match(path, at)
        if found is None:
            raise ValueError(f"not a field path: {path!r}")
        name, quoted, index, keys = found.groups()
        if name is not None:
            yield name
        else:
            yield int(index) if index is not None else json.loads(quoted or keys)
        at = found.end()


def _differences(before: Any, after: Any, path: str) -> Iterable[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), _field_path(path, name))
    elif isinstance(before, list) and isinstance(after, list):
        keys = _shared_keys(before, after)
        if keys is None:
            for place, (old, new) in enumerate(zip_longest(before, after, fillvalue=_ABSENT)):
                yield from _differences(old, new, f"{path}[{place}]")
            return
        old_items, new_items = _by_keys(before, keys), _by_keys(after, keys)
        for name in {**old_items, **new_items}:
            yield from _differences(old_items.get(name, _ABSENT), new_items.get(name, _ABSENT), f"{path}[{name}]")
        common = [name for name in old_items if name in new_items]
        if common != [name for name in new_items if name in old_items]:
            yield path
    elif type(before) is not type(after) or before != after:
        yield path


def _said(sent: Any, live: Any) -> bool:
    """Whether the live value surely says all that was sent: quick, and most often so."""
    if isinstance(sent, dict):
        return isinstance(live, dict) and all(_said(own, live.get(name, _ABSENT)) for name, own in sent.items())
    if isinstance(sent, list):
        return isinstance(live, list) and len(sent) == len(live) and all(map(_said, sent, live))
    return type(sent) is type(live) and bool(sent == live)


def _unmet(sent: Any, live: Any, path: str) -> Iterable[tuple[str, Any]]:
    below = _below(sent, live, path)
    if below is not None:
        for _, step, own, other in below:
            yield from _unmet(own, other, step)
    elif not _means(sent, live):
        yield path, None if live is _ABSENT else live


def _with_live(sent: Any, live: Any, path: str, paths: Collection[str]) -> Any:
    if path in paths:
        return live
    below = _below(sent, live, path)
    if below is None:
        return sent
    kept = {name: _with_live(own, other, step, paths) for name, step, own, other in below}
    kept = {name: value for name, value in kept.items() if value is not _ABSENT}
    return kept if isinstance(sent, dict) else list(kept.values())


def _below(sent: Any, live: Any, path: str) -> list[tuple[Any, str, Any, Any]] | None:
    """(name, path, sent, live) of what is in `sent`; None where the two are only compared as wholes."""
    if isinstance(sent, dict) and isinstance(live, dict):
        # A whole that is not there is told field by field.
        nothing = {name: {} if isinstance(own, dict) else _ABSENT for name, own in sent.items()}
        return [(name, _field_path(path, name), own, live.get(name, nothing[name])) for name, own in sent.items()]
    if isinstance(sent, list) and isinstance(live, list):
        if keys := _shared_keys(sent, live):
            items = _by_keys(live, keys)
            return [
                (name, f"{path}[{name}]", own, items.get(name, _ABSENT)) for name, own in _by_keys(sent, keys).items()
            ]
        if len(sent) == len(live) and all(isinstance(item, dict) for item in (*sent, *live)):
            pairs = zip(sent, live, strict=True)
            return [(place, f"{path}[{place}]", own, other) for place, (own, other) in enumerate(pairs)]
    return None


def _means(sent: Any, live: Any) -> bool:
    """Whether the live value says what was sent."""
    if not sent and (live is _ABSENT or live is None):
        return True
    if type(sent) is type(live) and sent == live:
        return True
    amounts = [each for each in (sent, live) if isinstance(each, str | int | float) and not isinstance(each, bool)]
    try:
        return len(amounts) == 2 and quantity(str(sent)) == quantity(str(live))  # noqa: PLR2004 - both of them
    except ValueError:
        return False


def _field_path(path: str, name: str) -> str:
    if not _PLAIN_RE.fullmatch(name):
        return f"{path}[{json.dumps(name)}]"
    return f"{path}.{name}" if path else name


def _shared_keys(before: Sequence[Any], after: Sequence[Any]) -> tuple[str, ...] | None:
    """The keys that tell all items of both lists apart, or None."""
    items = [*before, *after]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for keys in _LIST_KEYS:
        if all(isinstance(item.get(key), str | int) for item in items for key in keys) and all(
            len(_by_keys(side, keys)) == len(side) for side in (before, after)
        ):
            return keys
    return None


def _by_keys(items: Sequence[Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {json.dumps({key: item[key] for key in keys}, separators=(",", ":")): item for item in items}
