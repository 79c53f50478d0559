"""My applications: one line each, found by search, filters and kept filters, at the same cost for many."""

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory
from django.urls import reverse

from apps import services
from apps.admin import ApplicationAdmin, ProjectAdmin
from apps.appfile import validate
from apps.models import Application, Environment, Project
from paas.core.models import AuditEvent, SavedFilter
from paas.core.site import console
from paas.identity import services as identity

LIST = reverse("admin:applications_application_changelist")


@pytest.fixture
def many(project, owner, east, west, document):
    """many(3, 30) deploys hello-3 to hello-29, on both clusters."""

    def make(start, end):
        for number in range(start, end):
            file = document(clusters=["east", "west"], host=f"h{number}.example", name=f"hello-{number:02}")
            services.deploy(project=project, app_file=validate(file), actor=owner)

    return make


@pytest.fixture
def listed(client, viewer):
    """listed("?health=ill") → names in the order of the list."""

    def get(query=""):
        client.force_login(viewer)
        answer = client.get(LIST + query)
        assert answer.status_code == 200
        return [each.name for each in answer.context["cl"].result_list]

    return get


@pytest.mark.parametrize("address", [LIST, reverse("admin:index")])
def test_the_same_cost_for_many_and_at_most_ten_queries(client, viewer, many, django_assert_max_num_queries, address):
    client.force_login(viewer)
    client.get(address)

    def count():
        with django_assert_max_num_queries(10) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    many(0, 3)
    few = count()
    many(3, 30)
    assert count() == few


def test_a_line_says_health_versions_and_who_deployed_last(client, viewer, deploy, observe):
    deploy(reason="first")
    observe(Environment.objects.get(), "Degraded")
    client.force_login(viewer)
    text = client.get(LIST).content.decode()
    for word in ("hello", "demo · crew", "Degraded", "production", "r1", "hello@aaaaaaaaaaaa", "olga"):
        assert word in text, word


def test_filters_narrow_the_list(listed, many, observe, deploy, client, viewer):
    many(0, 2)
    deploy(name="alone", host="alone.example")
    observe(Environment.objects.get(application__name="hello-00"), "Degraded")
    for name in ("hello-01", "alone"):
        observe(Environment.objects.get(application__name=name))
    assert listed("?health=ill") == ["hello-00"]
    assert listed("?health=Healthy") == ["alone", "hello-01"]
    assert listed("?cluster=west") == ["hello-00", "hello-01"]
    assert listed("?team=crew&project=demo") == ["alone", "hello-00", "hello-01"]
    assert listed("?project=other") == []
    assert listed("?q=alone") == ["alone"]


def test_an_empty_list_says_why(client, viewer, deploy):
    client.force_login(viewer)
    assert "No application yet." in client.get(LIST).content.decode()
    deploy()
    text = client.get(f"{LIST}?q=nothing").content.decode()
    assert "No application fits this search and these filters." in text
    assert "No application yet." not in text


class TestTheStreamOfTheList:
    @pytest.fixture
    def states(self, viewer):
        """states("?q=…", between) → the first state, and the next after `between` was done."""

        def read(query=""):
            request = RequestFactory().get(f"/{query}")
            request.user = viewer
            answer = ApplicationAdmin(Application, console).list_live(request)
            if answer.status_code != 200:
                return answer

            async def first():
                chunks = aiter(answer.streaming_content)
                return [await anext(chunks), await anext(chunks)][1]

            return async_to_sync(first)()

        return read

    def test_it_follows_the_query(self, states, many):
        many(0, 3)
        assert all(f"hello-0{number}".encode() in states() for number in range(3))
        found = states("?q=hello-01")
        assert (b"hello-01" in found, b"hello-02" in found) == (True, False)
        assert b"No application fits" in states("?q=nothing")

    def test_it_asks_for_the_permission_each_time(self, states, many, team, viewer, admin):
        many(0, 1)
        assert b"hello-00" in states()
        identity.remove_member(team=team, user=viewer, actor=admin)
        assert b"hello-00" not in states()

    def test_a_query_that_makes_no_sense_is_refused(self, states):
        assert states("?name__nothing=1").status_code == 400


def test_the_page_of_a_project_follows_and_asks_each_time(project, many, viewer, team, admin):
    many(0, 1)
    request = RequestFactory().get("/")
    request.user = viewer

    async def first():
        chunks = aiter(ProjectAdmin(Project, console).live(request, project.pk).streaming_content)
        return [await anext(chunks), await anext(chunks)][1]

    assert b"hello-00" in async_to_sync(first)()
    identity.remove_member(team=team, user=viewer, actor=admin)
    assert b"event: refused" in async_to_sync(first)()


def test_a_filter_is_kept_by_name_for_oneself(client, viewer, owner, deploy):
    deploy()
    client.force_login(viewer)
    kept = {"page": "applications_application", "name": "Ill ones", "query": "health=ill&p=3"}
    answer = client.post(reverse("admin:filters"), kept, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?health=ill", 302)]
    assert "Ill ones" in client.get(reverse("admin:index")).content.decode()
    made = SavedFilter.objects.get()
    assert (made.user, made.query) == (viewer, "health=ill")
    assert AuditEvent.objects.get(action="filter.saved").actor == viewer
    client.force_login(owner)
    assert "Ill ones" not in client.get(LIST).content.decode()
    client.post(reverse("admin:filter_remove", args=[made.pk]), {"page": made.page})
    assert SavedFilter.objects.exists()
    client.force_login(viewer)
    client.post(reverse("admin:filter_remove", args=[made.pk]), {"page": made.page})
    assert not SavedFilter.objects.exists()
    assert AuditEvent.objects.filter(action="filter.removed").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "n" * 61},
        {"query": ""},
        {"query": "p=2"},
        {"page": "nothing"},
        {"query": "q=" + "x" * 1000},
    ],
)
def test_what_is_no_filter_is_refused(client, viewer, change):
    client.force_login(viewer)
    kept = {"page": "applications_application", "name": "mine", "query": "health=ill", **change}
    assert "filter_invalid" in client.post(reverse("admin:filters"), kept, follow=True).content.decode()
    assert not SavedFilter.objects.exists()


def test_a_filter_of_the_same_name_is_replaced_and_there_is_an_end(client, viewer):
    client.force_login(viewer)
    kept = {"page": "clusters_cluster", "query": "state=ill"}
    for number in range(51):
        client.post(reverse("admin:filters"), {**kept, "name": f"n{number}"})
    assert SavedFilter.objects.count() == 50
    client.post(reverse("admin:filters"), {**kept, "name": "n1", "query": "state=cordoned"})
    assert SavedFilter.objects.get(name="n1").query == "state=cordoned"


def test_from_one_application_to_the_next(client, viewer, many, person):
    many(0, 3)
    client.force_login(viewer)

    def neighbours(name):
        application = Application.objects.get(name=name)
        context = client.get(reverse("admin:applications_application_change", args=[application.pk])).context
        return [context["before"] and context["before"].name, context["after"] and context["after"].name]

    assert neighbours("hello-00") == [None, "hello-01"]
    assert neighbours("hello-01") == ["hello-00", "hello-02"]
    assert neighbours("hello-02") == ["hello-01", None]
