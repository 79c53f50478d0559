"""How many queries each endpoint takes: as tests/query_counts.txt says, whatever the number of rows. And what it
answers: as the examples of the OpenAPI file say.

Both files are reviewed like code: `make answers` writes them anew, and the difference is read.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from apps.api.answers import FILE
from apps.services import terminals
from clusters.terminal import Place
from paas.core.audit.circumstances import under_way
from paas.identity import services as identity
from tests.apps.api.answers import examples, written
from tests.apps.api.everything import read, write
from tests.apps.api.world import World
from tests.proof.operations import OPERATIONS

BASELINE = Path(__file__).parents[2] / "query_counts.txt"
WRITE = "DOUGONG_WRITE_ANSWERS"
MOST = 10
FEW, MANY = 2, 6
UNCOUNTED = {
    "applications_status_stream": "lasts for minutes; each reading is `applications_status`",
    "environments_logs": "lasts for minutes, and reads the clusters",
    "audit_export": "is sent while it is read, a thousand events a query",
}


@pytest.fixture(autouse=True)
def _no_request_under_way():
    """None of another test: the audit trail would tell from where that came."""
    under_way.set(None)


@pytest.fixture
def world(api, owner, person, admin, team, project, document, make_cluster, settings, monkeypatch):
    settings.DOUGONG = settings.DOUGONG.model_copy(
        update={"exec_enabled": True, "cluster_networks": ["198.18.0.0/15"], "login_rate": "1000/min"}
    )
    # Noted once a minute, so now and then a query more.
    monkeypatch.setattr(identity, "USE_NOTED_EVERY", timedelta(days=1))

    async def places(access, namespace, selector, *, label):
        return [Place(namespace, "hello-web-1", "web")]

    monkeypatch.setattr(terminals, "places", places)
    identity.set_operator(user=owner, operator=True, actor=admin)
    other = person("otto", team, "owner")
    return World(api(owner), owner, api(other), other, api(), admin, team, project, document, make_cluster)


def counted(world):
    """Name → number of queries, of one request each."""
    before = len(world.asked)
    read(world)
    write(world)
    return {each.name: each.queries for each in world.asked[before:]}


def lines(counts):
    return [f"{count:4} {name}" for name, count in counts.items()]


@pytest.mark.timeout(900)
def test_each_takes_as_many_whatever_the_number_of_rows(world):
    world.grow(FEW)
    counted(world)  # what a process asks once
    shown = written(examples(world.asked))
    few = counted(world)
    if os.environ.get(WRITE):
        BASELINE.write_text("\n".join(lines(few)) + "\n")
        FILE.write_text(shown)
    world.grow(MANY)
    counted(world)  # what the new rows change once: a team's grounds follow what it was given
    many = counted(world)
    assert lines(many) == lines(few)
    assert lines(few) == BASELINE.read_text().splitlines()
    assert not {name: count for name, count in few.items() if name.startswith("GET") and count > MOST}
    asked = {each.operation for each in world.asked}
    assert {each.id for each in OPERATIONS} - asked == UNCOUNTED.keys()
    assert shown == FILE.read_text()
