"""HTTP to the control plane. The only module that imports httpx."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from paas.cli.errors import UnreachableError, UsageError, refusal

SECONDS = 30.0
CONNECT_SECONDS = 5.0
# A live stream is silent between two lines; the server sends a comment at least this often.
SILENT_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """An accepted request's answer: decoded JSON (None where there is none) and the ETag."""

    status: int
    body: Any
    etag: str = ""


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: str


def path(*parts: str) -> str:
    """`path("clusters", name)` → "/api/v1/clusters/<name>/", each part quoted."""
    return "/api/v1/" + "".join(f"{quote(part, safe='')}/" for part in parts)


class Http:
    """One control plane, as one person. Redirects are never followed: a token goes where it was meant to go."""

    def __init__(
        self,
        server: str,
        token: str = "",
        *,
        seconds: float = SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        address = urlsplit(server)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise UsageError(f"{server!r} is no address of a control plane.", remedy="Such as https://dougong.example")
        self.server = server.rstrip("/")
        headers = {"Accept": "application/json", "User-Agent": "dougong-cli"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # The system's own store of authorities, and SSL_CERT_FILE; not the list that ships with httpx.
        context = ssl.create_default_context()
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        self._client = httpx.Client(
            base_url=self.server, headers=headers, timeout=timeout, verify=context, transport=transport
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(
        self,
        method: str,
        at: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send JSON and return the answer.

        Raises:
            CliError: refused, by status (see `errors`).
            UnreachableError: no answer.
        """
        try:
            got = self._client.request(method, at, json=body, params=params, headers=headers)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        decoded = _decoded(got)
        if not got.is_success:
            raise refusal(got.status_code, decoded)
        if decoded is None and got.content:
            raise UnreachableError(f"{self.server} is no control plane: its answer is not JSON.")
        return Answer(got.status_code, decoded, got.headers.get("ETag", ""))

    def form(self, at: str, fields: Mapping[str, str]) -> Answer:
        """Send a form, as OAuth has it; an error in OAuth's words is an answer like any other.

        Raises:
            CliError: refused in any other words.
            UnreachableError: no answer.
        """
        try:
            got = self._client.post(at, data=dict(fields))
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        decoded = _decoded(got)
        if not isinstance(decoded, dict) or not (got.is_success or "error" in decoded):
            raise refusal(got.status_code, decoded)
        return Answer(got.status_code, decoded)

    def pages(self, at: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every entry of a paged list."""
        query = dict(params or {})
        while True:
            body = self.send("GET", at, params=query).body
            if isinstance(body, list):
                yield from body
                return
            yield from body.get("results", [])
            if not body.get("next"):
                return
            # Only the cursor is taken from it: behind a proxy the server may not know its own address.
            query |= dict(httpx.QueryParams(urlsplit(body["next"]).query))

    def download(self, at: str, params: Mapping[str, str], to: Path) -> int:
        """Write an answer to a file as it comes; how many bytes.

        Raises:
            CliError: refused.
            UsageError: the file cannot be written.
            UnreachableError: no answer, or it broke off.
        """
        try:
            with self._client.stream("GET", at, params=dict(params), headers={"Accept": "*/*"}) as got:
                if not got.is_success:
                    got.read()
                    raise refusal(got.status_code, _decoded(got))
                with to.open("wb") as file:
                    return sum(file.write(chunk) for chunk in got.iter_bytes())
        except OSError as error:
            raise UsageError(f"{to} cannot be written: {error.strerror}.") from None
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def events(self, at: str, params: Mapping[str, str] | None = None) -> Iterator[Event]:
        """The events of a stream until the server ends it.

        Raises:
            CliError: refused, before the stream or in it (an event `refused` carries a problem).
            UnreachableError: it broke off.
        """
        timeout = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
        headers = {"Accept": "text/event-stream"}
        try:
            with self._client.stream("GET", at, params=params, headers=headers, timeout=timeout) as got:
                if not got.is_success:
                    got.read()
                    raise refusal(got.status_code, _decoded(got))
                for event in _events(got.iter_lines()):
                    if event.name == "refused":
                        problem = json.loads(event.data)
                        raise refusal(int(problem.get("status", 400)), problem)
                    yield event
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def lines(self, at: str) -> Iterator[str]:
        """The lines of a text. Raises as `events` does."""
        try:
            with self._client.stream("GET", at, headers={"Accept": "*/*"}) as got:
                if not got.is_success:
                    got.read()
                    raise refusal(got.status_code, _decoded(got))
                # Not httpx's own: it breaks lines at every character that Unicode calls a line's end.
                rest = ""
                for piece in got.iter_text():
                    *whole, rest = (rest + piece).split("\n")
                    yield from whole
                if rest:
                    yield rest
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: httpx.TransportError) -> UnreachableError:
        what = str(error) or type(error).__name__
        return UnreachableError(
            f"{self.server} does not answer: {what}", code="unreachable", remedy="Check the address and the network."
        )


def _decoded(got: httpx.Response) -> Any:
    try:
        return json.loads(got.content)
    except ValueError:
        return None


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events of a stream of lines (the WHATWG rules, less ids and retry times)."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event(name, "\n".join(data))
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
