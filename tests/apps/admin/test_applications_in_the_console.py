"""Applications in the console: what each person finds, and that every change goes through services."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from apps import services
from apps.admin.fragments import application_snapshot, home_snapshot
from apps.models import Application, Environment, Project, Release
from clusters.models import Cluster, OwnedObject, Work
from paas.core.errors import NotFound
from paas.core.models import AuditEvent
from paas.identity import services as identity


@pytest.fixture
def application(deploy):
    made = deploy(reason="first").application
    work = Work.objects.get(name="application")
    OwnedObject.objects.create(
        work=work,
        cluster=work.cluster,
        oid="apps/Deployment/demo/hello-web",
        api_version="apps/v1",
        claim="canary-claim",
        health="Degraded",
        reason="ImagePullBackOff",
        message="no such image\n<line two>",
    )
    return made


def page_of(application):
    return reverse("admin:applications_application_change", args=[application.pk])


@pytest.fixture
def shown(client):
    """shown(user, address) → the page's text."""

    def get(user, address):
        client.force_login(user)
        answer = client.get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_home_shows_one_line_an_application(shown, application, viewer, stranger):
    text = shown(viewer, reverse("admin:index"))
    for word in ("My applications", "hello", "production", "r1", "olga", "Unknown"):
        assert word in text
    assert "My applications" not in shown(stranger, reverse("admin:index"))


def test_home_of_a_team_with_a_project_only_says_how_to_begin(shown, project, viewer):
    assert "dougong deploy -f app.yaml" in shown(viewer, reverse("admin:index"))


def test_the_page_shows_health_conditions_objects_and_history(shown, application, viewer):
    text = shown(viewer, page_of(application))
    for word in (
        "production", "Degraded", "Deployment", "hello-web", "Image pull back off: The registry does not answer",
        "hello.example/", "east",
        "is about to be delivered", "first", "olga", "Logs", "dougong deploy -f app.yaml --watch",
    ):  # fmt: skip
        assert word in text, word
    assert "no such image<br>&lt;line two&gt;" in text
    assert "canary" not in text


def test_the_page_leads_to_project_and_team_where_one_may_view_them(shown, application, viewer, stranger, owner):
    project = application.project
    services.set_project_member(project=project, user=stranger, role="viewer", actor=owner)
    ways = [reverse(f"admin:{each}_change", args=[obj.pk]) for each, obj in (
        ("applications_project", project), ("identity_team", project.team),
    )]  # fmt: skip
    page = page_of(application)
    assert [f'href="{way}">' in shown(viewer, page) for way in ways] == [True, True]
    assert [f'href="{way}">' in shown(stranger, page) for way in ways] == [True, False]


def test_a_cluster_that_does_not_answer_is_told_in_words(shown, application, viewer):
    said = {"status": "False", "message": "canary: 10.0.0.1", "lastTransitionTime": "2026-01-01T00:00:00+00:00"}
    away = [{"type": "Reachable", "reason": "TimedOut", **said}]
    Cluster.objects.update(conditions=[*away, {"type": "FenceMissing", "reason": "InForce", **said}])
    text = shown(viewer, page_of(application))
    assert "Timed out" in text
    assert "Its API server does not answer." in text
    assert "In force" not in text
    assert "canary" not in text


def test_what_one_may_not_is_explained_and_not_offered(shown, deploy, application, viewer, owner):
    deploy(greeting="hi")
    seen = shown(viewer, page_of(application))
    assert "you need the permission “deploy” of team crew" in seen
    assert "Roll back…" not in seen
    assert "Retire the application…" not in seen
    offered = shown(owner, page_of(application))
    assert "Roll back…" in offered
    assert "Retire the application…" in offered
    assert "Retire this environment…" in offered


