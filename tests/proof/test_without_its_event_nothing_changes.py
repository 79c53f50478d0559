"""The audit trail cannot be written: whoever asks, for whatever change, is told that it failed, and no row is another.

PostgreSQL itself refuses the event, by a trigger: so nothing depends on how the product writes it. Each request is
first sent while the trail can be written, and undone: what passes then, and is an event, is what must fail after.
"""

from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from apps import services
from apps.services import terminals
from clusters import registry
from clusters.terminal import Place
from paas.core.models import AuditEvent
from paas.identity import devices
from paas.identity import services as identity
from paas.identity.api.oauth import GRANT
from paas.identity.models import ApiToken, User
from tests.certificate import serving
from tests.proof.credentials import SERVER
from tests.proof.operations import OPERATIONS
from tests.proof.rows import Row, rows
from tests.proof.tenants import cluster

pytestmark = pytest.mark.timeout(300)

BREAKABLE = """
CREATE FUNCTION proof_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('proof.trail', true) = 'broken' THEN RAISE EXCEPTION 'the trail is broken'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proof_trail BEFORE INSERT ON core_auditevent FOR EACH ROW EXECUTE FUNCTION proof_trail();
"""
WHOLE = "DROP TRIGGER proof_trail ON core_auditevent; DROP FUNCTION proof_trail();"
CHANGING = [each for each in OPERATIONS if not each.reads]
FORM = "application/x-www-form-urlencoded"
# They change nothing that is declared: a machine asks for its codes before anybody is known; a document is looked at.
QUIET = {"device_authorization", "render"}


@pytest.fixture
def trail(stage, settings, monkeypatch):
    """Can be broken: `with trail(): …`. Clusters say that a container of each environment runs."""

    async def places(access, namespace, selector, *, label):
        return [Place(namespace, "web-1", "web")]

    monkeypatch.setattr(terminals, "places", places)
    changes = {"exec_enabled": True, "login_rate": "1000/min", "cluster_networks": ("198.18.0.0/15",)}
    settings.DOUGONG = settings.DOUGONG.model_copy(update=changes)
    _tell(BREAKABLE)
    yield broken
    _tell(WHOLE)


@contextmanager
def broken():
    _tell("SET proof.trail = 'broken'")
    try:
        yield
    finally:
        _tell("RESET proof.trail")


def _tell(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)


class Sender:
    """Somebody with a token; that it was used is noted beside each request."""

    def __init__(self, user, token=""):
        token = token or identity.create_token(user=user, name="all", scope="admin", actor=user)[0]
        self.client = APIClient(raise_request_exception=False)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        self.used = {
            Row("identity_apitoken", str(each))
            for each in ApiToken.objects.filter(user=user).values_list("pk", flat=True)
        }

    def send(self, operation, of):
        places, query = ELSEWHERE.get(operation.id, ({}, {}))
        address = operation.address({**operation.places(of), **places}, {**operation.query(of), **query})
        body = GOOD.get(operation.id, operation.body)(of)
        if operation.id in ("device_authorization", "device_token"):
            return self.client.post(address, urlencode(body), content_type=FORM)
        return getattr(self.client, operation.method)(address, body, headers={"If-Match": "*"})


