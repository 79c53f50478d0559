"""The reference of the building blocks in docs/app-file.md, written from the blocks themselves.

`python -m apps.reference docs/app-file.md` renews it; a test fails while page and blocks differ. Pure otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apps.blocks import Block, blocks
from apps.schemas import phrase

BEGIN, END = "<!-- blocks: begin -->", "<!-- blocks: end -->"


def renewed(page: str) -> str:
    """The page with the reference between its two markers written anew. ValueError when a marker is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} followed by {END}")
    return f"{before}{begin}\n\n{reference()}\n{end}{after}"


def reference() -> str:
    """All building blocks as Markdown: what each does, an example, a table of its parameters."""
    return "\n".join(_chapter(block) for block in blocks().values())


def _chapter(block: Block) -> str:
    required = block.schema.get("required", ())
    rows = "".join(_row(name, part, name in required) for name, part in block.schema["properties"].items())
    apart = f"Two uses differ in {' or '.join(f'`{name}`' for name in block.key)}." if block.key else "Used once."
    example = json.dumps({block.name: dict(block.example)}, ensure_ascii=False)
    return (
        f"### {block.name}\n\n{block.summary} {apart}\n\n```yaml\n- {example}\n```\n\n"
        f"| parameter | value | if left out | meaning |\n|---|---|---|---|\n{rows}"
    )


def _row(name: str, part: Mapping[str, Any], required: bool) -> str:
    left_out = "required" if required else json.dumps(part["default"]) if "default" in part else ""
    return f"| `{name}` | {phrase(part, part)} | {left_out} | {part['description']} |\n"


def main(path: str) -> None:
    page = Path(path)
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
