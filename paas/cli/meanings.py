"""What a word of the platform means, without a server: from the blocks' own schemas and the pages of the docs.

The pages docs/conditions.md and docs/problems.md come with the command; their tables are read as they are.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.blocks import Block, blocks
from apps.schemas import phrase
from paas.cli.errors import MissingError

REASONS, CODES = "conditions.md", "problems.md"
# Beside this file where the command is installed, in docs/ in the source tree.
PLACES = (Path(__file__).parent / "pages", Path(__file__).parents[2] / "docs")
VARIES = "…"


@dataclass(frozen=True)
class Meaning:
    """JSON-safe for scripts, lines for people, names of what was found."""

    value: Any
    lines: list[str]
    names: list[str]


def blocks_known() -> list[dict[str, str]]:
    """Every building block with its summary."""
    return [{"name": name, "summary": block.summary} for name, block in blocks().items()]


def meaning(word: str) -> Meaning:
    """Of a block, `block.parameter`, a condition, a reason or a code.

    Raises:
        MissingError: it means nothing here; names what was probably meant.
    """
    name, _, parameter = word.partition(".")
    if block := blocks().get(name):
        if not parameter:
            return _block(block)
        if parameter in block.schema["properties"]:
            return _parameter(block, parameter)
    found = [*_reasons(word), *_codes(word)]
    if not found:
        raise _unknown(word)
    return Meaning(
        [each for each, _ in found],
        "\n\n".join("\n".join(lines) for _, lines in found).split("\n"),
        [word],
    )


def _block(block: Block) -> Meaning:
    parameters = [_described(block, name) for name in block.schema["properties"]]
    example = json.dumps({block.name: dict(block.example)}, ensure_ascii=False)
    lines = [f"{block.name}: {block.summary}", "", f"  - {example}", ""]
    lines += [_line(each) for each in parameters]
    value = {"block": block.name, "summary": block.summary, "example": dict(block.example), "parameters": parameters}
    return Meaning(value, lines, [block.name])


def _parameter(block: Block, name: str) -> Meaning:
    found = _described(block, name)
    return Meaning({"block": block.name, **found}, [f"{block.name}.{_line(found)}"], [f"{block.name}.{name}"])


def _described(block: Block, name: str) -> dict[str, Any]:
    part = block.schema["properties"][name]
    required = name in block.schema.get("required", ())
    found = {"parameter": name, "value": phrase(part, part), "required": required, "meaning": part["description"]}
    return {**found, **({"default": part["default"]} if "default" in part else {})}


def _line(parameter: Mapping[str, Any]) -> str:
    default = parameter.get("default")
    left_out = "required" if parameter["required"] else f"else {json.dumps(default)}" if default is not None else ""
    told = ", ".join(filter(None, (parameter["value"], left_out)))
    return f"{parameter['parameter']} ({told}): {parameter['meaning']}"


def _reasons(word: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    for row in _rows(REASONS):
        if word in (row.get("reason"), row.get("condition")):
            value = {key: row[key] for key in ("condition", "reason", "cause", "message", "what to do")}
            yield (
                value,
                [
                    f"{row['condition']}, reason {row['reason']}: {row['cause']}.",
                    f"Says: {row['message']}",
                    f"Next: {row['what to do']}",
                ],
            )


def _codes(word: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    for row in _rows(CODES):
        pattern = re.escape(row["code"]).replace(re.escape(VARIES), "[a-z0-9_]+")
        if re.fullmatch(pattern, word):
            value = {key: row[key] for key in ("code", "status", "what it means", "what is said", "rule", "what to do")}
            told = (("Means", "what it means"), ("Says", "what is said"), ("Rule", "rule"), ("Next", "what to do"))
            lines = [f"{label}: {row[key]}" for label, key in told if row[key]]
            yield value, [f"{word} ({row['status']})", *lines]


def _rows(page: str) -> Iterator[dict[str, str]]:
    """The rows of a page's tables by their columns, without Markdown."""
    columns: list[str] = []
    for line in _page(page).splitlines():
        if not line.startswith("|"):
            columns = []
            continue
        cells = [_plain(each) for each in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not columns:
            columns = cells
        elif not set("".join(cells)) <= set("-: "):
            yield dict(zip(columns, cells, strict=False))


def _plain(cell: str) -> str:
    return cell.strip().replace("`", "").replace("<br>", " ").replace("\\|", "|")


def _page(name: str) -> str:
    for place in PLACES:
        if (path := place / name).is_file():
            return path.read_text(encoding="utf-8")
    raise MissingError(f"The page {name} did not come with this command.", code="page_missing")


def _unknown(word: str) -> MissingError:
    known = [*blocks(), *(f"{name}.{each}" for name, block in blocks().items() for each in block.schema["properties"])]
    known += [row[key] for row in _rows(REASONS) for key in ("reason", "condition")]
    known += [row["code"] for row in _rows(CODES)]
    near = difflib.get_close_matches(word, dict.fromkeys(known), n=3)
    meant = f"Did you mean {', '.join(near)}? " if near else ""
    return MissingError(
        f"{word} is no block, parameter, condition, reason or code.",
        code="word_unknown",
        remedy=f"{meant}`dougong explain` lists the blocks.",
    )
