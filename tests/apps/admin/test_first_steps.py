"""The home page of an empty platform: what comes next, for each person, gone when all is done."""

import pytest
from django.urls import reverse


@pytest.fixture
def steps(client):
    """steps(user) → {title: step}; None where there is no such section."""

    def get(user):
        from apps.admin import first_run

        client.force_login(user)
        page = client.get(reverse("admin:index"))
        request = page.wsgi_request
        found = first_run.context(request)
        assert ("First steps" in page.content.decode()) == (found is not None)
        return found and {each.title: each for each in found["steps"]}

    return get


def test_an_operator_begins_with_a_cluster(steps, operator):
    found = steps(operator)
    assert [each.done for each in found.values()] == [False] * 4
    assert found["A cluster"].href == reverse("admin:clusters_cluster_add")
    assert "dougong cluster join" in found["A cluster"].twin
    assert found["A cluster"].ask == ""


def test_who_has_no_team_is_told_whom_to_ask(steps, stranger, operator, east):
    found = steps(stranger)
    assert found["A cluster"].done
    assert not found["A team"].href
    assert found["A team"].ask == "Ask an operator of the platform: admin, oscar."


def test_an_owner_makes_a_project_a_viewer_asks_one(steps, owner, viewer):
    assert steps(owner)["A project"].href == reverse("admin:applications_project_add")
    assert steps(viewer)["A project"].href == ""
    assert steps(viewer)["A project"].ask == "Ask an owner of your team."


def test_the_application_is_declared_here_by_who_may_deploy(steps, project, owner, viewer):
    form = reverse("admin:applications_project_deploy", args=[project.pk])
    assert steps(owner)["An application"].href == form
    assert steps(viewer)["An application"].href == ""


def test_each_step_names_its_command(steps, admin):
    assert [each.twin.partition(" ")[0] for each in steps(admin).values()] == ["dougong"] * 4


def test_it_is_gone_when_all_is_done(steps, deploy, owner, viewer, stranger):
    assert "applications/NAME/" in steps(owner)["An application"].twin
    deploy()
    assert steps(owner) is None
    assert steps(viewer) is None
    assert steps(stranger) is not None
