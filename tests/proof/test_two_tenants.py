"""No sequence of requests lets one team read or change what is another's, through anything that a request can name.

A seeded sample runs in `make test`; `make soak` runs DOUGONG_SOAK_TENANTS histories more (300), ten a test, and goes on
after a failure. DOUGONG_SOAK_SEED repeats a run.
"""

import os
import re
import zlib

import hypothesis
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from rest_framework.test import APIClient

from apps import services
from apps.models import Project
from apps.selectors.config import PLATFORM
from apps.services.config import Edit
from paas.identity import services as identity
from tests.proof.operations import BEFORE_SIGN_IN, BODIES, OPERATIONS, TAKES_BODY
from tests.proof.rows import Row, rows
from tests.proof.trespass import TRIED, Request, Trespass, changed, crossing
from tests.soak.result import SAMPLE_SEED, SEED

SAMPLE, STEPS = 15, 12
HISTORIES, MORE_STEPS = int(os.environ.get("DOUGONG_SOAK_TENANTS", "300")), 40
OF_A_TEST = 10


def run(stage, name, histories, steps):
    machine = hypothesis.seed(zlib.crc32(name.encode()))(lambda: Trespass(stage))
    how = settings(
        max_examples=histories,
        stateful_step_count=steps,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [SAMPLE_SEED])
def test_a_sample_of_histories(stage, seed):
    run(stage, seed, SAMPLE, STEPS)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [f"{SEED}-{first}" for first in range(0, HISTORIES, OF_A_TEST)])
def test_many_histories(stage, soak_result, name):
    done = 0
    try:
        run(stage, name, OF_A_TEST, MORE_STEPS)
        done = OF_A_TEST
    finally:
        soak_result("two_tenants", asked=OF_A_TEST, histories=done, steps=done * MORE_STEPS)


def test_every_operation_with_a_body_is_known():
    """A new one needs a good request to begin with."""
    assert TAKES_BODY - BEFORE_SIGN_IN - BODIES.keys() == set()


def test_what_is_another_s_is_as_if_it_were_not_there(stage):
    """The same status, the same words and the same statements for what is A's and for what is nobody's, so that neither
    an answer nor its time tells; operators alone know of some.
    """
    asked, slower = 0, []
    for operation in (each for each in OPERATIONS if each.names):
        theirs = Request(operation, stage)
        for name in operation.names:
            theirs.put(("path", name))
        if not theirs.leads_to(stage):
            continue
        first = operation.names[0]
        known, unknown = theirs.places[first], absent(theirs.places[first])
        nobodys = Request(operation, stage)
        nobodys.places = {**theirs.places, first: unknown}
        for who in ("owner", "viewer", "machine"):
            answers, statements = zip(
                *(heard(each.send, stage.b.client(who)) for each in (theirs, nobodys)), strict=True
            )
            if statements[0] != statements[1]:
                slower.append((str(theirs), *statements))
            told = [said(answer).replace(each, "…") for answer, each in zip(answers, (known, unknown), strict=True)]
            assert told[0] == told[1], str(theirs)
            assert answers[0].status_code in ((403, 404) if operation.kind == "audit" else (400, 404)), str(theirs)
            asked += 1
    assert asked > 100
    assert slower == []


@pytest.mark.timeout(300)
def test_what_a_body_or_a_query_can_name(stage):
    """Each place of each request, with what stands there for A and with other names of A's, as the owner of B."""
    names = [None, stage.a.team.name, stage.a.project.name, str(stage.a.environment.pk)]
    client = stage.b.client("owner")
    holes = [(each, hole) for each in TRIED for hole in Request(each, stage).holes if hole[0] != "path"]
    for operation, hole in holes:
        with transaction.atomic():
            for name in names:
                request = Request(operation, stage)
                request.put(hole, name)
                answer = request.send(client)
                assert answer.status_code < 500, str(request)
                assert stage.net.found(answer.content) == [], str(request)
            assert changed(stage.before, rows()) == [], (operation.id, hole)
            assert crossing(stage.theirs, stage.before) == [], (operation.id, hole)
            transaction.set_rollback(True)
    assert {operation.id for operation, _ in holes} > BODIES.keys() - {"config_proposals_accept"}


def test_a_change_of_the_platform_tells_no_team_of_another(stage):
    """An operator's act that makes releases of both at once: each is told of its own, and of the act."""
    services.change_config(scope=PLATFORM, edit=Edit({"NOTICE_OF_ALL": "all"}, {}), actor=stage.on.operator)
    work = stage.b.work
    address = f"/api/v1/whodid/?work={work.pk}&generation={work.generation}"
    told = stage.b.client("viewer").get(address)
    assert told.status_code == 200
    assert stage.net.found(told.content) == []
    own = {each["object_name"] for each in told.json()["events"]}
    assert any("hello-b" in each for each in own), own
    assert not any("hello-a" in each for each in own), own
    operators, _ = identity.create_token(user=stage.on.operator, name="a", actor=stage.on.operator)
    everything = APIClient().get(address, headers={"Authorization": f"Bearer {operators}"}).json()["events"]
    assert any("hello-a" in each["object_name"] for each in everything)


def test_the_watch_sees_what_it_must(stage):
    """What would be a trespass is seen as one: a row that is changed, a row that refers."""
    Project.objects.filter(pk=stage.a.project.pk).update(title="Another")
    assert changed(stage.before, rows()) == [Row("applications_project", str(stage.a.project.pk))]
    project = Project.objects.create(team=stage.a.team, name="theirs", title="Theirs")
    row = Row("applications_project", str(project.pk))
    assert crossing(stage.theirs, stage.before) == [(row, "team_id", str(stage.a.team.pk))]


def heard(act, *given):
    """What came, and the statements that it took, less what was looked for: these tell how long it takes. That a token
    is used is noted once a minute, whatever it asks for.
    """
    with CaptureQueriesContext(connection) as seen:
        answer = act(*given)
    statements = [re.sub(r"'[^']*'|\b\d+\b", "…", each["sql"]) for each in seen.captured_queries]
    return answer, [each for each in statements if not each.startswith('UPDATE "identity_apitoken"')]


def absent(name):
    """Of the same form, and nobody's."""
    if name.isdigit():
        return str(2**40)
    return name[:-4] + ("0000" if name[-4:] != "0000" else "1111")


def said(answer):
    """Status and body, but for the id of the request."""
    body = answer.json()
    return f"{answer.status_code} { ({key: value for key, value in body.items() if key != 'request_id'}) }"
