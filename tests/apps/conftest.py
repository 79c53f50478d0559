"""An application and a cluster as values, for all tests of the pure heart of `apps`; and as rows, for the rest."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.blocks import blocks
from apps.render import render
from apps.spec import AppSpec, BlockUse, SecretVersion
from clusters.models import Cluster
from clusters.target import ClusterTarget, GatewayRef
from paas.identity import services as identity

IMAGE = f"registry.example/hello@sha256:{'a' * 64}"
HTTP_ROUTE = "gateway.networking.k8s.io/v1/HTTPRoute"
VERTICAL = "autoscaling.k8s.io/v1/VerticalPodAutoscaler"
WEB = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi"}}
HTTP = {"port": {"process": "web", "port": 8080}}


@pytest.fixture
def make_app():
    """App specs of blocks given as in an app file."""

    def make(*items, **changes):
        uses = [BlockUse(name, params) for item in items for name, params in item.items()]
        facts = {
            "team": "crew",
            "project": "demo",
            "application": "hello",
            "environment": "production",
            "namespace": "demo-hello-production-1a2b3c4d",
            "image": IMAGE,
            "release": "release-1",
            "blocks": tuple(uses),
            "secrets": {"database": SecretVersion("v7f3", {"DATABASE_URL": "secret/1", "DATABASE_CA": "secret/2"})},
        }
        return AppSpec(**{**facts, **changes})

    return make


@pytest.fixture
def target():
    return ClusterTarget(
        name="east",
        version="v1.34.4",
        served=frozenset({HTTP_ROUTE, VERTICAL}),
        gateway=GatewayRef("dougong-gateway", "public"),
        storage=(("fast", "local-ssd"), ("shared", "nfs")),
        pod_security="v1.34",
        priority_classes=("high", "low"),
        node_pools=("large", "small"),
        service_account_annotations=(("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/*"),),
        secret_stores=(("vault", "teams/{team}/*"), ("vault", "shared/{project}"), ("aws", "*")),
    )


@pytest.fixture
def rendered(make_app, target):
    """Bodies by kind of blocks that make at most one object of each."""

    def bodies(*items, on=target, **changes):
        found = {}
        for each in render(make_app(*items, **changes), on).manifests:
            assert each.id.kind not in found
            found[each.id.kind] = each.body
        return found

    return bodies


@pytest.fixture
def container(rendered):
    """The container of the one process that blocks declare."""

    def find(*items, **changes):
        [found] = rendered(*items, **changes)["Deployment"]["spec"]["template"]["spec"]["containers"]
        return found

    return find


@pytest.fixture
def web():
    """A process called web, as in an app file."""
    return WEB


@pytest.fixture
def http():
    """A port of the process web, as in an app file."""
    return HTTP


@pytest.fixture
def contribute(make_app, target):
    """What a block gives, alone."""

    def give(name, params, **changes):
        block = blocks()[name]
        return block.render(make_app(**changes), target, block.load(params))

    return give


@pytest.fixture
def admin(db):
    return identity.bootstrap_admin(username="admin", password="a long password")


@pytest.fixture
def person(admin):
    """person("olga", team=…, role="owner") makes a person."""

    def make(name, team=None, role="viewer"):
        user = identity.create_user(username=name, password=f"{name} likes dumplings", actor=admin)
        if team is not None:
            identity.add_member(team=team, user=user, role=role, actor=admin)
        return user

    return make


@pytest.fixture
def team(admin):
    return identity.create_team(name="crew", actor=admin)


@pytest.fixture
def owner(person, team):
    return person("olga", team, "owner")


@pytest.fixture
def viewer(person, team):
    return person("victor", team)


@pytest.fixture
def stranger(person):
    return person("stella")


@pytest.fixture
def operator(person, admin):
    user = person("oscar")
    identity.set_operator(user=user, operator=True, actor=admin)
    return user


@pytest.fixture
def project(team, owner):
    from apps import services

    return services.create_project(team=team, name="demo", actor=owner)


@pytest.fixture
def make_cluster(db):
    """make_cluster("east", labels={…}) registers a cluster that the probe has seen."""

    def make(name, gateway=True, **fields):
        target = ClusterTarget(
            name=name,
            version="v1.34.4",
            served=frozenset({HTTP_ROUTE}),
            gateway=GatewayRef("dougong-gateway", "public") if gateway else None,
            pod_security="v1.34",
        )
        facts = {"target": {key: value for key, value in target.to_json().items() if key != "name"}}
        return Cluster.objects.create(
            name=name, server=f"https://{name}.example:6443", ca_data="", facts=facts, **fields
        )

    return make


@pytest.fixture
def east(make_cluster):
    return make_cluster("east", labels={"region": "eu"})


@pytest.fixture
def west(make_cluster):
    return make_cluster("west", labels={"region": "us"})


@pytest.fixture
def document():
    """document(greeting="hi", environments={…}) is an app file as JSON."""

    def make(*, greeting="hello", host="hello.example", clusters=("east",), blocks=(), **fields):
        return {
            "name": "hello",
            "project": "demo",
            "image": IMAGE,
            "environments": {"production": {"clusters": list(clusters)}},
            "blocks": [
                WEB,
                HTTP,
                {"config": {"values": {"GREETING": greeting}}},
                {"route": {"process": "web", "host": host}},
                *blocks,
            ],
            **fields,
        }

    return make


@pytest.fixture
def deploy(project, owner, east, document):
    """deploy(greeting="hi", actor=…) deploys the document."""
    from apps import services
    from apps.appfile import validate

    def go(*, actor=owner, reason="", only=None, into=project, **fields):
        file = validate(document(**{"project": into.name, **fields}))
        return services.deploy(project=into, app_file=file, actor=actor, reason=reason, environments=only)

    return go


@pytest.fixture
def observe():
    """observe(environment, health="Healthy") plays the loop: every Work of it is attempted, and the owner told."""
    from apps.services.observe import observed_environment, roll_up_due
    from clusters.models import Work

    def see(environment, health="Healthy", **fields):
        for work in Work.objects.filter(owner_id=environment.pk):
            ready = {
                "type": "Ready",
                "status": "True" if health in ("Healthy", "Suspended") else "False",
                "reason": "Available",
                "message": "",
                "lastTransitionTime": "2026",
            }
            values = {"conditions": [ready], "observed_generation": work.generation, **fields}
            Work.objects.filter(pk=work.pk).update(health=health, **values)
        observed_environment(environment.pk)
        roll_up_due()
        environment.refresh_from_db()

    return see


@pytest.fixture
def pod_of_run():
    """pod_of_run(job, phase, began, ended, code=3, name="a"): a pod of a Job as the watcher writes it."""
    from clusters.pods import seen

    def make(job, phase, began, ended="", *, code=3, name="a"):
        exit_code = code if phase == "Failed" else 0
        state = {"terminated": {"exitCode": exit_code, "finishedAt": ended}} if ended else {"running": {}}
        container = {"name": "report", "ready": not ended, "restartCount": 0, "state": state}
        ready = "True" if phase == "Running" else "False"
        return seen(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{job}-{name}",
                    "creationTimestamp": began,
                    "labels": {"app.kubernetes.io/component": "report"},
                    "ownerReferences": [{"kind": "Job", "name": job, "apiVersion": "batch/v1", "controller": True}],
                },
                "spec": {"nodeName": "n1", "containers": [{"name": "report", "image": "hello:1"}]},
                "status": {
                    "phase": phase,
                    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready}],
                    "containerStatuses": [container] if phase != "Pending" else [],
                },
            }
        )

    return make


@pytest.fixture
def api():
    """A client of the API that presents a real token of the person."""

    def client(user=None):
        made = APIClient()
        if user is not None:
            token, _ = identity.create_token(user=user, name="test", actor=user)
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    return client


@pytest.fixture
def configure(owner, admin):
    """configure(team, LEVEL="info", actor=…) sets keys of a layer; None is the platform, whose actor is the admin."""
    from apps import services
    from apps.selectors.config import PLATFORM, scope_of
    from apps.services.config import Edit

    def go(row, *, actor=None, declare=None, reason="", release=True, dry_run=False, **values):
        scope = PLATFORM if row is None else scope_of(row)
        by = actor or (admin if scope.kind in ("platform", "cluster") else owner)
        edit = Edit(values, declare or {})
        return services.change_config(scope=scope, edit=edit, actor=by, reason=reason, release=release, dry_run=dry_run)

    return go
