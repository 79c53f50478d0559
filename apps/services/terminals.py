"""Terminals in containers: the switch of an environment, opening one, and how it ended.

`open_terminal` decides who may and which container it is; the cluster is asked for its pods, as for live logs. What it
returns is a ticket that one web socket (`apps.terminals.socket`) shows within a minute.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.models import Environment, Terminal
from apps.services.environments import announce, held
from apps.services.rows import name_of, person
from apps.terminals import store
from clusters.faults import ClusterFault
from clusters.models import Cluster
from clusters.sessions import accesses_for, on_loop
from clusters.terminal import Place, places
from paas.core import audit
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from paas.core.permissions import Actor, fresh, require
from paas.core.rows import edit

COMPONENT = "app.kubernetes.io/component"
TICKET_SECONDS = 60
# Past its end by so much, the process that served it is gone.
LOST = timedelta(minutes=1)
MOST_WORDS, MOST_CHARACTERS = 100, 8192
Ending = Terminal.Ending


@dataclass(frozen=True)
class Opened:
    """A terminal that waits for its web socket, which shows the ticket within TICKET_SECONDS."""

    terminal: Terminal
    ticket: str = field(repr=False)


def allow_exec(*, environment: Environment, allowed: bool, actor: Actor, reason: str = "") -> Environment:
    """Turn terminals in an environment on or off; off ends those that are open, within seconds.

    Raises:
        Conflict: `environment_retiring`.
    """
    require(actor, "own", environment)
    with transaction.atomic():
        environment = held(environment)
        if edit(environment, actor=actor, action="environment.exec_changed", reason=reason, exec_allowed=allowed):
            announce(environment.application)
    return environment


def open_terminal(
    *,
    environment: Environment,
    actor: Actor,
    command: Sequence[str],
    tty: bool = True,
    process: str = "",
    cluster: str = "",
    pod: str = "",
    reason: str = "",
) -> Opened:
    """Choose a running container, the newest that is ready where nothing narrower is said, and hand out a ticket.

    Raises:
        Forbidden: `exec_off` for the platform, `exec_not_allowed` for the environment.
        Invalid: `command_invalid`.
        NotFound: `cluster_not_found`, `process_not_found`.
        Conflict: `no_container`.
        Unavailable: `cluster_unreachable`.
    """
    require(actor, "exec", environment)
    _check_switches(environment)
    _check_command(command)
    where, place = _place(environment, process, cluster, pod)
    ticket = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = Terminal.objects.create(
            environment=environment,
            cluster=where,
            pod=place.pod,
            container=place.container,
            command=list(command),
            tty=tty,
            reason=reason,
            opened_by=person(actor),
            opened_by_name=name_of(actor),
            ticket=_digest(ticket),
            ends_at=timezone.now() + timedelta(seconds=TICKET_SECONDS),
        )
        after = {"terminal": str(row.pk), "tty": tty, **_where(row)}
        audit.record(actor=actor, action="terminal.opened", target=environment, after=after, reason=reason)
    return Opened(row, ticket)


def attach(*, terminal: UUID, ticket: str) -> Terminal:
    """Take the ticket, once. Its time begins now.

    Raises:
        NotFound: `terminal_not_found`, also where the ticket is wrong, used or too old.
        Refusal: the person may not any more.
    """
    now = timezone.now()
    waiting = Terminal.objects.filter(
        pk=terminal, ticket=_digest(ticket), attached_at=None, ended_at=None, ends_at__gt=now
    )
    if not waiting.update(attached_at=now, ends_at=now + timedelta(minutes=settings.DOUGONG.exec_minutes)):
        raise NotFound("terminal_not_found", "There is no such terminal to attach to, or its ticket was used.")
    row = Terminal.objects.select_related("environment__application__project__team", "opened_by").get(pk=terminal)
    check(row)
    return row


def check(terminal: Terminal) -> None:
    """Whether it may go on, by what holds now. Raises Refusal."""
    row = Terminal.objects.select_related("environment__application__project__team", "opened_by").get(pk=terminal.pk)
    require(fresh(row.opened_by), "exec", row.environment)
    _check_switches(row.environment)
    if row.ended_at is not None:
        raise Conflict("terminal_ended", "This terminal has been ended.")
    if not row.environment.placements.filter(cluster__name=row.cluster).exists():
        raise Conflict("environment_moved", f"'{row.environment}' is no longer on {row.cluster}.")


def end_terminal(
    *,
    terminal: Terminal,
    ending: str,
    message: str = "",
    exit_code: int | None = None,
    bytes_in: int = 0,
    bytes_out: int = 0,
) -> None:
    """Note how it ended; the first to say so is right."""
    now = timezone.now()
    ended = {"ending": ending, "exit_code": exit_code, "bytes_in": bytes_in, "bytes_out": bytes_out}
    with transaction.atomic():
        open_ = Terminal.objects.filter(pk=terminal.pk, ended_at=None)
        if not open_.update(ended_at=now, message=message[:500], **ended):
            return
        begun = terminal.attached_at or terminal.created_at
        after = {"terminal": str(terminal.pk), "seconds": round((now - begun).total_seconds()), **ended}
        audit.record(
            actor=terminal.opened_by, action="terminal.ended", target=terminal.environment,
            after={**after, **_where(terminal)}, reason=terminal.reason,
        )  # fmt: skip


def end_lost() -> int:
    """End those whose web socket never came, or whose process is gone; how many."""
    late = Terminal.objects.filter(ended_at=None, ends_at__lt=timezone.now() - LOST)
    rows = list(late.select_related("environment", "opened_by"))
    for row in rows:
        end_terminal(terminal=row, ending=Ending.SERVER_LOST if row.attached_at else Ending.NOT_ATTACHED)
    return len(rows)


def forget_recordings() -> int:
    """Delete recordings older than DOUGONG_EXEC_RECORDING_DAYS; how many terminals were that old."""
    before = timezone.now() - timedelta(days=settings.DOUGONG.exec_recording_days)
    old = Terminal.objects.filter(ended_at__lt=before).exclude(ticket="")
    ids = list(old.values_list("pk", flat=True)[:1000])
    store.forget(ids)
    # Without a ticket: its recording is gone.
    return Terminal.objects.filter(pk__in=ids).update(ticket="")


def _check_switches(environment: Environment) -> None:
    if not settings.DOUGONG.exec_enabled:
        raise Forbidden(
            "exec_off",
            _("Terminals are turned off on this platform."),
            rule=_("They are off until an operator sets DOUGONG_EXEC_ENABLED."),
            remedy=_("Ask an operator of the platform."),
        )
    if not environment.exec_allowed or environment.retiring_at is not None:
        raise Forbidden(
            "exec_not_allowed",
            _("Terminals are turned off in '%(environment)s'."),
            rule=_("They are off in each environment until an owner of its team turns them on."),
            remedy=_("An owner does it with `dougong exec APP ENV --allow`, or on the terminal's page."),
            params={"environment": environment},
        )


def _check_command(command: Sequence[str]) -> None:
    if not command or len(command) > MOST_WORDS or sum(map(len, command)) > MOST_CHARACTERS or not command[0]:
        raise Invalid(
            "command_invalid",
            "A terminal needs a command.",
            rule=f"1 to {MOST_WORDS} words, {MOST_CHARACTERS} characters together.",
        )
    if any("\0" in word for word in command):
        raise Invalid("command_invalid", "A command holds no NUL.")


def _place(environment: Environment, process: str, cluster: str, pod: str) -> tuple[str, Place]:
    """The first cluster, by name, on which a container runs."""
    clusters = Cluster.objects.filter(pk__in=environment.placements.values("cluster"))
    if cluster:
        clusters = clusters.filter(name=cluster)
        if not clusters.exists():
            raise NotFound("cluster_not_found", f"'{environment}' is on no cluster '{cluster[:80]}'.")
    if not all(character.isalnum() or character in "-_." for character in process):
        raise NotFound("process_not_found", f"There is no process '{process[:80]}'.")
    selector = f"app.kubernetes.io/name={environment.application.name},{COMPONENT}{f'={process}' if process else ''}"
    faults: list[str] = []
    for access in sorted(accesses_for(clusters), key=lambda each: each.name):
        try:
            found = on_loop(places(access, environment.namespace, selector, label=COMPONENT))
        except ClusterFault as fault:
            faults.append(f"{access.name}: {fault}")
            continue
        for place in found:
            if pod in ("", place.pod):
                return access.name, place
    if faults:
        raise Unavailable("cluster_unreachable", f"No container was found: {'; '.join(faults)}.", remedy="Try later.")
    what = f"pod '{pod[:80]}'" if pod else f"process '{process}'" if process else "process"
    raise Conflict("no_container", f"No {what} of '{environment}' runs.", remedy="`dougong status` says why.")


def _where(row: Terminal) -> dict[str, object]:
    return {"cluster": row.cluster, "pod": row.pod, "container": row.container, "command": row.command}


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
