"""Signing in by a code that is approved in a browser, on this machine or any other: the asking side of RFC 8628."""

from __future__ import annotations

from collections.abc import Callable

from paas.cli.client import Client
from paas.cli.errors import CliError, DeadlineError, UnreachableError
from paas.cli.watch import Clock

SLOWER = 5  # seconds, where the control plane says slow_down


def sign_in(client: Client, scope: str, machine: str, say: Callable[[str], None], clock: Clock) -> str:
    """Say where the code is to be approved, wait until it is, and return the token.

    A control plane that is away for a moment is waited for.

    Raises:
        CliError: `access_denied`, or what else the control plane says.
        DeadlineError: `expired_token`: nobody approved it in time.
    """
    begun = client.begin_sign_in(scope, machine)
    if "device_code" not in begun:
        raise _told(begun)
    say(f"Open {begun['verification_uri_complete']}")
    say(f"or {begun['verification_uri']} and enter the code  {begun['user_code']}")
    every, deadline = float(begun.get("interval", 5)), clock.now() + float(begun["expires_in"])
    while clock.now() < deadline:
        clock.sleep(every)
        try:
            answer = client.finish_sign_in(str(begun["device_code"]))
        except UnreachableError:
            continue
        if token := answer.get("access_token"):
            return str(token)
        if answer.get("error") == "slow_down":
            every += SLOWER
        elif answer.get("error") != "authorization_pending":
            raise _told(answer)
    raise _too_late()


def _told(answer: dict[str, object]) -> CliError:
    code = str(answer.get("error") or "")
    if code == "expired_token":
        return _too_late()
    remedy = "Run `dougong login` again, or use a token: `--token-stdin`."
    return CliError(str(answer.get("error_description") or "Refused."), code=code, remedy=remedy)


def _too_late() -> DeadlineError:
    return DeadlineError(
        "Nobody approved the sign-in in time.", code="expired_token", remedy="Run `dougong login` again."
    )
