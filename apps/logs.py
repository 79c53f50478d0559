"""The logs of an environment, live: from its pods on all its clusters, as server-sent events.

Called by the API and the console with a signed-in person; the permission "view" is asked at the start and every ten
seconds. Nobody shares a stream: each reads for one person, as the account of their team where the cluster grants that.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

import orjson
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from apps.models import Environment, Release
from apps.selectors.containers import containers_of
from apps.selectors.tenants import grants_logs, naming
from apps.services.rows import name_of
from clusters.mixer import Line
from clusters.models import Cluster, ClusterCredential
from clusters.sessions import Access, accesses_for
from clusters.stream import Query, pod_logs
from paas.core.errors import Invalid, NotFound, Refusal, Unavailable
from paas.core.permissions import Actor, fresh, require
from paas.core.problems import problem

DEFAULT_TAIL = 100
MOST_TAIL = 5000
LIFETIME = 3600.0
CHECK_SECONDS = 10.0
MOST_DIGITS = 9
TOKEN_SPARE = 60
COMPONENT = "app.kubernetes.io/component"

_open = 0


def stream(
    *,
    actor: Actor,
    environment: Environment,
    follow: bool = False,
    process: str = "",
    container: str = "",
    cluster: str = "",
    release: str = "",
    tail: int | None = None,
    since: str = "",
    previous: bool = False,
    most_a_second: int = 0,
    says_end: bool = False,
) -> StreamingHttpResponse:
    """Answer a request with the lines: events `line` {"cluster", "pod", "process", "release", "at", "line"}.

    They are those of the container that is called as its process, or of `container` in the pods that have one.
    "release" is the latest release that changed the workload of the line's pod, "r8", or empty where nothing tells.

    Without `follow`, or of `previous` containers, it ends with the last line; with `says_end` by an event `ended`.
    Where a cluster cannot be read an event with an empty "pod" says so. Where a pod writes more than is taken the
    oldest lines are left out, and an event with "dropped", their number, stands in their place.

    Raises:
        Invalid: `since_invalid`.
        NotFound: `environment_not_found`; `cluster_not_found`, where the environment is not on it; `release_not_found`;
            `container_not_found`, where no process, or not the one asked for, has it.
        Unavailable: `too_many_streams`, beyond DOUGONG_STREAM_LIMIT.
    """
    require(actor, "view", environment)
    if _open >= settings.DOUGONG.stream_limit:
        raise Unavailable("too_many_streams", "Too many live views are open.", remedy="Try again later.")
    clusters = _clusters(environment, cluster)
    names = {"app.kubernetes.io/name": environment.application.name, **({COMPONENT: process} if process else {})}
    query = Query(
        namespace=environment.namespace,
        selector=",".join(
            [*(f"{key}={_label(value)}" for key, value in names.items()), *([] if process else [COMPONENT])]
        ),
        container_label=COMPONENT,
        container=_container(environment, process, container),
        follow=follow and not previous,
        tail=min((MOST_TAIL if since else DEFAULT_TAIL) if tail is None else tail, MOST_TAIL),
        since=_moment(since),
        previous=previous,
        most_a_second=most_a_second,
        revisions={each.name: each for each in accesses_for(clusters)},
        release=_release(environment, release),
        person=name_of(actor),
        seconds=int(LIFETIME) + TOKEN_SPARE if follow else 0,
    )
    lines = events(actor, environment, _accesses(environment, clusters), query, says_end=says_end)
    response = StreamingHttpResponse(lines, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def events(
    actor: Actor, environment: Environment, accesses: list[Access], query: Query, *, says_end: bool = False
) -> AsyncGenerator[bytes, None]:
    """The stream's bytes."""
    global _open  # noqa: PLW0603 - a count of this process
    _open += 1
    begun = checked = time.monotonic()
    try:
        yield b"retry: 2000\n\n"
        async with aclosing(pod_logs(accesses, query)) as lines:
            async for line in lines:
                yield b": quiet\n\n" if line is None else b"event: line\ndata: " + _told(line) + b"\n\n"
                now = time.monotonic()
                if now - begun > LIFETIME:
                    return
                if now - checked > CHECK_SECONDS:
                    checked = now
                    await sync_to_async(_still_allowed)(actor, environment)
        if says_end:
            yield b"event: ended\ndata: {}\n\n"
    except Refusal as refusal:
        yield b"event: refused\ndata: " + orjson.dumps(problem(refusal)) + b"\n\n"
    finally:
        _open -= 1


def _told(line: Line) -> bytes:
    found: dict[str, str | int] = {
        "cluster": line.cluster,
        "pod": line.pod,
        "process": line.process,
        "release": line.release,
        "at": line.at,
        "line": line.text,
    }
    if line.dropped:
        found |= {"line": f"({line.dropped} lines left out)", "dropped": line.dropped}
    return orjson.dumps(found)


def _still_allowed(actor: Actor, environment: Environment) -> None:
    try:
        require(fresh(actor), "view", environment)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _accesses(environment: Environment, clusters: QuerySet[Cluster]) -> list[Access]:
    """As the team's account where the cluster grants it, as the platform's reader elsewhere."""
    bound = naming(environment)
    named = [each for each in clusters if each.pk in bound and grants_logs(each)]
    minters = accesses_for(named, ClusterCredential.Purpose.MINTER)
    by_person = {each.cluster_id for each in minters}
    return [*minters, *accesses_for(each for each in clusters if each.pk not in by_person)]


def _clusters(environment: Environment, name: str) -> QuerySet[Cluster]:
    clusters = Cluster.objects.filter(pk__in=environment.placements.values("cluster"))
    if name:
        clusters = clusters.filter(name=name)
        if not clusters.exists():
            raise NotFound("cluster_not_found", f"'{environment}' is on no cluster '{name[:80]}'.")
    return clusters


def _release(environment: Environment, said: str) -> str:
    """As it stands on our objects: `r8` of "8" and of "r8"."""
    number = said.removeprefix("r")
    if not said:
        return ""
    known = Release.objects.filter(environment=environment)
    if not number.isdecimal() or len(number) > MOST_DIGITS or not known.filter(number=int(number)).exists():
        raise NotFound("release_not_found", f"'{environment}' has no release '{said[:20]}'.")
    return f"r{int(number)}"


def _container(environment: Environment, process: str, said: str) -> str:
    if not said:
        return ""
    known = containers_of(environment)
    there = sorted({name for each, names in known.items() if process in ("", each) for name in names})
    if said not in there:
        of = f"'{process}'" if process else f"'{environment}'"
        rule = f"There are {', '.join(there)}." if there else "Nothing is declared there."
        raise NotFound("container_not_found", f"{of} has no container '{said[:80]}'.", rule=rule)
    return said


def _moment(since: str) -> str:
    """As Kubernetes reads it: RFC 3339, whole seconds of UTC."""
    if not since:
        return ""
    try:
        return f"{datetime.fromisoformat(since).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        raise Invalid("since_invalid", f"since: a time such as 2026-01-31T12:00:00Z, not '{since[:40]}'.") from None


def _label(value: str) -> str:
    """A label value; what is none would be read as more of the selector."""
    if not all(character.isalnum() or character in "-_." for character in value):
        raise NotFound("process_not_found", f"There is no process '{value[:80]}'.")
    return value
