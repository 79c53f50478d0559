"""The palette finds what a person may see, and nothing else."""

import pytest
from django.urls import reverse

from apps import services
from apps.models import Environment, Release

PALETTE = reverse("admin:palette")


@pytest.fixture
def found(client):
    """found(user, "hel") → titles by kind."""

    def get(user, term):
        client.force_login(user)
        answer = client.get(PALETTE, {"q": term})
        assert answer.status_code == 200
        by_kind = {}
        for each in answer.json()["hits"]:
            by_kind.setdefault(each["kind"], []).append(each["title"])
        return by_kind

    return get


@pytest.fixture
def application(deploy):
    made = deploy().application
    deploy(greeting="hi")
    return made


def test_applications_environments_projects_and_clusters_by_a_part_of_their_name(found, application, viewer):
    assert found(viewer, "hell")["application"] == ["hello"]
    assert found(viewer, "demo/hello")["application"] == ["hello"]
    assert found(viewer, "prod")["environment"] == ["hello/production"]
    assert found(viewer, "hello/prod")["environment"] == ["hello/production"]
    assert found(viewer, "dem")["project"] == ["demo"]
    assert found(viewer, "eas")["cluster"] == ["east"]


@pytest.mark.parametrize("term", ["r2", "2", "hello r2", "hello/production r2", "hello production 2"])
def test_releases_by_number(found, application, viewer, term):
    assert found(viewer, term)["release"] == ["hello/production r2"]


def test_a_release_leads_to_what_it_changed_the_first_to_its_application(client, application, viewer):
    client.force_login(viewer)
    old, new = Release.objects.order_by("number")
    hits = client.get(PALETTE, {"q": "r2"}).json()["hits"]
    assert hits[0]["href"] == reverse("admin:applications_release_compare", args=[old.pk, new.pk])
    hits = client.get(PALETTE, {"q": "r1"}).json()["hits"]
    assert hits[0]["href"] == reverse("admin:applications_application_change", args=[application.pk])


def test_strangers_find_pages_and_clusters_alone(found, application, stranger):
    assert found(stranger, "hello") == {}
    assert found(stranger, "r2") == {}
    assert found(stranger, "east") == {"cluster": ["east"]}


def test_keys_secrets_teams_and_works_by_a_part_of_their_name(found, configure, application, owner, viewer):
    configure(application, LEVEL="debug")
    environment = Environment.objects.get()
    for value in ("canary-1", "canary-2"):
        services.set_secret(environment=environment, name="database", values={"PASSWORD": value}, actor=owner)
    assert found(viewer, "leve")["key"] == ["LEVEL"]
    assert found(viewer, "datab")["secret"] == ["database"]
    assert "secret" not in found(viewer, "canary")
    assert found(viewer, "cre")["team"] == ["crew"]
    assert "demo/hello/production/application" in found(viewer, "production/app")["Work"]


def test_each_leads_to_a_page(client, configure, application, owner, viewer):
    configure(application, LEVEL="debug")
    services.set_secret(environment=Environment.objects.get(), name="level", values={"A": "b"}, actor=owner)
    client.force_login(viewer)
    for term in ("LEVEL", "crew", "hello/production/application"):
        hits = client.get(PALETTE, {"q": term}).json()["hits"]
        assert hits
        for hit in hits:
            assert client.get(hit["href"].partition("#")[0]).status_code == 200, hit


def test_keys_and_secrets_of_others_are_not_found(found, configure, application, owner, stranger):
    configure(application, LEVEL="debug")
    services.set_secret(environment=Environment.objects.get(), name="level", values={"A": "b"}, actor=owner)
    for term in ("LEVEL", "crew", "application", "olga"):
        assert found(stranger, term).keys() <= {"page"}


def test_people_by_operators_alone(found, owner, viewer, operator):
    assert found(operator, "olg")["person"] == ["olga"]
    assert "person" not in found(viewer, "olg")


def test_pages_without_a_word(found, application, viewer, operator):
    assert {"Home", "Applications", "Clusters"} <= {*found(viewer, "")["page"]}
    assert "Audit trail" not in found(viewer, "")["page"]
    assert "Audit trail" in found(operator, "audit")["page"]


def test_whoever_is_not_signed_in_finds_nothing(client, application):
    assert client.get(PALETTE, {"q": "hello"}).status_code == 302


def test_a_search_costs_a_query_a_kind(client, application, viewer, django_assert_max_num_queries):
    client.force_login(viewer)
    client.get(PALETTE)
    with django_assert_max_num_queries(17):
        client.get(PALETTE, {"q": "hello r2"})


def test_odd_words_are_no_trouble(found, application, viewer):
    for term in ("\1", "%", "'", "r" + "9" * 30, "/", " ", "ü" * 300):
        found(viewer, term)


def test_the_environment_is_where_the_palette_says(client, application, viewer):
    client.force_login(viewer)
    [hit] = [each for each in client.get(PALETTE, {"q": "production"}).json()["hits"] if each["kind"] == "environment"]
    address, _, anchor = hit["href"].partition("#")
    assert f'id="{anchor}"' in client.get(address).content.decode()
    assert str(Environment.objects.get().pk) in anchor
