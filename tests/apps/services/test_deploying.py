"""Deploying an app file: what is there afterwards, and what is not where it was refused."""

import pytest
from django.db import DatabaseError, transaction

from apps import admission, selectors, services
from apps.appfile import validate
from apps.models import Application, Environment, Placement, Release, RouteClaim
from clusters import registry
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent


def config(work):
    return next(each["body"]["data"] for each in work.manifests if each["body"]["kind"] == "ConfigMap")


def works(name="application"):
    return {work.cluster.name: work for work in Work.objects.filter(name=name).select_related("cluster")}


def test_a_first_deploy_makes_everything(deploy, owner, team):
    made = deploy(reason="first")
    [release] = made.releases
    environment = Environment.objects.get()
    assert (release.number, release.reason, release.created_by) == (1, "first", owner)
    assert (environment.generation, environment.current_release) == (1, release)
    assert environment.namespace.startswith("demo-hello-production-")
    ground, application = works("ground")["east"], works()["east"]
    assert (ground.owner_kind, ground.owner_id, ground.team) == ("environment", environment.pk, team)
    assert list(application.waits_for.all()) == [ground]
    assert application.release == "r1"
    assert {each["body"]["metadata"]["namespace"] for each in application.manifests} == {environment.namespace}
    assert str(RouteClaim.objects.get()) == "hello.example/"


def test_the_same_again_is_no_release(deploy):
    deploy()
    again = deploy()
    assert (again.releases, again.unchanged) == ((), ("production",))
    assert Release.objects.count() == 1
    assert Environment.objects.get().generation == 1
    assert works()["east"].generation == 1


def test_an_edit_is_the_next_generation(deploy):
    deploy()
    [release] = deploy(greeting="hi").releases
    assert release.number == 2
    assert Environment.objects.get().generation == 2
    assert (works()["east"].generation, works("ground")["east"].generation) == (2, 1)
    assert config(works()["east"]) == {"GREETING": "hi"}


@pytest.fixture
def deploy_both(project, owner, east, document):
    def go(names=None, **fields):
        own = [{"route": {"process": "web", "host": "staging.example"}}]
        environments = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["east"], "blocks": own}}
        file = document(environments=environments, **fields)
        file["blocks"] = [each for each in file["blocks"] if "route" not in each]
        return services.deploy(project=project, app_file=validate(file), actor=owner, environments=names)

    return go


def test_an_environment_can_be_deployed_alone(deploy_both):
    deploy_both(["staging"])
    assert [each.name for each in Environment.objects.all()] == ["staging"]
    made = deploy_both()
    assert [str(each.environment) for each in made.releases] == ["hello/production"]
    assert made.unchanged == ("staging",)


def test_an_unknown_environment_is_refused(deploy):
    with pytest.raises(Invalid) as refused:
        deploy(only=["moon"])
    assert refused.value.code == "environment_unknown"


def test_an_environment_that_left_the_file_stays_and_is_noted(deploy_both, deploy):
    deploy_both()
    made = deploy()
    assert made.notes[0].startswith("staging is not in the app file")
    assert Environment.objects.filter(retiring_at=None).count() == 2


def test_one_audit_event_in_the_same_transaction(deploy):
    deploy(reason="why not")
    event = AuditEvent.objects.get(action="environment.deployed")
    assert (event.actor_name, event.reason) == ("olga", "why not")
    assert event.after["release"] == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        deploy(greeting="hi")
        raise RuntimeError
    assert AuditEvent.objects.filter(action="environment.deployed").count() == 1
    assert Release.objects.count() == 1


def test_what_cannot_be_rendered_leaves_nothing(deploy):
    with pytest.raises(Invalid) as refused:
        deploy(blocks=[{"secret": {"name": "database"}}])
    assert refused.value.code == "secret_missing"
    assert refused.value.details["errors"][0]["path"] == "secret(database).name"
    for model in (Application, Environment, Release, Work, RouteClaim):
        assert not model.objects.exists()
    assert not AuditEvent.objects.filter(object_type__startswith="applications.Env").exists()


