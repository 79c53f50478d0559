"""Searching an audit trail of 1,000,000 events: by API and in the console.

Events of a year, by 500 people on 20,000 objects, one in fifty refused. Each search is asked for again and again with
other words, one answer after another, by an operator, all of them in each repeat; the first answer is not counted.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
from django.db import connection, transaction

from bench.figure import Figure, percentile
from bench.options import Options
from bench.pages import HTTP_SECONDS, answers, sign_in
from bench.testbed import Testbed
from deploy.demo import people
from paas.core.audit.sealer import LOCK

EVENTS, PEOPLE, OBJECTS = 1_000_000, 500, 20_000
ACTIONS = (
    "environment.deployed", "environment.rolled_back", "secret.stored", "config.changed", "team.renamed",
    "terminal.opened", "token.created", "user.signed_in",
)  # fmt: skip
ANSWERS = 40
MOST_MS = 300
YEAR = timedelta(days=365)

# What the sealer has done with all others of their age; no process of the platform makes so many at once.
_SEED = """
    INSERT INTO core_auditevent (at, subject, actor_name, how, address, action, outcome, object_type, object_id,
        object_name, before, after, reason, request_id, signature, number, seal)
    SELECT now() - %(year)s::interval * (1 - n::float / %(events)s), md5('subject' || n %% %(people)s),
        'person-' || n %% %(people)s, 'token dgt_seed', '192.0.2.' || n %% 250,
        (%(actions)s::text[])[1 + n * 7 / 3 %% %(kinds)s], CASE WHEN n %% 50 = 0 THEN 'refused' ELSE 'done' END,
        'applications.Environment', md5('object' || n * 31 %% %(objects)s)::uuid, 'shop-' || n * 31 %% %(objects)s,
        '{"replicas": 2}', '{"replicas": 3}', 'because', md5('request' || n), 'seed:' || repeat('0', 64),
        (SELECT COALESCE(max(number), 0) FROM core_auditevent) + n, 'seed:' || repeat('0', 64)
    FROM generate_series(1, %(events)s) AS n
"""


def measure(bed: Testbed, options: Options) -> Figure:
    """Seed what is missing, then each search."""
    options.say(f"seeding {EVENTS} events")
    _seed()
    figure = Figure("audit", (__doc__ or "").strip(), {"events": EVENTS, "answers of each search": ANSWERS})
    dice = random.Random(1)
    with httpx.Client(base_url=bed.plane.server, trust_env=False, timeout=HTTP_SECONDS) as client:
        sign_in(client, people.ADMIN, json.loads((bed.plane.state / "logins.json").read_text())[people.ADMIN])
        tails: dict[str, list[float]] = defaultdict(list)
        for number in range(options.repeats):
            options.say(f"repeat {number + 1}")
            for kind, address, searches in (
                ("API", "/api/v1/audit/", API_SEARCHES),
                ("console", "/console/core/auditevent/", CONSOLE_SEARCHES),
            ):
                for name, asked in searches.items():
                    taken = answers(client, [f"{address}?{urlencode(asked(dice))}" for _ in range(ANSWERS + 1)])
                    tails[f"{kind}: {name}, p99"].append(percentile(taken, 99))
        for name, found in tails.items():
            figure.add(name, "ms", found, at_most=MOST_MS)
    return figure


Search = Callable[[random.Random], dict[str, str]]


def _person(dice: random.Random) -> str:
    return f"person-{dice.randrange(PEOPLE)}"


def _object(dice: random.Random) -> str:
    return f"shop-{dice.randrange(OBJECTS)}"


def _moment(dice: random.Random, *, least_days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=dice.randrange(least_days, YEAR.days))


def _an_hour(dice: random.Random) -> dict[str, str]:
    since = _moment(dice, least_days=1)
    return {"since": since.isoformat(), "until": (since + timedelta(hours=1)).isoformat()}


API_SEARCHES: dict[str, Search] = {
    "newest": lambda _: {},
    "a person": lambda dice: {"actor": _person(dice)},
    "a person who did nothing": lambda dice: {"actor": f"nobody-{dice.random()}"},
    "an action": lambda dice: {"action": dice.choice(ACTIONS)},
    "a person's actions of a kind": lambda dice: {"actor": _person(dice), "action": "secret."},
    "an object by name": lambda dice: {"object": _object(dice)},
    "an object by id": lambda dice: {"object_id": f"{dice.getrandbits(128):032x}"},
    "a request": lambda dice: {"request": f"{dice.getrandbits(128):032x}"},
    "refused": lambda _: {"outcome": "refused"},
    "an hour of some day": _an_hour,
    "before some day": lambda dice: {"until": _moment(dice, least_days=300).isoformat()},
    "a person before some day": lambda dice: {
        "actor": _person(dice), "until": _moment(dice, least_days=300).isoformat(),
    },
}  # fmt: skip
CONSOLE_SEARCHES: dict[str, Search] = {
    "newest": lambda _: {},
    "a person": lambda dice: {"q": _person(dice)},
    "an object by name": lambda dice: {"q": _object(dice)},
    "what nobody did": lambda dice: {"q": f"nothing-{dice.random()}"},
    "an action of the last day": lambda dice: {"action": dice.choice(ACTIONS), "hours": "24"},
    "refused": lambda _: {"outcome": "refused"},
}


def _seed() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_auditevent WHERE signature LIKE 'seed:%%'")
        if cursor.fetchone() == (EVENTS,):
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            _SEED,
            {
                "events": EVENTS, "people": PEOPLE, "objects": OBJECTS, "actions": [*ACTIONS], "kinds": len(ACTIONS),
                "year": f"{YEAR.days} days",
            },
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE core_auditevent")
