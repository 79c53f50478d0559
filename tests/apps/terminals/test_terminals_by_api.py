"""Opening a terminal by the API: two switches and a permission, a ticket good once, and recordings for few."""

import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.testing import ApplicationCommunicator
from django.utils import timezone

from apps import services
from apps.models import Environment, Terminal, TerminalPart
from apps.services import terminals
from apps.terminals import store
from clusters.faults import Unreachable
from clusters.models import Cluster, ClusterCredential
from clusters.terminal import Place
from paas.core.errors import Refusal
from paas.core.models import AuditEvent

ORDER = {"command": ["sh"], "reason": "a look"}


@pytest.fixture
def on(settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True})


@pytest.fixture
def environment(deploy, west):
    deploy(clusters=["east", "west"])
    for cluster in Cluster.objects.all():
        ClusterCredential.objects.create(cluster=cluster, token="canary-token")
    return Environment.objects.get()


@pytest.fixture
def address(environment):
    return f"/api/v1/environments/{environment.pk}/exec/"


@pytest.fixture
def allowed(environment, owner, on):
    return services.allow_exec(environment=environment, allowed=True, actor=owner)


@pytest.fixture
def running(monkeypatch):
    """What runs by cluster; an exception in its place is raised."""
    found = {"east": [], "west": []}

    async def places(access, namespace, selector, *, label):
        if isinstance(found[access.name], Exception):
            raise found[access.name]
        return [Place(namespace, name, "web") for name in found[access.name]]

    monkeypatch.setattr(terminals, "places", places)
    found["east"] = ["hello-web-1", "hello-web-2"]
    return found


def test_off_until_turned_on_twice(api, address, environment, owner, running, settings):
    answer = api(owner).post(address, ORDER, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "exec_off")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True})
    answer = api(owner).post(address, ORDER, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "exec_not_allowed")
    answer = api(owner).put(address, {"allowed": True, "reason": "an incident"}, format="json")
    assert (answer.status_code, answer.json()["allowed"]) == (200, True)
    event = AuditEvent.objects.get(action="environment.exec_changed")
    assert (event.before, event.after, event.reason) == (
        {"exec_allowed": False}, {"exec_allowed": True}, "an incident",
    )  # fmt: skip
    assert api(owner).post(address, ORDER, format="json").status_code == 201


def test_opening_one(api, address, allowed, owner, running):
    answer = api(owner).post(address, {**ORDER, "command": ["ls", "-l", ""]}, format="json").json()
    assert (answer["cluster"], answer["pod"], answer["container"]) == ("east", "hello-web-1", "web")
    row = Terminal.objects.get(pk=answer["id"])
    assert (row.command, row.opened_by, row.attached_at, row.ended_at) == (["ls", "-l", ""], owner, None, None)
    assert answer["ticket"] not in row.ticket
    event = AuditEvent.objects.get(action="terminal.opened")
    assert (event.actor, event.reason, event.after["pod"]) == (owner, "a look", "hello-web-1")
    assert "ticket" not in event.after


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_who_may_only_look_is_told_why_not(api, address, allowed, running, request, who):
    client = api(request.getfixturevalue(who))
    for answer in (client.post(address, ORDER, format="json"), client.put(address, {"allowed": False}, format="json")):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert client.get(address).json()["permitted"] is False
    assert not Terminal.objects.exists()


def test_for_strangers_it_is_not_there(api, address, allowed, stranger, running):
    for answer in (api(stranger).get(address), api(stranger).post(address, ORDER, format="json")):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"command": []}, 400, "command_invalid"),
        ({"command": [""]}, 400, "command_invalid"),
        ({"command": ["x" * 9000]}, 400, "command_invalid"),
        ({"cluster": "moon"}, 404, "cluster_not_found"),
        ({"process": "web,app!=x"}, 404, "process_not_found"),
        ({"cluster": "west"}, 409, "no_container"),
        ({"pod": "hello-web-3"}, 409, "no_container"),
    ],
)
def test_what_cannot_be(api, address, allowed, owner, running, changes, status, code):
    answer = api(owner).post(address, {**ORDER, **changes}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_cluster_that_is_cut_off_is_passed_over(api, address, allowed, owner, running):
    running["east"] = Unreachable("no route")
    answer = api(owner).post(address, ORDER, format="json")
    assert (answer.status_code, answer.json()["code"]) == (503, "cluster_unreachable")
    running["west"] = ["hello-web-9"]
    assert api(owner).post(address, ORDER, format="json").json()["cluster"] == "west"


@pytest.fixture
def opened(allowed, owner, running):
    return terminals.open_terminal(environment=allowed, actor=owner, command=["sh"], reason="a look")


def refused(**given):
    with pytest.raises(Refusal) as refusal:
        terminals.attach(**given)
    return refusal.value.code


def test_a_ticket_is_good_once_and_for_a_minute(opened):
    pk = opened.terminal.pk
    assert refused(terminal=pk, ticket="wrong") == "terminal_not_found"
    assert terminals.attach(terminal=pk, ticket=opened.ticket).attached_at is not None
    assert refused(terminal=pk, ticket=opened.ticket) == "terminal_not_found"
    Terminal.objects.update(attached_at=None, ends_at=timezone.now())
    assert refused(terminal=pk, ticket=opened.ticket) == "terminal_not_found"


def test_what_takes_it_away(opened, allowed, owner, admin, team, settings):
    from paas.identity import services as identity

    row = terminals.attach(terminal=opened.terminal.pk, ticket=opened.ticket)
    terminals.check(row)
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": False})
    with pytest.raises(Refusal, match="platform"):
        terminals.check(row)
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True})
    services.allow_exec(environment=allowed, allowed=False, actor=owner)
    with pytest.raises(Refusal, match="turned off in"):
        terminals.check(row)
    services.allow_exec(environment=allowed, allowed=True, actor=owner)
    identity.set_active(user=owner, active=False, actor=admin)
    with pytest.raises(Refusal):
        terminals.check(row)


