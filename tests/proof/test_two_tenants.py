"""No sequence of requests lets one team read or change what is another's, through anything that a request can name.

A seeded sample runs in `make test`; `make soak` runs 300 histories more. DOUGONG_SOAK_SEED repeats a run.
"""

import zlib

import hypothesis
import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from rest_framework.test import APIClient

from apps import services
from apps.models import Project
from apps.selectors.config import PLATFORM
from apps.services.config import Edit
from paas.core.site import console
from paas.identity import services as identity
from tests.proof.operations import BEFORE_SIGN_IN, BODIES, OPERATIONS, TAKES_BODY
from tests.proof.rows import Row, rows
from tests.proof.trespass import TRIED, Request, Trespass, changed, crossing
from tests.soak.result import SAMPLE_SEED, SEED

SAMPLE, STEPS = 15, 12
HISTORIES, MORE_STEPS = 300, 40


def run(stage, name, histories, steps):
    machine = hypothesis.seed(zlib.crc32(name.encode()))(lambda: Trespass(stage))
    how = settings(
        max_examples=histories,
        stateful_step_count=steps,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [SAMPLE_SEED])
def test_a_sample_of_histories(stage, seed):
    run(stage, seed, SAMPLE, STEPS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [SEED])
def test_many_histories(stage, soak_result, seed):
    run(stage, seed, HISTORIES, MORE_STEPS)
    soak_result("two-tenants", histories=HISTORIES, steps=HISTORIES * MORE_STEPS)


def test_every_operation_with_a_body_is_known():
    """A new one needs a good request to begin with."""
    assert TAKES_BODY - BEFORE_SIGN_IN - BODIES.keys() == set()


def test_what_is_another_s_is_as_if_it_were_not_there(stage):
    """The same status and the same words for what is A's and for what is nobody's; operators alone know of some."""
    asked = 0
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
            answers = [each.send(stage.b.client(who)) for each in (theirs, nobodys)]
            told = [said(answer).replace(each, "…") for answer, each in zip(answers, (known, unknown), strict=True)]
            assert told[0] == told[1], str(theirs)
            assert answers[0].status_code in ((403, 404) if operation.kind == "audit" else (400, 404)), str(theirs)
            asked += 1
    assert asked > 100


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


def test_pages_of_the_console(client, stage):
    """Every page about one thing, asked for A's by somebody of B."""
    client.force_login(stage.b.people["owner"])
    asked = 0
    for model in console._registry:
        for row in (each for each in stage.theirs if each.table == model._meta.db_table):
            for view in ("change", "history", "delete"):
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"
                answer = client.get(reverse(name, args=[row.key]))
                assert answer.status_code in (302, 403, 404), (name, answer.status_code)
                assert stage.net.found(answer.content) == []
                asked += 1
    assert asked > 10


def test_the_watch_sees_what_it_must(stage):
    """What would be a trespass is seen as one: a row that is changed, a row that refers."""
    Project.objects.filter(pk=stage.a.project.pk).update(title="Another")
    assert changed(stage.before, rows()) == [Row("applications_project", str(stage.a.project.pk))]
    project = Project.objects.create(team=stage.a.team, name="theirs", title="Theirs")
    row = Row("applications_project", str(project.pk))
    assert crossing(stage.theirs, stage.before) == [(row, "team_id", str(stage.a.team.pk))]


def absent(name):
    """Of the same form, and nobody's."""
    if name.isdigit():
        return str(2**40)
    return name[:-4] + ("0000" if name[-4:] != "0000" else "1111")


def said(answer):
    """Status and body, but for the id of the request."""
    body = answer.json()
    return f"{answer.status_code} { ({key: value for key, value in body.items() if key != 'request_id'}) }"
