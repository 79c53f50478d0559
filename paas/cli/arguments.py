"""Options that many commands have in common."""

from __future__ import annotations

from typing import Annotated

import typer

Reason = Annotated[str, typer.Option(help="Why, for the audit trail.")]
Role = Annotated[str, typer.Option(metavar="ROLE", help="owner, releaser, developer or viewer.")]
