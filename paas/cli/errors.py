"""How a command ends when it does not succeed, and what it tells. Pure.

Every failure is a CliError: an exit code for scripts, and for people what was refused, which rule holds and what to do
next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from paas.cli.hints import hint


class ExitCode(IntEnum):
    """The exit codes of `dougong`."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    UNREACHABLE = 5
    TIMED_OUT = 6
    CHANGES = 7


MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.REFUSED: "refused by the API, or by the cluster in `cluster join` and `leave`",
    ExitCode.USAGE: "the command line or a file it names is wrong",
    ExitCode.NOT_FOUND: "not there, or you may not view it",
    ExitCode.CONFLICT: "at odds with the present state, or changed since it was read",
    ExitCode.UNREACHABLE: "the control plane did not answer",
    ExitCode.TIMED_OUT: "timed out while watching; what was begun goes on",
    ExitCode.CHANGES: "there are changes: `diff` and `--dry-run` with `--exit-code`",
}


class CliError(Exception):
    """A command's failure.

    `errors` are entries {"path", "message"} or {"path", "expected", "got"}.
    """

    exit_code: ExitCode = ExitCode.REFUSED

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        rule: str = "",
        remedy: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.rule = rule
        self.remedy = remedy
        self.errors = list(errors)
        self.request_id = request_id

    def to_json(self) -> dict[str, Any]:
        """What `-o json` prints on standard error."""
        body: dict[str, Any] = {"code": self.code, "message": self.message, "rule": self.rule, "remedy": self.remedy}
        body |= {"errors": self.errors, "request_id": self.request_id, "exit_code": int(self.exit_code)}
        return {key: value for key, value in body.items() if value not in ("", [])}


class UsageError(CliError):
    """The command line, or a file it names, is wrong."""

    exit_code = ExitCode.USAGE


class MissingError(CliError):
    """There is no such thing."""

    exit_code = ExitCode.NOT_FOUND


class ConflictError(CliError):
    """At odds with the present state."""

    exit_code = ExitCode.CONFLICT


class UnreachableError(CliError):
    """No answer, or none that the control plane gave."""

    exit_code = ExitCode.UNREACHABLE


class DeadlineError(CliError):
    """What was waited for did not come about in time."""

    exit_code = ExitCode.TIMED_OUT


_BY_STATUS: Mapping[int, type[CliError]] = {
    404: MissingError,
    409: ConflictError,
    412: ConflictError,
    428: ConflictError,
    502: UnreachableError,
    503: UnreachableError,
    504: UnreachableError,
}
_NEXT: Mapping[int, str] = {
    401: "Sign in with `dougong login`.",
    404: "See what there is with `dougong apps` and `dougong cluster list`.",
    403: "Ask an owner of the team, or an operator.",
    412: "Read it again and repeat the command.",
    429: "Wait a little and repeat the command.",
    503: "Repeat the command later.",
}


def refusal(status: int, body: Any) -> CliError:
    """The failure that an HTTP answer tells of; `body` is decoded JSON (problem+json, as far as it is one) or text."""
    known = body if isinstance(body, Mapping) else {}
    kind = _BY_STATUS.get(status, CliError)
    code = str(known.get("code") or "")
    told = hint(code) or _NEXT.get(status) or (f"See `dougong explain {code}`." if code else "")
    message = known.get("detail") or known.get("title") or f"The control plane answered {status}."
    errors = [entry for entry in known.get("errors") or () if isinstance(entry, Mapping)]
    return kind(
        str(message),
        code=code or f"http_{status}",
        rule=str(known.get("rule") or ""),
        remedy=str(known.get("remedy") or told),
        errors=errors,
        request_id=str(known.get("request_id") or ""),
    )
