"""The number of queries of a list does not depend on its length, nor that of a status on what is in it."""

import pytest

from apps import services
from apps.appfile import validate
from clusters.models import OwnedObject, Work


@pytest.fixture
def many(project, owner, east, west, document):
    def make(start, end):
        for number in range(start, end):
            file = document(clusters=["east", "west"], host=f"h{number}.example", name=f"hello-{number}")
            services.deploy(project=project, app_file=validate(file), actor=owner)

    return make


@pytest.mark.parametrize("name", ["applications", "environments", "releases", "projects"])
def test_three_and_thirty(api, many, viewer, django_assert_max_num_queries, name):
    client = api(viewer)
    address = f"/api/v1/{name}/"
    client.get(address)

    def count():
        with django_assert_max_num_queries(12) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    many(0, 3)
    few = count()
    many(3, 30)
    assert count() == few


def test_a_status_with_one_cluster_or_two_and_any_number_of_objects(
    api, deploy, viewer, west, django_assert_max_num_queries
):
    client = api(viewer)
    application = deploy().application

    def count():
        with django_assert_max_num_queries(12) as seen:
            assert client.get(f"/api/v1/applications/{application.pk}/status/").status_code == 200
        return len(seen)

    few = count()
    deploy(clusters=["east", "west"])
    for work in Work.objects.all():
        for number in range(10):
            OwnedObject.objects.create(
                work=work,
                cluster=work.cluster,
                oid=f"core/ConfigMap/{work.name}/c{number}",
                api_version="v1",
                claim="c",
            )
    assert count() == few
