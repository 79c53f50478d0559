"""The reference of the building blocks, a page each and an index, written from the blocks themselves.

`python -m apps.reference docs/blocks` (`make block-pages`) renews it; a test fails while pages and blocks differ. Pure
but for `main`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from apps.blocks import Block, blocks
from apps.schemas import phrase
from apps.spec import thaw

INDEX = """\
# The building blocks

Made by `make block-pages` from the blocks themselves; do not edit by hand. How they come together to an
application is in [the app file](../app-file.md).

| block | does |
|---|---|
"""
# Each is deployed to a real cluster there, by the test that has its name.
TRIED = "tests/apps/lab/test_each_block_does_what_it_is_for.py"


def pages() -> dict[str, str]:
    """Each page of the folder by its file's name: one for each block, and README.md with all of them."""
    rows = "".join(f"| [`{name}`]({name}.md) | {block.summary} |\n" for name, block in blocks().items())
    return {"README.md": INDEX + rows, **{f"{name}.md": page(block) for name, block in blocks().items()}}


def page(block: Block) -> str:
    """A block as Markdown: what it does, its example as it stands in an app file, a table of its parameters."""
    required = block.schema.get("required", ())
    rows = "".join(_row(name, part, name in required) for name, part in block.schema["properties"].items())
    apart = f"Two uses differ in {' or '.join(f'`{name}`' for name in block.key)}." if block.key else "Used once."
    return (
        f"# `{block.name}`\n\n{block.about}\n\n{apart}\n\n```yaml\n{example(block)}```\n\n"
        f"`test_{block.name}` in `{TRIED}` deploys this example to a real cluster.\n\n"
        f"| parameter | value | if left out | meaning |\n|---|---|---|---|\n{rows}\n"
        "[All building blocks](README.md), [the app file](../app-file.md).\n"
    )


def example(block: Block) -> str:
    """The example as YAML of an app file."""
    uses = {"blocks": [{block.name: thaw(block.example)}]}
    return str(yaml.safe_dump(uses, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110))


def _row(name: str, part: Mapping[str, Any], required: bool) -> str:
    left_out = "required" if required else json.dumps(part["default"]) if "default" in part else ""
    return f"| `{name}` | {phrase(part, part)} | {left_out} | {part['description']} |\n"


def main(path: str) -> None:
    folder = Path(path)
    folder.mkdir(exist_ok=True)
    made = pages()
    for each in folder.glob("*.md"):
        if each.name not in made:
            each.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
