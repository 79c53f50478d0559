"""A process that carries out one request to the API, and dies while it does: by `kill -9` at a step, or at any moment.

    said = json.dumps({"token": …, "method": "put", "address": …, "body": …, "step": "committing", "left": 0})

MORTAL_REHEARSAL is one that changes nothing, without a step.

One warmed process forks one for each line (`tests/clusters/reconcile/faults/killing.py`). Hints go to a broker within
the process and die with it: none is ever heard.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

from tests.clusters.reconcile.faults.killing import serve

# Before or after the n-th statement is sent, n being `left`; before the first COMMIT, once it is sent and before one
# hears of it, after it and before what follows; before the first hint, after it; at any moment: in `left`
# milliseconds.
STEPS = ("unsent", "unheard", "uncommitted", "committing", "committed", "unhinted", "hinted", "anywhere")
NAME = "mortal"
REFUSED = 3


def die(*_given: Any, **_named: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str, left: int) -> None:
    """Let this process die at the step."""
    from django.db import connection

    from clusters import wake

    match step:
        case "unsent" | "unheard":
            connection.execute_wrappers.append(_at_statement(left, sent=step == "unheard"))
        case "uncommitted":
            connection._commit = die
        case "committing":
            connection._commit = lambda: die(connection.connection.pgconn.send_query(b"COMMIT"))
        case "committed":
            connection._commit = _then_die(connection._commit)
        case "unhinted":
            wake._ring = die
        case "hinted":
            wake._ring = _then_die(wake._ring)
        case "anywhere":
            # Nothing catches this signal either, and it needs nobody who sends it.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1) / 1000)


def _then_die(act: Callable[..., Any]) -> Callable[..., Any]:
    def both(*given: Any) -> None:
        act(*given)
        die()

    return both


def _at_statement(left: int, *, sent: bool) -> Callable[..., Any]:
    count = iter(range(left, -1, -1))

    def wrapper(execute: Callable[..., Any], *given: Any) -> Any:
        last = next(count, None) == 0
        if last and not sent:
            die()
        answer = execute(*given)
        if last:
            die()
        return answer

    return wrapper


def ask(said: str) -> None:
    """Carry it out; a process that comes to the end has been refused (REFUSED), or had no such step."""
    order = json.loads(said)
    arm(order["step"], order["left"])
    if send(order) >= 400:
        os._exit(REFUSED)


def send(order: dict[str, Any]) -> int:
    """The status of the answer."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {order['token']}")
    act = getattr(client, order["method"])
    return int(act(order["address"], order["body"], headers={"If-Match": "*"}).status_code)


if __name__ == "__main__":
    import django
    from django.db import connections
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    import paas.celery  # noqa: F401 - the broker within the process

    # A rehearsal: what the first request loads is not to be each one's.
    assert send(json.loads(os.environ["MORTAL_REHEARSAL"])) == 200
    connections.close_all()
    serve(ask)
