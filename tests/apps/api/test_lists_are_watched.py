"""`?watch=true` on a list: its first page on connect, then the rows that differ, and those that go."""

import asyncio
from contextlib import aclosing

import orjson
import pytest
from asgiref.sync import async_to_sync, sync_to_async

from apps import services
from apps.models import Application, Environment
from clusters import registry
from clusters.models import Cluster
from paas.core import sse
from paas.identity import revocation
from paas.identity import services as identity

APPLICATIONS = "/api/v1/applications/"
CLUSTERS = "/api/v1/clusters/"
EVENTS = "text/event-stream"
PATIENCE = 20

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _soon(settings, monkeypatch):
    """Nobody hints: the lists are read again and again."""
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    monkeypatch.setattr(sse, "POLL", 0.01)
    monkeypatch.setattr(sse, "_client", None)


@pytest.fixture
def hello(deploy):
    deploy()
    return Application.objects.get()


@pytest.fixture
def watch(async_client):
    """Watch as somebody: `steps` are done one after the other, each once the events before it have come; what came of
    each is returned, as (event, data). A stream that ends gives None at last.
    """

    def go(user, address, *steps):
        token, _ = identity.create_token(user=user, name="watch", actor=user)

        async def come(chunks):
            """The next events that are no comments."""
            async with asyncio.timeout(PATIENCE):
                async for chunk in chunks:
                    if found := [each for each in map(_event, chunk.decode().split("\n\n")) if each]:
                        return found
            return None

        async def read():
            answer = await async_client.get(address, headers={"Authorization": f"Bearer {token}", "Accept": EVENTS})
            assert (answer.status_code, answer["Content-Type"]) == (200, EVENTS)
            # The stream itself: what Django wraps around it closes it no sooner than it is forgotten.
            async with aclosing(answer._iterator) as chunks:
                came = [await come(chunks)]
                for step in steps:
                    await sync_to_async(step)()
                    came.append(await come(chunks))
                return came

        return async_to_sync(read)()

    return go


def _event(text):
    found = dict(line.split(": ", 1) for line in text.split("\n") if ": " in line and not line.startswith(":"))
    return (found["event"], orjson.loads(found["data"])) if "event" in found else None


def state(came):
    [(event, data)] = came
    assert event == "state"
    return data


def test_the_list_at_first_and_then_the_row_that_differs(watch, api, hello, viewer, owner):
    def grows():
        services.create_environment(project=hello.project, application="hello", name="staging", actor=owner)

    first, [(event, row)] = watch(viewer, f"{APPLICATIONS}?watch=true", grows)
    [listed] = state(first)["results"]
    assert state(first)["more"] is False
    assert (listed["id"], listed["etag"]) == (str(hello.pk), f'"{hello.version}"')
    assert [each["name"] for each in listed["object"]["environments"]] == ["production"]
    assert (event, row["id"]) == ("changed", str(hello.pk))
    [now] = api(viewer).get(APPLICATIONS).json()["results"]
    assert row["object"] == now


def test_a_row_that_comes_and_one_that_goes(watch, hello, deploy, viewer, owner):
    def goes():
        services.retire(application=hello, actor=owner, confirm="hello", reason="")
        Application.objects.filter(pk=hello.pk).update(retired_at=hello.created_at)

    first, [(event, row)], [gone] = watch(
        viewer, f"{APPLICATIONS}?watch=true&fields=name", lambda: deploy(name="other", host="other.example"), goes
    )
    assert state(first)["results"] == [{"id": str(hello.pk), "etag": f'"{hello.version}"', "object": {"name": "hello"}}]
    assert (event, row["object"]) == ("changed", {"name": "other"})
    assert gone == ("removed", {"id": str(hello.pk)})


def test_filters_hold(watch, hello, deploy, viewer, owner):
    """What does not fit says nothing; the next that is heard is of what does."""

    def both():
        deploy(name="other", host="other.example")
        services.create_environment(project=hello.project, application="hello", name="staging", actor=owner)

    first, came = watch(viewer, f"{APPLICATIONS}?watch=true&name=hello", both)
    assert [row["id"] for row in state(first)["results"]] == [str(hello.pk)]
    assert {row["id"] for _event, row in came} == {str(hello.pk)}


def test_a_page_is_watched_and_says_that_the_list_goes_on(watch, hello, deploy, viewer):
    deploy(name="other", host="other.example")
    [first] = watch(viewer, f"{APPLICATIONS}?watch=true&limit=1")
    assert [row["id"] for row in state(first)["results"]] == [str(hello.pk)]
    assert state(first)["more"] is True


def test_who_loses_the_role_loses_the_rows(watch, hello, team, viewer, owner):
    first, came = watch(
        viewer, f"{APPLICATIONS}?watch=true", lambda: identity.remove_member(team=team, user=viewer, actor=owner)
    )
    assert len(state(first)["results"]) == 1
    assert came == [("removed", {"id": str(hello.pk)})]


def test_who_is_signed_out_is_refused_and_it_ends(watch, hello, viewer, admin):
    first, [(event, problem)], end = watch(
        viewer,
        f"{APPLICATIONS}?watch=true",
        lambda: revocation.end_access(viewer, "gone", actor=admin),
        lambda: None,
    )
    assert len(state(first)["results"]) == 1
    assert (event, problem["code"]) == ("refused", "not_authenticated")
    assert end is None


def test_environments_are_watched(watch, hello, viewer, owner):
    def guarded():
        services.protect_environment(environment=Environment.objects.get(), protected=True, actor=owner, reason="it is")

    first, [(event, row)] = watch(viewer, "/api/v1/environments/?watch=true&application=hello", guarded)
    assert state(first)["results"][0]["object"]["protected"] is False
    assert (event, row["object"]["protected"]) == ("changed", True)
    assert row["etag"] != state(first)["results"][0]["etag"]


def test_clusters_are_watched(watch, east, viewer, operator):
    def cordoned():
        registry.cordon(cluster=Cluster.objects.get(name="east"), actor=operator, reason="maintenance")

    first, [(event, row)] = watch(viewer, f"{CLUSTERS}?watch=true&name=east", cordoned)
    assert [each["object"]["spec"]["cordoned"] for each in state(first)["results"]] == [False]
    assert (event, row["object"]["spec"]["cordoned"]) == ("changed", True)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"{APPLICATIONS}?watch=true&cursor=cD0y", "watch_without_cursor"),
        (f"{CLUSTERS}?watch=true&cursor=cD0y", "watch_without_cursor"),
        (f"{APPLICATIONS}?watch=yes", "invalid"),
        (f"{APPLICATIONS}?watch=true&fields=nothing", "field_unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(api, viewer, address, code):
    answer = api(viewer).get(address)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_too_many_are_refused(api, viewer, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"stream_limit": 0})
    answer = api(viewer).get(f"{APPLICATIONS}?watch=true")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")


def test_a_list_without_watch_is_a_page_as_ever(api, viewer):
    assert api(viewer).get(APPLICATIONS).json() == {"next": None, "previous": None, "results": []}
    assert api(viewer).get(APPLICATIONS, headers={"Accept": EVENTS}).status_code == 406