# Good enough to get through, where what `operations` sends is stopped by something else.
GOOD = {
    "applications_deploy": lambda of: {"appFile": of.app_file(image=f"registry.example/other@sha256:{'b' * 64}")},
    "clusters_create": lambda of: {"name": "new", "server": SERVER, "ca_data": serving()[0], "token": "a-token"},
    "clusters_credentials_create": lambda of: {"server": SERVER, "ca_data": serving()[0], "token": "another-token"},
    "device_authorization": lambda of: {"client_id": "dougong-cli"},
    "device_token": lambda of: {"client_id": "dougong-cli", "grant_type": GRANT, "device_code": approved(of)},
    "environments_exec_allow": lambda of: {"allowed": False},
    "environments_update": lambda of: {"placement": {"clusters": ["west"]}},
    "environments_secrets_set": lambda of: {"values": {"DATABASE_URL": "another"}},
    "login": lambda of: {"username": "owner-a", "password": "a long password"},
    "teams_cordon": lambda of: {"cordoned": True, "reason": "a pause"},
    "teams_members_set": lambda of: {"role": "developer"},
}
# What stands in the address, and behind its `?`, where it is not about the tenant's own.
ELSEWHERE = {
    "clusters_destroy": ({"id": "empty"}, {}),
    "environments_secrets_revoke": ({}, {"version": "1"}),
}
# What has to be so before, and is nothing of the request.
FIRST = {
    "clusters_destroy": lambda stage: cluster("empty"),
    "environments_exec": lambda stage: registry.replace_credential(
        cluster=stage.on.cluster, token="a-token", server=SERVER, ca_data=serving()[0], actor=stage.on.operator
    ),
    "environments_secrets_revoke": lambda stage: services.set_secret(
        environment=stage.a.environment, name="database", values={"DATABASE_URL": "its successor"},
        actor=stage.a.people["owner"],
    ),
    "environments_update": lambda stage: cluster("west"),
    "platform_members_remove": lambda stage: identity.set_platform_role(
        user=stage.a.people["viewer"], role="auditor", held=True, actor=stage.on.admin
    ),
    "projects_members_remove": lambda stage: services.set_project_member(
        project=stage.a.project, user=stage.a.people["viewer"], role="developer", actor=stage.a.people["owner"]
    ),
}  # fmt: skip


def approved(of):
    """The device code of a machine that `of`'s owner has let in."""
    begun = devices.begin(client_id="dougong-cli", scope="admin", machine="here", address=None)
    devices.decide(user_code=begun.user_code, approve=True, actor=of.people["owner"])
    return begun.device_code


def differing(before, now):
    return {row for row in before.keys() | now.keys() if before.get(row) != now.get(row)}


def rehearsed(sender, operation, of):
    """What it comes to while events can be written: the status, and whether there was one. Nothing of it stays."""
    with transaction.atomic():
        before = AuditEvent.objects.count()
        answer = sender.send(operation, of)
        told = not connection.needs_rollback and AuditEvent.objects.count() > before
        transaction.set_rollback(True)
    return answer.status_code, told


def test_whatever_is_asked(trail, stage):
    senders = {
        "owner": Sender(stage.a.people["owner"], stage.a.tokens["owner"]),
        "operator": Sender(stage.on.operator),
        "admin": Sender(stage.on.admin),
    }
    came_to, wrong = {each.id: {} for each in CHANGING}, []
    for operation in CHANGING:
        FIRST.get(operation.id, lambda stage: None)(stage)
        for name, sender in senders.items():
            status, told = rehearsed(sender, operation, stage.a)
            came_to[operation.id][name] = (status, told)
            if operation.id in QUIET or operation.id == "device_token":
                continue
            before = rows()
            with trail():
                answer = sender.send(operation, stage.a)
            is_problem = answer.get("Content-Type", "").startswith("application/problem+json")
            if told and not (answer.status_code >= 500 and is_problem):
                wrong.append((name, operation.id, status, told, answer.status_code))
            wrong += [(name, operation.id, row) for row in differing(before, rows()) - sender.used]
    assert wrong == []
    passed = {(status, True) for status in range(200, 300)}
    assert {name for name, each in came_to.items() if not passed & {*each.values()}} == QUIET


def test_a_machine_that_was_let_in_gets_no_token_and_may_ask_again(trail, stage):
    form = {"client_id": "dougong-cli", "grant_type": GRANT, "device_code": approved(stage.a)}
    client, before = APIClient(raise_request_exception=False), rows()
    with trail():
        assert client.post("/api/v1/oauth/token", urlencode(form), content_type=FORM).status_code == 500
    assert differing(before, rows()) == set()
    assert client.post("/api/v1/oauth/token", urlencode(form), content_type=FORM).status_code == 200


def test_nobody_is_signed_in(trail, stage):
    browser = Client(raise_request_exception=False)
    form = {"login": "owner-a", "password": "a long password"}
    with trail():
        assert browser.post("/console/login/", form).status_code == 500
    assert browser.get("/console/").status_code == 302
    browser.post("/console/login/", form)
    assert browser.get("/console/").status_code == 200


def test_nobody_is_made_by_a_service_either(trail, stage):
    with trail(), pytest.raises(Exception, match="the trail is broken"):
        identity.create_user(username="new", password="a long password", actor=stage.on.admin)
    assert not User.objects.filter(username="new").exists()