def test_strangers_find_nothing(client, application, stranger):
    client.force_login(stranger)
    release = Release.objects.get()
    environment = Environment.objects.get()
    assert client.get(page_of(application)).status_code == 404
    for address in (
        reverse("admin:applications_application_retire", args=[application.pk]),
        reverse("admin:applications_release_rollback", args=[release.pk]),
        reverse("admin:applications_release_compare", args=[release.pk, release.pk]),
        reverse("admin:applications_environment_logs", args=[environment.pk]),
        reverse("admin:applications_environment_terminal", args=[environment.pk]),
        reverse("admin:environment_protection", args=[environment.pk]),
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "you may not view it" in answer.content.decode()
    listed = client.get(reverse("admin:applications_application_changelist")).content.decode()
    assert "production" not in listed


def test_the_list_leaves_retired_ones_out(shown, application, owner, observe):
    address = reverse("admin:applications_application_changelist")
    assert "production" in shown(owner, address)
    services.retire(application=application, actor=owner, confirm="hello")
    assert "Retiring" in shown(owner, address)
    Work.objects.all().delete()
    observe(Environment.objects.get())
    assert page_of(application) not in shown(owner, address)
    assert page_of(application) in shown(owner, f"{address}?state=retired")
    assert "nothing of it runs anywhere" in shown(owner, page_of(application))


def test_two_releases_are_compared_line_by_line(shown, deploy, application, viewer):
    deploy(greeting="<b>hi</b>", image=f"registry.example/hello@sha256:{'b' * 64}")
    new, old = Release.objects.order_by("-number")
    text = shown(viewer, reverse("admin:applications_release_compare", args=[old.pk, new.pk]))
    assert "GREETING: hello" in text
    assert "GREETING: &lt;b&gt;hi&lt;/b&gt;" in text
    assert "<b>hi</b>" not in text
    assert f"<del>{old.image}</del>" in text


def test_rolling_back(client, deploy, application, owner, viewer):
    deploy(greeting="hi")
    old = Release.objects.get(number=1)
    address = reverse("admin:applications_release_rollback", args=[old.pk])
    client.force_login(viewer)
    assert client.post(address, {"reason": "no"}).status_code == 302
    assert Release.objects.count() == 2
    client.force_login(owner)
    assert "GREETING" in client.get(address).content.decode()
    answer = client.post(address, {"reason": "it broke"}, follow=True)
    assert "production returns to r1 as r3." in answer.content.decode()
    assert Release.objects.get(number=3).rolled_back_to == old
    assert AuditEvent.objects.get(action="environment.rolled_back").reason == "it broke"
    refused = client.post(address, {"reason": "once more"}, follow=True).content.decode()
    assert "already_running" in refused
    assert 'value="once more"' in refused


def test_rolling_back_shows_successors_of_revoked_secrets_first(client, project, deploy, owner):
    blocks = [{"secret": {"name": "database"}}]
    environment = services.create_environment(project=project, application="hello", name="production", actor=owner)
    order = {"environment": environment, "name": "database", "actor": owner}
    for value in ("first", "second"):
        services.set_secret(**order, values={"DATABASE_URL": value})
        deploy(blocks=blocks)
    services.revoke_secret(**order, version=1)
    deploy(greeting="hi", blocks=blocks)
    client.force_login(owner)
    address = reverse("admin:applications_release_rollback", args=[Release.objects.get(number=1).pk])
    shown = client.get(address).content.decode()
    assert "database v1 was revoked: v2 is used instead." in shown
    assert "Secret database" not in shown, "v2 runs and v2 will"
    assert Release.objects.count() == 3
    services.revoke_secret(**order, force=True)
    assert "there is no later one" in client.get(address).content.decode()


def test_retiring_shows_what_goes_and_takes_the_name(client, application, owner, viewer):
    address = reverse("admin:applications_application_retire", args=[application.pk])
    client.force_login(viewer)
    assert client.post(address, {"name": "hello"}).status_code == 302
    client.force_login(owner)
    assert "apps/Deployment/demo/hello-web" in client.get(address).content.decode()
    refused = client.post(address, {"name": "hallo", "reason": "we are done"}, follow=True).content.decode()
    assert "This is not the name that is asked for." in refused
    assert 'value="we are done"' in refused
    assert Application.objects.get().state == "Active"
    client.post(address, {"name": "hello", "reason": "over"})
    assert Application.objects.get().state == "Retiring"
    assert AuditEvent.objects.get(action="application.retiring").reason == "over"


def test_applications_are_not_made_or_changed_by_forms(client, application, admin):
    client.force_login(admin)
    assert client.get(reverse("admin:applications_application_add")).status_code == 403
    assert client.post(reverse("admin:applications_application_delete", args=[application.pk])).status_code == 403
    assert Application.objects.exists()


def test_projects(client, team, owner, viewer, person, admin):
    identity.create_team(name="others", actor=admin)
    client.force_login(owner)
    form = client.get(reverse("admin:applications_project_add")).content.decode()
    assert "crew" in form
    assert "others" not in form
    made = {"team": team.pk, "name": "shop", "title": "The shop"}
    client.post(reverse("admin:applications_project_add"), made)
    project = Project.objects.get()
    assert (project.name, project.title, project.team) == ("shop", "The shop", team)
    shown = client.get(reverse("admin:applications_project_change", args=[project.pk])).content.decode()
    assert "dougong deploy -f app.yaml" in shown
    client.force_login(viewer)
    client.post(reverse("admin:applications_project_add"), {**made, "name": "another"})
    assert Project.objects.count() == 1


def test_the_pages_of_an_environment_lead_to_each_other(shown, application, viewer):
    environment = Environment.objects.get()
    pages = [
        *(f"applications_environment_{name}" for name in ("logs", "placement", "scaling", "terminal")),
        "environment_protection",
    ]
    addresses = [reverse(f"admin:{name}", args=[environment.pk]) for name in pages]
    for here in addresses:
        [tabs] = re.findall(r'<nav class="dg-tabs".*?</nav>', shown(viewer, here), re.DOTALL)
        assert set(addresses) < set(re.findall(r'href="([^"#]*)', tabs))
        assert re.findall(r'href="([^"]*)"\s*aria-current="page"', tabs) == [here]


def test_each_button_of_a_card_has_its_command(shown, application, owner):
    text = shown(owner, page_of(application))
    for command in ("logs -f", "placement show", "scaling", "protect"):
        assert f"dougong {command} demo/hello -e production" in text
    assert "dougong exec demo/hello production -- sh" in text


def test_the_logs_page_names_its_twins(shown, application, viewer):
    environment = Environment.objects.get()
    address = reverse("admin:applications_environment_logs", args=[environment.pk])
    text = shown(viewer, f"{address}?process=web&cluster=east")
    assert "dougong logs -f demo/hello -e production --process web --cluster east" in text
    assert "process=web&amp;cluster=east" in text


def test_live_parts_are_the_same_html_and_end_for_those_who_lost_their_role(application, viewer, team, admin):
    page, home = application_snapshot(viewer, application.pk), home_snapshot(viewer)
    assert "hello-web" in page()["html"]
    assert "hello" in home()["html"]
    identity.remove_member(team=team, user=viewer, actor=admin)
    with pytest.raises(NotFound):
        page()
    assert "No application yet" in home()["html"]


def test_the_stream_of_a_page(async_client, application, viewer, stranger, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    address = reverse("admin:applications_application_live", args=[application.pk])

    async def first(user):
        await async_client.aforce_login(user)
        answer = await async_client.get(address)
        assert answer["Content-Type"] == "text/event-stream"
        chunks = aiter(answer)
        found = [await anext(chunks), await anext(chunks)]
        await chunks.aclose()
        return found[1]

    assert b"hello-web" in async_to_sync(first)(viewer)
    assert async_to_sync(first)(stranger).startswith(b"event: refused")


def test_long_names_are_broken_and_never_cut(shown, deploy, viewer, make_cluster):
    name = "a" * 63
    made = deploy(name=name, environments={name: {"clusters": ["east"]}})
    assert name in shown(viewer, page_of(made.application))
    assert name in shown(viewer, reverse("admin:index"))


def test_one_environment_is_retired_by_its_name_once_it_was_shown_what_goes(client, application, owner, viewer):
    environment = Environment.objects.get()
    address = reverse("admin:applications_environment_retire", args=[environment.pk])
    client.force_login(viewer)
    assert address not in client.get(page_of(application)).content.decode()
    assert client.post(address, {"name": "production"}).status_code == 302
    client.force_login(owner)
    assert address in client.get(page_of(application)).content.decode()
    shown = client.get(address).content.decode()
    assert "apps/Deployment/demo/hello-web" in shown
    assert "dougong retire demo/hello -e production" in shown
    refused = client.post(address, {"name": "hello", "reason": "moved"}).content.decode()
    assert "This is not the name that is asked for." in refused
    assert Environment.objects.get().retiring_at is None
    client.post(address, {"name": "production", "reason": "moved"})
    assert Environment.objects.get().retiring_at is not None
    assert Application.objects.get().state == "Active"
    assert AuditEvent.objects.get(action="environment.retiring").reason == "moved"
    assert address not in client.get(page_of(application)).content.decode(), "it goes already"


def test_what_is_rendered_no_longer_as_its_clusters_are_has_a_button_for_that(client, application, east, owner, viewer):
    address = reverse("admin:applications_environment_rerender", args=[Environment.objects.get().pk])
    client.force_login(owner)
    assert address not in client.get(page_of(application)).content.decode(), "nothing to do"
    east.facts["target"]["version"] = "v1.35.0"
    east.save()
    shown = client.get(page_of(application)).content.decode()
    assert (address in shown, "dougong rerender demo/hello -e production" in shown) == (True, True)
    assert "rendering anew would change objects there" in client.get(address).content.decode()
    client.force_login(viewer)
    assert address not in client.get(page_of(application)).content.decode()
    assert client.post(address).status_code == 302
    assert not AuditEvent.objects.filter(action="environment.rerendered").exists()
    client.force_login(owner)
    client.post(address, {"reason": "a newer cluster"})
    assert AuditEvent.objects.get(action="environment.rerendered").reason == "a newer cluster"
    assert "there is nothing to do" in client.get(address).content.decode()