def test_its_end_is_noted_once(opened):
    terminals.end_terminal(terminal=opened.terminal, ending="Exited", exit_code=3, bytes_out=5)
    terminals.end_terminal(terminal=opened.terminal, ending="Left")
    row = Terminal.objects.get()
    assert (row.ending, row.exit_code, row.bytes_out) == ("Exited", 3, 5)
    assert AuditEvent.objects.filter(action="terminal.ended").count() == 1


def test_what_a_lost_process_left_open_is_ended(opened):
    assert terminals.end_lost() == 0
    Terminal.objects.update(ends_at=timezone.now() - timedelta(minutes=2))
    assert terminals.end_lost() == 1
    assert Terminal.objects.get().ending == "NotAttached"


@pytest.mark.parametrize("where", ["rows", "files"])
def test_recordings_are_for_owners_and_operators(
    api, opened, owner, operator, viewer, stranger, settings, tmp_path, where
):
    if where == "files":
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_recordings": tmp_path / "casts"})
    pk = opened.terminal.pk
    terminals.end_terminal(terminal=opened.terminal, ending="Exited", exit_code=0)
    address = f"/api/v1/terminals/{pk}/recording/"
    assert api(owner).get(address).json()["code"] == "recording_not_found"
    for text in ('{"version": 2}\n', '[0.1, "o", "斗canary"]\n'):
        store.append(pk, text)
    for who in (owner, operator):
        read = api(who).get(address).content.decode()
        assert [json.loads(line) for line in read.splitlines()] == [{"version": 2}, [0.1, "o", "斗canary"]]
    assert api(viewer).get(address).status_code == 403
    assert api(stranger).get(address).status_code == 404
    assert api(viewer).get("/api/v1/terminals/").json()["results"][0]["opened_by"] == "olga"
    assert api(stranger).get("/api/v1/terminals/").json()["results"] == []
    for file in tmp_path.rglob("*.cast"):
        assert "canary" not in file.read_text()
    assert TerminalPart.objects.exists() is (where == "rows")
    Terminal.objects.update(ended_at=timezone.now() - timedelta(days=91))
    assert terminals.forget_recordings() == 1
    assert api(owner).get(address).json()["code"] == "recording_not_found"
    assert list(tmp_path.rglob("*.cast")) == []


def talk(path, *texts):
    """What a web socket of ours says to these texts, until it closes."""
    from paas.asgi import application

    async def go():
        socket = ApplicationCommunicator(application, {"type": "websocket", "path": path})
        await socket.send_input({"type": "websocket.connect"})
        for text in texts:
            await socket.send_input({"type": "websocket.receive", "text": text})
        said = []
        while not said or said[-1]["type"] != "websocket.close":
            said.append(await socket.receive_output(10))
        return said

    return asyncio.run(go())


def test_no_other_web_socket_is_there():
    assert talk("/console/") == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ['{"ticket": "wrong"}', "no json", "[]", "null"])
def test_without_a_ticket_nothing_is_opened(opened, text):
    _, ended, _ = talk(f"/api/v1/terminals/{opened.terminal.pk}/socket/", text)
    assert json.loads(ended["text"])["ending"] == "Refused"
    assert Terminal.objects.get().attached_at is None


@pytest.mark.django_db(transaction=True)
def test_a_cluster_without_a_minter_starts_nothing(opened):
    first = json.dumps({"ticket": opened.ticket})
    _, ended, _ = talk(f"/api/v1/terminals/{opened.terminal.pk}/socket/", first)
    assert json.loads(ended["text"])["ending"] == "NotStarted"
    assert Terminal.objects.get().ending == "NotStarted"
