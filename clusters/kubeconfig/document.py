"""The YAML of an uploaded file as plain values: one small document without aliases, tags or keys given twice.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import yaml

from clusters.kubeconfig.refusal import refuse

MAX_BYTES = 128 * 1024
MAX_NODES = 4000
MAX_DEPTH = 12
_CONTROL_RE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class _Composer(yaml.SafeLoader):
    """Nodes of one small document: no aliases, no anchors, no tags, no depth. Nothing is ever constructed."""

    nodes = 0
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = cast(Any, self).peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            refuse("yaml_alias", "It uses YAML anchors or aliases")
        if getattr(event, "tag", None) is not None:
            refuse("yaml_tag", "It uses YAML tags")
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_NODES or self.depth > MAX_DEPTH:
            refuse("yaml_bomb", "It is nested too deep or has too many parts")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def load(text: str | bytes) -> Any:
    """The document as dicts with text keys, lists, texts, bools and None; KubeconfigRefused when it is not so plain."""
    if len(text) > MAX_BYTES:
        refuse("too_large", f"It is larger than {MAX_BYTES // 1024} KiB")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        if len(decoded.encode()) > MAX_BYTES:
            refuse("too_large", f"It is larger than {MAX_BYTES // 1024} KiB")
    except UnicodeError:
        refuse("not_utf8", "It is not a UTF-8 text")
    if _CONTROL_RE.search(decoded):
        refuse("control_characters", "It has control characters")
    try:
        node = _compose(decoded)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        refuse("not_yaml", "It is not YAML")
    return None if node is None else _value(node)


def _compose(text: str) -> yaml.Node | None:
    loader = _Composer(text)
    try:
        if not loader.check_node():
            return None
        node = loader.get_node()
        if loader.check_node():
            refuse("multiple_documents", "It holds more than one document")
        return node
    finally:
        loader.dispose()


class _OtherScalar:
    """A number or a date: never what a field of a kubeconfig holds."""


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    kind, text = node.tag.rpartition(":")[2], str(node.value)
    if _CONTROL_RE.search(text):
        refuse("control_characters", "It has control characters")
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    return text if kind == "str" else _OtherScalar()


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, Any]]:
    seen = set()
    for key_node, value_node in node.value:
        key = _value(key_node)
        if not isinstance(key, str):
            refuse("wrong_type", "A key is not a text")
        if key in seen:
            refuse("duplicate_key", "It gives a key twice")
        seen.add(key)
        yield key, _value(value_node)
