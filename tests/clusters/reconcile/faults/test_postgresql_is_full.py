"""The database's disk is full: a change is refused in words and as a whole, what was delivered is recorded afterwards.

All goes on by itself when there is room again. What need not be written is answered all the while, so `/readyz` stays.
"""

from contextlib import suppress

import pytest
from django.db import DatabaseError, OperationalError
from rest_framework.test import APIClient

from clusters.models import Work
from paas.identity import services
from paas.identity.models import Team
from tests.clusters.reconcile.faults.postgresql import small_disk

TOO_MANY = 500


@pytest.fixture
def disk(cluster):
    with small_disk() as made:
        yield made


@pytest.fixture
def api(db):
    """The API, asked by an administrator."""
    person = services.bootstrap_admin(username="admin", password="a long password")
    token, _ = services.create_token(user=person, name="test", actor=person)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_change_is_refused_whole_and_made_when_there_is_room(api, disk):
    disk.fill()
    answers = [api.post("/api/v1/teams/", {"name": f"team-{number}"}) for number in range(TOO_MANY)]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
    assert int(refused["Retry-After"]) > 0
    made = sum(each.status_code == 201 for each in answers)
    assert Team.objects.count() == made
    assert api.get("/api/v1/teams/").status_code == 200
    assert api.get("/readyz").json()["checks"]["database"] == "ok"
    disk.empty()
    assert api.post("/api/v1/teams/", {"name": "last"}).status_code == 201


def test_the_loop_goes_on_when_there_is_room(disk, submit, ground, config, drain, until, healthy, admin):
    work = submit("application", [*ground, config("a", key="0")])
    until(lambda: healthy(work))
    disk.fill()
    number = 0
    with pytest.raises(OperationalError, match="No space left"):
        for number in range(1, TOO_MANY):
            submit("application", [*ground, *(config(f"c{each}", key=f"{number}" * 999) for each in range(20))])
    known = Work.objects.get(pk=work.pk).generation
    with suppress(DatabaseError):
        drain()
    disk.empty()
    until(lambda: healthy(work))
    assert Work.objects.get(pk=work.pk).generation == known == number
