"""What can go wrong between us and an API server, as values the loop can tell apart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

LONGEST_VALUE = 200
# What stands in the place of a secret in what a server said.
HIDDEN = "[hidden]"


class ClusterFault(Exception):  # noqa: N818 - a fault may be on either side
    """Base of everything a call to a cluster can raise."""


class Unreachable(ClusterFault):
    """No answer: refused, timed out, TLS or DNS failed, or the answer broke off. The cluster's breaker counts these."""


class NoDescriptors(Unreachable):
    """Nothing was asked, since this process or machine has no file descriptor left: that says nothing of the cluster,
    and no breaker counts it.
    """


class AddressNotAllowed(ClusterFault):
    """The server's name resolved to an address that the operator has not allowed; nothing was connected."""


class ApiRefused(ClusterFault):
    """The API server answered with an error Status.

    `status` is the HTTP code, `reason` the Status reason ("Conflict", "Invalid", …), `causes` its details.causes,
    `retry_after` seconds or None.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        causes: list[Mapping[str, Any]] | None = None,
        retry_after: float | None = None,
    ):
        message = message.replace("\0", "")  # no database keeps one
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes or []
        self.retry_after = retry_after

    @classmethod
    def of(cls, status: int, answer: Any, retry_after: str | None) -> ApiRefused:
        """From an HTTP status, the decoded body (a Status, other JSON, or text) and the Retry-After header."""
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
        if not isinstance(answer, dict):
            return cls(status, "", str(answer or "")[:500], retry_after=seconds)
        details = answer.get("details") or {}
        causes = list(details.get("causes") or [])
        message = _without_dumps(str(answer.get("message") or ""), causes)
        wait = seconds or details.get("retryAfterSeconds")
        return cls(status, str(answer.get("reason") or ""), message[:2000], causes=causes, retry_after=wait)

    @property
    def transient(self) -> bool:
        """The server asks to come back: too many requests or its own failure."""
        return self.busy or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def busy(self) -> bool:
        """The server asks to come back later, and nothing else is wrong with it."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def unauthorized(self) -> bool:
        """The credential itself is not accepted."""
        return self.status == HTTPStatus.UNAUTHORIZED

    @property
    def absent(self) -> bool:
        """The API server itself says that there is no such object; a balancer's own 404 tells nothing."""
        return self.status == HTTPStatus.NOT_FOUND and self.reason == "NotFound"

    def fenced(self) -> str | None:
        """Which rule of our own admission policy refused ("claim", "epoch", "namespace"), or None."""
        marker = "dougong-fence:"
        if marker not in self.message:
            return None
        words = self.message.split(marker, 1)[1].split()
        return words[0].rstrip(":,.") if words else ""


def _without_dumps(message: str, causes: list[Mapping[str, Any]]) -> str:
    """The message without the objects that a server prints in full where it takes a field of them for wrong."""
    for said in (str(each.get("message") or "") for each in causes):
        if len(said) > LONGEST_VALUE and said.startswith("Invalid value: "):
            message = message.replace(said, f"{said.partition(': ')[0]}: {said.rpartition(': ')[2]}")
    return message