def test_what_a_cluster_does_not_offer_is_refused_until_it_does(deploy, east, operator, owner):
    high = [{"priority": {"priority_class": "high"}}]
    with pytest.raises(Invalid) as refused:
        deploy(blocks=high)
    assert refused.value.code == "priority_missing"
    assert "cluster east offers no priority class high, nor any" in str(refused.value)
    registry.offer(cluster=east, actor=operator, priority_classes=["high"])
    assert deploy(blocks=high).releases


def test_what_is_offered_no_longer_runs_on_until_it_is_rendered_anew(deploy, east, operator, owner):
    registry.offer(cluster=east, actor=operator, priority_classes=["high"])
    deploy(blocks=[{"priority": {"priority_class": "high"}}])
    before = works()["east"].manifests
    registry.offer(cluster=east, actor=operator, priority_classes=[])
    assert works()["east"].manifests == before
    said = selectors.environment_status(Environment.objects.get())["conditions"]
    assert "RenderStale" not in {each["type"] for each in said}
    with pytest.raises(Invalid) as refused:
        services.rerender(environment=Environment.objects.get(), actor=owner)
    assert refused.value.code == "priority_missing"


def test_who_may_not(deploy, viewer, stranger, operator):
    with pytest.raises(Forbidden):
        deploy(actor=viewer)
    with pytest.raises(Forbidden):
        deploy(actor=operator)
    with pytest.raises(NotFound):
        deploy(actor=stranger)
    assert not Application.objects.exists()


def test_a_host_leads_to_one_environment_on_a_cluster(deploy, west, admin, person):
    from paas.identity import services as identity

    rivals = identity.create_team(name="rivals", actor=admin)
    rita = person("rita", rivals, "owner")
    other = services.create_project(team=rivals, name="other", actor=rita)
    deploy()
    with pytest.raises(Conflict) as refused:
        deploy(into=other, actor=rita)
    assert refused.value.code == "host_taken"
    assert "crew" not in str(refused.value) + str(refused.value.details)
    assert not Application.objects.filter(project=other).exists()
    deploy(into=other, actor=rita, clusters=["west"])
    assert RouteClaim.objects.count() == 2


def test_a_host_that_is_given_up_can_be_taken(deploy, admin, team, owner):
    other = services.create_project(team=team, name="other", actor=owner)
    deploy()
    deploy(host="elsewhere.example")
    deploy(into=other)
    assert {str(each) for each in RouteClaim.objects.all()} == {"hello.example/", "elsewhere.example/"}


def test_a_route_is_left_out_where_there_is_no_gateway(deploy, make_cluster):
    make_cluster("bare", gateway=False)
    made = deploy(clusters=["bare"])
    assert made.notes == ("production: hello.example/ is left out: cluster bare has no gateway",)
    assert not RouteClaim.objects.exists()
    assert Placement.objects.get().notes == ["hello.example/ is left out: cluster bare has no gateway"]


def test_admission_sees_what_would_be_delivered_and_may_refuse(deploy, monkeypatch):
    seen = []

    def check(delivery):
        seen.append(delivery)
        raise Conflict("quota_exceeded", "Too much.")

    monkeypatch.setattr(admission, "_checks", {})
    admission.register("quota", check)
    with pytest.raises(Conflict) as refused:
        deploy()
    assert refused.value.code == "quota_exceeded"
    assert {each.id.kind for each in seen[0].manifests["east"]} >= {"Namespace", "Deployment"}
    assert not Application.objects.exists()


def test_a_release_is_never_changed_or_deleted(deploy, owner):
    deploy()
    for change in (lambda: Release.objects.update(reason="another"), lambda: Release.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            Environment.objects.update(current_release=None)
            change()
    Release.objects.update(created_by=None)
    assert Release.objects.get().created_by_name == "olga"


def test_the_spec_comes_back_from_its_release(deploy):
    deploy()
    spec = selectors.app_spec(Environment.objects.select_related("current_release").get())
    assert (spec.team, spec.project, spec.application, spec.environment) == ("crew", "demo", "hello", "production")
    assert spec.release == "r1"
