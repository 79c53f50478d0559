"""The console with 10,000 applications: what 200 open pages cost while nothing changes, and how soon lists come.

A page is what a browser holds: a live view of the home page, of the fleet or of an application, as server-sent events
that are read to their end. Each is read again every five minutes (the fleet, and the permission to look, every minute),
so they are opened one after the other over five minutes: all times of the same length then hold as many readings, and
each repeat is such a time. The web process is read from /proc.
Lists are asked for one after another, by a person who sees all applications, all of them in each repeat; the first
answer of each is not counted, as its caches may be empty.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

import httpx

from apps.models import Application
from bench.cpu import Meter, spent
from bench.figure import Figure, percentile
from bench.options import Options
from bench.testbed import Testbed
from deploy.demo import people
from paas.core.sse import READ_AGAIN

PAGES = 200
APPLICATIONS = 10_000
SECONDS = 20.0
ANSWERS = 40
OPEN_SECONDS = 120.0
HTTP_SECONDS = 60.0
MOST_CPU = 0.05
SECRET = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

CONSOLE, API = "console", "API"
LISTS = {
    (CONSOLE, "home"): "/console/",
    (CONSOLE, "applications"): "/console/applications/application/",
    (CONSOLE, "applications, not healthy"): "/console/applications/application/?health=ill",
    (CONSOLE, "applications, searched"): "/console/applications/application/?q=seed-099",
    (CONSOLE, "fleet"): "/console/clusters/cluster/",
    (CONSOLE, "projects"): "/console/applications/project/",
    (API, "applications"): "/api/v1/applications/",
    (API, "applications, not healthy"): "/api/v1/applications/?health=Unknown",
    (API, "environments"): "/api/v1/environments/",
    (API, "works"): "/api/v1/works/",
}
MOST_MS = {CONSOLE: 300, API: 100}


def measure(bed: Testbed, options: Options) -> Figure:
    """Seed what is missing, then pages, then lists."""
    count, seconds = options.applications or APPLICATIONS, options.seconds or SECONDS
    options.say(f"seeding {count} applications")
    bed.plane.python("manage.py", "seed_applications", str(count), "--production")
    figure = Figure(
        "pages",
        (__doc__ or "").strip(),
        {"applications": count, "pages": PAGES, "seconds": seconds, "answers of each list": ANSWERS},
    )
    with httpx.Client(base_url=bed.plane.server, trust_env=False, timeout=HTTP_SECONDS) as client:
        sign_in(client, people.ADMIN, json.loads((bed.plane.state / "logins.json").read_text())[people.ADMIN])
        options.say(f"{PAGES} open pages for {seconds:g} s")
        times = asyncio.run(open_pages(bed, addresses(PAGES), dict(client.cookies), [seconds] * options.repeats))
        shares, sent = zip(*times, strict=True)
        figure.add(f"CPU of the web process, {PAGES} pages, nothing changes", "cores", shares, at_most=MOST_CPU)
        figure.add("states sent meanwhile", "", sent)
        tails: dict[tuple[str, str], list[float]] = defaultdict(list)
        for number in range(options.repeats):
            options.say(f"lists, repeat {number + 1}")
            for (kind, name), address in LISTS.items():
                tails[kind, name].append(percentile(answers(client, [address] * (ANSWERS + 1)), 99))
        for (kind, name), found in tails.items():
            figure.add(f"{kind}: {name}, p99", "ms", found, at_most=MOST_MS[kind])
    return figure


def sign_in(client: httpx.Client, username: str, password: str) -> None:
    """As a browser does: the form's own secret, then the session's cookie."""
    form = client.get("/console/login/").raise_for_status().text
    found = SECRET.search(form)
    assert found is not None, "the console has no login form"
    said = {"login": username, "password": password, "csrfmiddlewaretoken": found[1]}
    answer = client.post("/console/login/", data=said, headers={"Referer": str(client.base_url)})
    assert answer.status_code == httpx.codes.FOUND, f"nobody was signed in: {answer.status_code}"


def answers(client: httpx.Client, addresses: Iterable[str]) -> list[float]:
    """Milliseconds until each whole answer was there, less the first one's."""
    taken = []
    for address in addresses:
        began = time.perf_counter()
        answer = client.get(address)
        taken.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == httpx.codes.OK, f"{address}: {answer.status_code}"
    return taken[1:]


async def open_pages(
    bed: Testbed, chosen: Sequence[str], cookies: dict[str, str], times: Sequence[float]
) -> list[tuple[float, float]]:
    """(cores of the web process, states that were sent to all pages) in each of these times, in seconds, one after the
    other, once all are open."""
    meter = Meter(lambda: {"web": [bed.pid("web")]})
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=bed.plane.server, cookies=cookies, trust_env=False, timeout=httpx.Timeout(HTTP_SECONDS), limits=limits
    ) as client:
        states: list[int] = []
        found: list[tuple[float, float]] = []
        async with _reading(client, chosen, states.append):
            for seconds in times:
                first, before, began = len(states), meter.read(), time.monotonic()
                await asyncio.sleep(seconds)
                used, lasted = spent(before, meter.read())["web"], time.monotonic() - began
                found.append((used / lasted, len(states) - first))
    return found


def addresses(count: int) -> list[str]:
    """Live views: one in ten of the home page and of the fleet each, the others of an application each."""
    found = Application.objects.filter(retired_at=None).order_by("pk").values_list("pk", flat=True)[:count]
    own = [f"/console/applications/application/{pk}/live/" for pk in found]
    shared = ["/console/applications/application/live/", "/console/clusters/cluster/live/"]
    return [shared[number % 10] if number % 10 < len(shared) else own[number % len(own)] for number in range(count)]


@asynccontextmanager
async def _reading(
    client: httpx.AsyncClient, chosen: Sequence[str], state: Callable[[int], None]
) -> AsyncIterator[None]:
    """Hold the streams open, each opened at its moment of the minute; yields when each has sent its first state."""
    opened: list[asyncio.Event] = [asyncio.Event() for _ in chosen]

    async def read(number: int) -> None:
        await asyncio.sleep(READ_AGAIN * number / len(chosen))
        async with client.stream("GET", chosen[number], headers={"Accept": "text/event-stream"}) as answer:
            assert answer.status_code == httpx.codes.OK, f"{chosen[number]}: {answer.status_code}"
            async for line in answer.aiter_lines():
                assert line != "event: refused", f"{chosen[number]} was refused"
                if line == "event: state":
                    opened[number].set()
                    state(number)
        raise AssertionError(f"{chosen[number]} ended")

    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(read(number)) for number in range(len(chosen))]
        async with asyncio.timeout(READ_AGAIN + OPEN_SECONDS):
            await asyncio.gather(*(each.wait() for each in opened))
        yield
        for each in reading:
            each.cancel()
