"""The release history: any two releases of an environment compared, and what a rollback would change shown first."""

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory
from django.urls import reverse

from apps import services
from apps.admin import releases
from apps.models import Environment, Release
from paas.identity import services as identity


@pytest.fixture
def application(deploy, configure, owner):
    made = deploy(reason="first").application
    deploy(greeting="hi", host="hi.example", reason="another host")
    configure(made, LEVEL="debug", reason="look")
    return made


@pytest.fixture
def shown(client, application):
    """shown(user, old=1, new=2) → the page's context."""

    def get(user, **query):
        client.force_login(user)
        answer = client.get(reverse("admin:applications_application_releases", args=[application.pk]), query)
        assert answer.status_code == 200
        return answer.context

    return get


def test_the_last_two_unless_told(shown, viewer):
    context = shown(viewer)
    assert (context["one"].number, context["other"].number) == (2, 3)
    assert ("Key LEVEL on east", "not set", "debug") in context["differing"]["facts"]
    assert [each.number for each in context["releases"]] == [3, 2, 1]
    assert context["twin"].startswith("dougong diff demo/hello -e production --from r2 --to r3 · GET /api/v1/releases/")


def test_any_two(shown, viewer):
    differing = shown(viewer, old="1", new="2")["differing"]
    assert differing["facts"] == [("Routes", "hello.example/", "hi.example/")]
    [cluster] = differing["objects"]
    changed = {row["id"]: row["badge"] for row in cluster["rows"]}
    assert any(name.startswith("HTTPRoute/") and "Added" in badge for name, badge in changed.items())
    assert any(name.startswith("HTTPRoute/") and "Removed" in badge for name, badge in changed.items())
    assert {"+", "-"} <= {line["sign"] for line in differing["lines"]}


def test_what_is_no_release_of_it_falls_back_to_the_last_two(shown, viewer):
    context = shown(viewer, old="99", new="x", environment="nowhere")
    assert (context["one"].number, context["other"].number) == (2, 3)


def test_the_releases_follow_and_the_permission_is_asked_each_time(application, viewer, team, admin):
    request = RequestFactory().get("/", {"environment": "production"})
    request.user = viewer

    async def first():
        chunks = aiter(releases.live(request, application.pk).streaming_content)
        return [await anext(chunks), await anext(chunks)][1]

    assert b"another host" in async_to_sync(first)()
    identity.remove_member(team=team, user=viewer, actor=admin)
    assert b"event: refused" in async_to_sync(first)()


def test_one_release_has_nothing_to_be_compared_with(client, deploy, owner, viewer):
    made = deploy().application
    client.force_login(viewer)
    page = client.get(reverse("admin:applications_application_releases", args=[made.pk]))
    assert page.context["differing"] == {}
    services.create_environment(project=made.project, application="hello", name="empty", actor=owner)
    page = client.get(reverse("admin:applications_application_releases", args=[made.pk]), {"environment": "empty"})
    assert "Nothing has been deployed yet." in page.content.decode()


def test_a_rollback_shows_what_a_dry_run_says(client, application, owner, viewer):
    client.force_login(owner)
    first, last = Release.objects.get(number=1), Release.objects.get(number=3)
    page = client.get(reverse("admin:applications_release_rollback", args=[first.pk]))
    [cluster] = page.context["differing"]["objects"]
    assert any(row["id"].startswith("HTTPRoute/") for row in cluster["rows"])
    assert ("Key LEVEL on east", "debug", "not set") in page.context["differing"]["facts"]
    assert Release.objects.count() == 3
    text = client.get(reverse("admin:applications_release_rollback", args=[last.pk])).content.decode()
    assert "already_running" in text


def test_who_may_not_see_it_finds_nothing(client, application, stranger):
    client.force_login(stranger)
    assert client.get(reverse("admin:applications_application_releases", args=[application.pk])).status_code == 404
    old, new = Release.objects.filter(number__lt=3).order_by("number")
    assert client.get(reverse("admin:applications_release_compare", args=[old.pk, new.pk])).status_code == 404
    assert Environment.objects.get().current_release.number == 3
