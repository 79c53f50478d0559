"""What every part of the API has in common, as the commands use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paas.cli.http import Http

Body = dict[str, Any]
DRY_RUN = {"dryRun": "true"}


class Calls:
    """The parts of the client are made of these. Each method of theirs raises CliError where the API refuses."""

    def __init__(self, http: Http) -> None:
        self.http = http

    def _as_seen(self, at: str) -> dict[str, str]:
        """The header that makes a change one of what is there now."""
        return {"If-Match": self.http.send("GET", at).etag}

    def _object(
        self,
        method: str,
        at: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Body:
        found = self.http.send(method, at, body=body, headers=headers, params=params).body
        return found if isinstance(found, dict) else {}
