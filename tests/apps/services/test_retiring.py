"""Retiring: Retiring while something is left, then Retired with its history kept and its name free."""

import pytest

from apps import services
from apps.models import Application, Environment, Release, RouteClaim
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent


def retire(actor, **given):
    application = Application.objects.get(retired_at=None)
    return services.retire(application=application, actor=actor, **{"confirm": "hello", **given})


def test_until_the_last_work_is_gone(deploy, owner, observe, west):
    deploy(clusters=["east", "west"])
    application = retire(owner, reason="over")
    environment = Environment.objects.get()
    assert application.state == "Retiring"
    assert {work.intent for work in Work.objects.all()} == {"retired"}
    grounds = Work.objects.filter(name="ground")
    assert {tuple(work.retirement) for work in grounds} == {(f"core/Namespace//{environment.namespace}",)}
    Work.objects.filter(cluster=west).delete()
    observe(environment)
    application.refresh_from_db()
    assert application.state == "Retiring"
    Work.objects.all().delete()
    observe(environment)
    application.refresh_from_db()
    assert application.state == "Retired"
    assert Release.objects.count() == 1
    assert not RouteClaim.objects.exists()
    assert {"application.retiring", "environment.retired", "application.retired"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )


def test_its_name_is_free_only_then(deploy, owner, observe):
    deploy()
    retire(owner)
    with pytest.raises(Conflict) as refused:
        deploy()
    assert refused.value.code == "application_retiring"
    Work.objects.all().delete()
    observe(Environment.objects.get())
    deploy()
    assert Application.objects.filter(name="hello").count() == 2
    first, second = Environment.objects.order_by("created_at")
    assert first.namespace != second.namespace


def test_the_name_confirms(deploy, owner):
    deploy()
    with pytest.raises(Invalid) as refused:
        retire(owner, confirm="hallo")
    assert refused.value.code == "not_confirmed"
    assert {work.intent for work in Work.objects.all()} == {"present"}


def test_twice(deploy, owner):
    deploy()
    retire(owner)
    with pytest.raises(Conflict):
        retire(owner)


def test_who_may_not(deploy, viewer, stranger):
    deploy()
    with pytest.raises(Forbidden):
        retire(viewer)
    with pytest.raises(NotFound):
        retire(stranger)


def test_what_was_never_deployed_is_gone_at_once(project, owner, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.create_environment(project=project, application="hello", name="production", actor=owner)
        retire(owner)
    assert Application.objects.get().state == "Retired"


def test_one_environment(deploy, owner, observe):
    deploy()
    environment = Environment.objects.get()
    services.retire_environment(environment=environment, actor=owner, confirm="production")
    with pytest.raises(Conflict) as refused:
        deploy()
    assert refused.value.code == "environment_retiring"
    Work.objects.all().delete()
    observe(environment)
    assert environment.retired_at is not None
    assert Application.objects.get().state == "Active"
    deploy()
    assert Environment.objects.filter(name="production").count() == 2


def test_volumes_go_with_what_is_retired_and_stay_where_a_deploy_leaves(deploy, owner, east, west):
    for cluster in (east, west):
        cluster.facts["target"]["storage"] = {"fast": "ssd"}
        cluster.save()
    data = {"process": "web", "name": "data", "path": "/data", "size": "1Gi", "tier": "fast"}
    deploy(clusters=["east", "west"], blocks=[{"volume": data}])
    claim = f"core/PersistentVolumeClaim/{Environment.objects.get().namespace}/hello-web-data"
    deploy(clusters=["west"], blocks=[{"volume": data}])
    left = Work.objects.get(name="application", cluster=east)
    assert (left.intent, left.retirement) == ("retired", [])
    retire(owner)
    named = Work.objects.filter(name="application").values_list("cluster__name", "retirement")
    assert dict(named) == {"east": [claim], "west": [claim]}
