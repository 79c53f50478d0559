"""`manage.py settings_reference > docs/settings.md`: every setting, from the settings object itself."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from django.conf import settings
from django.core.management.base import BaseCommand
from pydantic import SecretStr
from pydantic.fields import FieldInfo

BAR = "\\|"
HEAD = """# Settings

Every setting is an environment variable. This page is written by `manage.py settings_reference`; a test keeps it
complete.

| variable | kind | default | meaning |
|---|---|---|---|
"""


class Command(BaseCommand):
    """Prints Markdown."""

    help = "Print docs/settings.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """The whole page on standard output."""
        self.stdout.write(reference(), ending="")


def reference() -> str:
    """The page. `settings.DOUGONG` names its own variables and which are required, so that core need not know the
    shell.
    """
    kind = type(settings.DOUGONG)
    rows = [
        _row(kind.variable(name), field, required=name in kind.required()) for name, field in kind.model_fields.items()
    ]
    return HEAD + "\n".join(rows) + "\n"


def _row(variable: str, field: FieldInfo, *, required: bool) -> str:
    default = "**required in production**" if required else _default(field.default)
    return f"| `{variable}` | {_kind(field.annotation)} | {default} | {field.description} |"


def _default(value: Any) -> str:
    if value in (None, "", (), {}, SecretStr("")):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # A bar would end the cell.
    return f"`{text.replace('|', BAR)}`"


def _kind(annotation: Any) -> str:
    """The type in a reader's words."""
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return _kind(next(part for part in get_args(annotation) if part is not type(None)))
    if get_origin(annotation) is tuple:
        return "list"
    if get_origin(annotation) is dict:
        return "JSON"
    names = {bool: "`true` or `false`", int: "number", float: "number", str: "text", SecretStr: "secret"}
    return names.get(annotation, "path")
