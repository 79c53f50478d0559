"""Who may what, and the history of changes, stand among the pages of a team, a project and an application."""

import re

import pytest
from django.urls import reverse

CURRENT = re.compile(r'aria-current="page">([^<]*)</a>')
TABS = re.compile(r'<nav class="dg-tabs" aria-label="Pages of the [a-z]+">(.*?)</nav>', re.DOTALL)


@pytest.mark.parametrize("kind", ["team", "project", "application"])
def test_the_tabs(client, deploy, viewer, kind):
    application = deploy().application
    client.force_login(viewer)
    project = application.project
    row, name, page = {
        "team": (project.team, project.team.name, "identity_team"),
        "project": (project, project.name, "applications_project"),
        "application": (application, f"{project.name}/{application.name}", "applications_application"),
    }[kind]
    history = client.get(reverse(f"admin:{page}_history", args=[row.pk])).content.decode()
    explained = client.get(reverse("admin:explain", args=[f"{kind}/{name}"])).content.decode()
    [of_history], [of_explained] = TABS.findall(history), TABS.findall(explained)
    assert CURRENT.findall(of_history) == ["History of changes"]
    assert CURRENT.findall(of_explained) == ["Who may…"]
    assert reverse(f"admin:{page}_change", args=[row.pk]) in of_history


def test_what_has_no_tabs_shows_none(client, make_cluster, operator):
    client.force_login(operator)
    cluster = make_cluster("lone")
    answer = client.get(reverse("admin:clusters_cluster_history", args=[cluster.pk]))
    assert TABS.findall(answer.content.decode()) == []
    assert 'class="dg-tabs"' not in answer.content.decode()
