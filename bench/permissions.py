"""The list of 10,000 applications with permissions on objects, against the same list without any check.

Who asks, each with an API token for the first page of 50: a superuser, of whom nothing is checked; somebody who sees
all applications by their teams; somebody with a role on 20 of 400 projects alone. Rates are of four requests at a time,
the three in turn in each repeat. Then 50 requests a second come at their moments, whether the one before was answered
or not: what counts is the time from that moment to the whole answer. The web process runs as often as there are cores,
and each request comes by a connection of its own, as from as many people, so that a process takes it that is free.
Those who ask run on the same cores; what they take of them is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx

from apps.models import Project
from apps.services import create_project, set_project_member
from bench.cpu import Meter, spent
from bench.figure import Figure, percentile
from bench.options import Options
from bench.testbed import Testbed
from deploy.control_plane import environment
from deploy.control_plane.group import ROOT
from deploy.demo import people
from deploy.lab.commands import until
from paas.identity import services
from paas.identity.models import Team, User

APPLICATIONS, PROJECTS, THEIRS = 10_000, 400, 20
SECONDS = 10.0
AT_ONCE, A_SECOND = 4, 50
PORT = 28601
LIST = "/api/v1/applications/"
UNCHECKED, BY_TEAM, BY_PROJECT = "without checks", "all, by team", f"{THEIRS} of {PROJECTS} projects"
LEAST_RATE, MOST_MS = 0.7, 100
HTTP_SECONDS = 60.0


@dataclass
class Asking:
    """A person who asks, and what came of it in each repeat.

    rates  answers a second
    tails  the p99 at 50 a second, in ms
    costs  CPU of an answer of those, in ms, by who spent it
    """

    token: str
    rates: list[float]
    tails: list[float]
    costs: list[dict[str, float]]


def measure(bed: Testbed, options: Options) -> Figure:
    """Seed what is missing, then all three in turn."""
    count, repeats = options.applications or APPLICATIONS, options.repeats
    seconds = options.seconds or SECONDS
    options.say(f"seeding {count} applications")
    bed.plane.python("manage.py", "seed_applications", str(count), "--production")
    options.say("people and projects")
    asking = {name: Asking(token, [], [], []) for name, token in _tokens().items()}
    workers = len(os.sched_getaffinity(0))
    with _web(bed, workers) as (server, meter):
        pages = {name: asyncio.run(_names(server, each.token)) for name, each in asking.items()}
        assert pages[BY_TEAM] == pages[UNCHECKED], "who sees all by team does not see the same page"
        options.say(f"{len(pages[UNCHECKED])} applications on the first page, {len(pages[BY_PROJECT])} of {BY_PROJECT}")
        for number in range(repeats):
            options.say(f"repeat {number + 1}")
            for each in asking.values():
                each.rates.append(asyncio.run(rate(server, each.token, seconds / 2)))
            for each in asking.values():
                before, own = meter.read(), time.process_time()
                taken = asyncio.run(arrivals(server, each.token, A_SECOND, seconds))
                cost = {"those who ask": time.process_time() - own, **spent(before, meter.read())}
                each.tails.append(percentile(taken, 99))
                each.costs.append({who: 1000 * cpu / len(taken) for who, cpu in cost.items()})
    settings = {
        "applications": count,
        "projects": PROJECTS,
        "processes": workers,
        "at once": AT_ONCE,
        "seconds": seconds,
    }
    return _figure(asking, settings)


def _figure(asking: dict[str, Asking], settings: dict[str, Any]) -> Figure:
    figure = Figure("permissions", (__doc__ or "").strip(), settings)
    for name, each in asking.items():
        figure.add(f"{name}: rate", "answers/s", each.rates)
    for name in (BY_TEAM, BY_PROJECT):
        pairs = zip(asking[name].rates, asking[UNCHECKED].rates, strict=True)
        figure.add(f"{name}: rate against {UNCHECKED}", "×", [ours / theirs for ours, theirs in pairs],
                   at_least=LEAST_RATE)  # fmt: skip
    for name, each in asking.items():
        most = None if name == UNCHECKED else MOST_MS
        figure.add(f"{name}: {A_SECOND} a second, p99", "ms", each.tails, at_most=most)
        for who in each.costs[0]:
            figure.add(f"{name}: CPU of {who}", "ms/answer", [cost[who] for cost in each.costs])
    return figure


async def rate(server: str, token: str, seconds: float) -> float:
    """Answers a second, some requests under way all the time."""
    async with _client(server, token) as client:
        ends = time.perf_counter() + seconds

        async def ask() -> int:
            count = 0
            while time.perf_counter() < ends:
                await _get(client)
                count += 1
            return count

        began = time.perf_counter()
        counts = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
        return sum(counts) / (time.perf_counter() - began)


async def arrivals(server: str, token: str, a_second: int, seconds: float) -> list[float]:
    """Milliseconds from the moment at which each request was to come to its whole answer."""
    async with _client(server, token) as client:
        began = time.perf_counter()

        async def ask(number: int) -> float:
            moment = began + number / a_second
            await asyncio.sleep(max(moment - time.perf_counter(), 0))
            await _get(client)
            return 1000 * (time.perf_counter() - moment)

        return list(await asyncio.gather(*(ask(number) for number in range(int(a_second * seconds)))))


async def _names(server: str, token: str) -> list[str]:
    async with _client(server, token) as client:
        return [each["name"] for each in json.loads(await _get(client))["results"]]


async def _get(client: aiohttp.ClientSession) -> bytes:
    async with client.get(LIST) as answer:
        assert answer.status == httpx.codes.OK, f"{LIST}: {answer.status}"
        return await answer.read()


def _client(server: str, token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        server,
        headers={"Authorization": f"Bearer {token}"},
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        timeout=aiohttp.ClientTimeout(HTTP_SECONDS),
    )


@contextmanager
def _web(bed: Testbed, workers: int) -> Iterator[tuple[str, Meter]]:
    """The web process of the Procfile, so many times, beside the one that runs: its address, and who takes CPU."""
    words = [
        "-m",
        "uvicorn",
        "paas.asgi:application",
        "--port",
        str(PORT),
        "--no-access-log",
        "--workers",
        str(workers),
    ]
    env = {**environment.without_settings(os.environ), **bed.plane.env, "DOUGONG_DATABASE_POOL": "20"}
    server = f"http://127.0.0.1:{PORT}"
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(server), "the web processes", 60)
        yield server, Meter(lambda: {"web": [process.pid], "postgres": [bed.part("parts/postgres")]})
    finally:
        process.terminate()
        process.wait(HTTP_SECONDS)


def _answers(server: str) -> bool:
    try:
        return httpx.get(f"{server}/readyz", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _tokens() -> dict[str, str]:
    """Who asks; made where they are missing, with all the projects, a role of somebody else on each."""
    admin = User.objects.get(username=people.ADMIN)
    teams = list(Team.objects.filter(name__startswith="seed-").order_by("name"))
    for number in range(Project.objects.filter(name__startswith="seed-").count(), PROJECTS):
        name = f"seed-{number:03}"
        create_project(team=teams[number % len(teams)], name=name, title=name, actor=admin)
    projects = list(Project.objects.filter(name__startswith="seed-").order_by("name"))
    member, guest, other = (_person(name, admin) for name in ("member", "guest", "other"))
    for team in Team.objects.all():
        services.add_member(team=team, user=member, role="viewer", actor=admin)
    for number, project in enumerate(projects):
        set_project_member(project=project, user=other, role="developer", actor=admin)
        if number < THEIRS:
            set_project_member(project=project, user=guest, role="viewer", actor=admin)
    found = {UNCHECKED: admin, BY_TEAM: member, BY_PROJECT: guest}
    return {name: services.create_token(user=user, name="bench", actor=user)[0] for name, user in found.items()}


def _person(name: str, admin: User) -> User:
    found = User.objects.filter(username=name).first()
    return found or services.create_user(username=name, password=f"{name} likes long lists", actor=admin)
