"""The examples of the OpenAPI file: what each operation was sent and answered once, kept in `answers.json`.

`make answers` writes that file; a test fails where another answer is given. Named in the settings of drf-spectacular.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS = "text/event-stream"
FILE = Path(__file__).with_name("answers.json")


def add_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Show them with their operations; a request that is shown already stays, and so do events."""
    kept = json.loads(FILE.read_text())
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and (found := kept.get(operation.get("operationId"))):
                _show(operation, found)
    return result


def _show(operation: dict[str, Any], found: dict[str, Any]) -> None:
    if "request" in found:
        for media in operation["requestBody"]["content"].values():
            media.setdefault("examples", {"request": {"value": found["request"]}})
    for status, answers in found["answers"].items():
        for kind, media in operation["responses"][status]["content"].items():
            if kind == EVENTS:
                continue
            media["examples"] = {title: {"value": value} for title, value in answers.items()}
