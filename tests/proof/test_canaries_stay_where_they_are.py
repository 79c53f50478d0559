"""A canary in every field that can hold a secret, then everything is read by everybody: none is heard again.

Read are all routes of the OpenAPI file in each role, all pages of the console, what errors say, the diffs, exports,
metrics, the log, the messages of Celery and a dump of the database. The only places of a secret are `SHOWN`, the answer
that shows a new token or ticket once, and the cluster's own Secret, which `echo` shows to have been sent.
"""

import base64
import re
import time
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from kombu.transport.memory import Channel
from pydantic import SecretStr

from apps.services import terminals
from clusters import probe, tasks
from clusters.faults import HIDDEN
from clusters.models import ClusterCredential, Lane, OwnedObject, Work
from clusters.reconcile.hiding import LAST_APPLIED
from clusters.terminal import Place
from paas.core import audit
from paas.identity import break_glass
from paas.identity import services as identity
from paas.identity.api.oauth import GRANT
from paas.identity.models import FactorSecret, OidcAccount
from paas.identity.oidc.providers import Provider
from tests.proof.canary import Net, canary
from tests.proof.crawl import Ear, Walker, dump, log, messages
from tests.proof.credentials import a_cluster, hostile, kubeconfig
from tests.proof.echo import echoing
from tests.proof.operations import BODIES, OPERATIONS
from tests.proof.tenants import platform, settle

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(1200)]

# Who may hear what by which operation: what is shown once is heard as it is made, below.
SHOWN = dict.fromkeys(
    ("terminals_recording", "console:applications_terminal_recording"), frozenset({"what a terminal showed"})
)
READERS_OF_RECORDINGS = ("owner", "operator", "admin", "rescuer")


@pytest.fixture
def ear():
    return Ear(Net())


@pytest.fixture
def on(transactional_db, database_threads, settings, ear, monkeypatch):
    """The platform, which may speak to this machine and to the addresses of the test."""
    changes = {"cluster_networks": ("127.0.0.0/8", "198.18.0.0/15"), "exec_enabled": True, "login_rate": "1000/min"}
    settings.DOUGONG = settings.DOUGONG.model_copy(update={**changes, **passwords(ear.net)})
    keys = settings.DOUGONG
    for name, secret in {
        "the key of sessions": keys.secret_key,
        "the key of digests": keys.digest_key,
        "a key of encryption": keys.encryption_keys[0],
        "a key of the audit trail": keys.audit_keys[0],
    }.items():
        ear.net.plant(name, secret.get_secret_value().rpartition(":")[2])

    async def places(access, namespace, selector, *, label):
        return [Place(namespace, "web-1", "web")]

    monkeypatch.setattr(terminals, "places", places)
    found = platform(ear.net.plant)
    ClusterCredential.objects.create(cluster=found.cluster, token=ear.net.plant("the first token of the cluster"))
    return found


def passwords(net):
    """Settings with one in them. Where Valkey should be nobody answers, so that each attempt to reach it is told."""
    secret = SecretStr(net.plant("the client secret of a provider"))
    corp = Provider(id="corp", name="Corp", issuer="https://198.18.0.11", client_id="dougong", client_secret=secret)
    return {
        "database_url": f"postgresql://dougong:{net.plant('the password of PostgreSQL')}@127.0.0.1:1/dougong",
        "redis_url": f"redis://dougong:{net.plant('the password of Valkey')}@127.0.0.1:1/0",
        "ldap_bind_password": SecretStr(net.plant("the password of the directory's reader")),
        "oidc_providers": (corp,),
    }


@pytest.fixture
def told():
    """The log, and no messages of tests before."""
    for queue in Channel.queues.values():
        queue.queue.clear()
    with log() as text:
        yield text


def test_nothing_is_heard_anywhere(told, ear, on, capfd):
    net = ear.net
    a = settle(on, "a", mark=lambda name: canary(), plant=net.plant)
    b = settle(on, "b", mark=lambda name: canary(), plant=lambda name: canary())
    for tenant in (a, b):
        for role, token in tenant.tokens.items():
            net.plant(f"the token of {role} {tenant.letter}", token[15:])
    walkers = people(ear, on, a, b)

    sign_in(ear, on)
    add_factors(ear, a.people["developer"])
    come_by_a_provider(ear, a.people["releaser"])
    act(ear, walkers, a)
    mistake(ear, walkers["owner"], walkers["admin"], a)
    speak_to_an_echo(ear, on, a, walkers["owner"])
    for each in walkers.values():
        each.read_all(a)
    views = {name: each.walk().views for name, each in walkers.items()}
    rehearse(walkers["owner"], a)
    for each in walkers.values():
        for address in ("/metrics", "/livez", "/readyz", "/api/schema/", "/api/docs/"):
            ear.answer(f"beside {each.name} {address}", each.api.get(address))
    order_all(walkers, a)

    for table, data in dump().items():
        ear.hear(f"database {table}", data)
    for message in messages():
        ear.hear("celery message", message)
    ear.hear("log", told.getvalue())
    ear.hear("output", "".join(capfd.readouterr()))
    assert ear.leaks == []
    assert heard_enough(ear, views) == []


def people(ear, on, a, b):
    """Nobody, everybody of team A, an operator, an auditor, an operator who has taken a role for a time, the
    administrator, and the owner of another team.
    """
    found = {"nobody": Walker("nobody", ear)}
    for role, token in a.tokens.items():
        found[role] = Walker(role, ear, None if role == "machine" else a.people[role], token)
    found["stranger"] = Walker("stranger", ear, b.people["owner"], b.tokens["owner"])
    auditor, rescuer = (
        identity.create_user(username=name, password=ear.net.plant(f"the password of {name}"), actor=on.admin)
        for name in ("arthur", "rosa")
    )
    identity.set_platform_role(user=auditor, role="auditor", held=True, actor=on.admin)
    identity.set_operator(user=rescuer, operator=True, actor=on.admin)
    break_glass.take_role(team=a.team, role="owner", actor=rescuer, reason="somebody has to")
    for name, user in {"operator": on.operator, "auditor": auditor, "rescuer": rescuer, "admin": on.admin}.items():
        token, _ = identity.create_token(user=user, name="all", actor=user)
        found[name] = Walker(name, ear, user, token)
        ear.net.plant(f"the token of {name}", token[15:])
    for name in READERS_OF_RECORDINGS:
        found[name].may_hear = SHOWN
    return found


def sign_in(ear, on):
    """By the console and by the API, rightly and wrongly."""
    secret_of = {name.removeprefix("the password of "): secret for secret, name in ear.net.names.items()}
    wrong = ear.net.plant("a mistyped password")
    as_name = ear.net.plant("a password typed as a name")
    for name, word in [("oscar", secret_of["oscar"]), ("oscar", wrong), (as_name, wrong)]:
        form = {"login": name, "password": word, "next": "/console/"}
        # Who typed a wrong name is shown it again.
        but = frozenset({"a password typed as a name"}) if name == as_name else frozenset()
        ear.answer("console sign-in", Client().post("/console/login/", form), but=but)
        answer = Walker("nobody", ear).api.post("/api/v1/login", {"username": name, "password": word})
        if answer.status_code == 201:
            ear.net.plant("the token of a sign-in", answer.json()["token"][15:])
        else:
            ear.answer("api sign-in", answer)


def add_factors(ear, person):
    """An app and recovery codes; and another app that is only begun, whose seed waits in the session."""
    secret_of = {name.removeprefix("the password of "): secret for secret, name in ear.net.names.items()}
    browser, adding = Client(), reverse("mfa_activate_totp")
    browser.post("/console/login/", {"login": person.username, "password": secret_of[person.username]})
    ear.net.plant("the session of who adds a factor", browser.session.session_key)
    browser.post(f"{reverse('account_reauthenticate')}?next={adding}", {"password": secret_of[person.username]})
    begun = browser.get(adding)
    seed = ear.net.plant("the seed of an app", re.search(r"<code[^>]*>\s*([A-Z2-7]{16,})\s*</code>", begun.text)[1])
    # A clock that stands, so that no code is over before it is sent.
    with time_machine.travel(time.time(), tick=False):
        code = format_hotp_value(hotp_value(seed, int(time.time()) // 30))
        shown = ear.answer("console recovery codes", browser.post(adding, {"code": code}))
    assert shown.status_code == 302
    [codes] = [each for each in FactorSecret.objects.filter(user=person) if each.value != seed]
    ear.net.plant("the seed of recovery codes", codes.value)
    ear.answer("console recovery codes", browser.get(shown["Location"]))
    other = Client()
    other.force_login(person)
    session = other.session
    session["mfa.totp.secret"] = ear.net.plant("the seed of an app that is being added")
    session.save()


def come_by_a_provider(ear, person):
    """Somebody's account at one, with the token by which it is asked about them."""
    token = ear.net.plant("a refresh token of a provider")
    OidcAccount.objects.create(user=person, provider="corp", subject="42", refresh_token=token, followed=True)


def act(ear, walkers, a):
    """Everything that is made of secrets or makes one, over HTTP; what is shown once is a canary from then on."""
    owner, admin, net = walkers["owner"], walkers["admin"], ear.net
    environment = f"/api/v1/environments/{a.environment.pk}"
    value = {"DATABASE_URL": f"postgres://app:{net.plant('a value by HTTP')}@db/app",
             "LONG": "x" * 900 + net.plant("a value in a long line") + "y" * 9000}  # fmt: skip
    stored = owner.api.put(f"{environment}/secrets/database/", {"values": value}, headers={"If-Match": "*"})
    assert ear.answer("api secret", stored).status_code == 200
    deployed = owner.api.put(
        f"/api/v1/projects/{a.project.name}/applications/{a.application.name}/", {"appFile": a.app_file()},
        headers={"Idempotency-Key": "once"},
    )  # fmt: skip
    assert ear.answer("api deploy", deployed).status_code in (200, 201)
    assert ear.answer("api cluster", admin.api.post("/api/v1/clusters/", a_cluster(net))).status_code == 201
    renewed = admin.api.post(
        "/api/v1/clusters/new/credentials/", {"kubeconfig": kubeconfig(net)}, headers={"If-Match": "*"}
    )
    assert ear.answer("api credential", renewed).status_code == 200
    accounts = f"/api/v1/teams/{a.team.name}/service-accounts/ci/tokens/"
    for address, body in (("/api/v1/tokens/", {"name": "one"}), (accounts, {"name": "two"})):
        made = owner.api.post(address, body)
        net.plant(f"a token made at {address}", made.json()["token"][15:])
    opened = owner.api.post(f"{environment}/exec/", {"command": ["sh"]})
    assert opened.status_code == 201, opened.content
    net.plant("the ticket of a terminal", opened.json()["ticket"])
    sign_in_a_machine(ear, owner)


def sign_in_a_machine(ear, owner):
    """By a device code."""
    nobody = Walker("nobody", ear).api
    form = "application/x-www-form-urlencoded"
    begun = nobody.post("/api/v1/oauth/device_authorization", "client_id=dougong-cli&machine=here", content_type=form)
    ear.net.plant("a device code", begun.json()["device_code"])
    browser = Client()
    browser.force_login(owner.user)
    page = browser.post("/console/device/", {"code": begun.json()["user_code"], "decision": "approve"})
    ear.answer("console device", page)
    grant = {"grant_type": GRANT, "client_id": "dougong-cli", "device_code": begun.json()["device_code"]}
    ask = urlencode(grant)
    got = nobody.post("/api/v1/oauth/token", ask, content_type=form)
    ear.net.plant("the token of a machine", got.json()["access_token"][15:])
    ear.answer("api device", nobody.post("/api/v1/oauth/token", ask, content_type=form))


def mistake(ear, owner, admin, a):
    """What is refused, and what breaks on our side, with a secret in the hand."""
    net, secrets = ear.net, f"/api/v1/environments/{a.environment.pk}/secrets"
    word = net.plant("a secret in a request that fails")
    bodies = [
        {"values": {"1X": word}}, {"values": {"X": f"{word}\0"}}, {"values": word}, {"values": [word]},
        {"values": {"X": {"y": word}}}, {"values": {"X": word}, "store": "vault"}, {"values": {"X": word * 40_000}},
    ]  # fmt: skip
    for body in bodies:
        answer = owner.api.put(f"{secrets}/mail/", body, headers={"If-Match": "*"})
        assert ear.answer(f"error secret {list(body)}", answer).status_code == 400
    for name in ("Not A Name", "x" * 80, a.team.name):
        ear.answer("error secret's name", owner.api.put(f"{secrets}/{name}/", {"values": {"X": word}}))
    half = f'{{"values": {{"X": "{word}"'
    for media in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        ear.answer(f"error {media}", owner.api.put(f"{secrets}/mail/", half, content_type=media))
    good = a_cluster(net)
    for change in ({"ca_data": "no certificate"}, {"token": f"{word} with spaces"}, {"server": "http://new.example"},
                   {"name": "Not A Name"}, {"kubeconfig": kubeconfig(net)}, {"minter_token": [word]},
                   {"server": f"https://user:{word}@new.example"}):  # fmt: skip
        answer = admin.api.post("/api/v1/clusters/", {**good, "name": "other", **change})
        assert ear.answer(f"error cluster {list(change)}", answer).status_code == 400
    for text in hostile(net):
        ear.answer("error kubeconfig", admin.api.post("/api/v1/clusters/", {"name": "other", "kubeconfig": text}))
        browser = Client()
        browser.force_login(admin.user)
        form = {"name": "other", "kubeconfig": text, "context": "", "labels": ""}
        ear.answer("error console cluster", browser.post("/console/clusters/cluster/add/", form))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "record", broken)
        for client, method, address, body in (
            (owner.api, "put", f"{secrets}/mail/", {"values": {"X": word}}),
            (admin.api, "post", "/api/v1/clusters/", {**good, "name": "third", "server": "https://198.18.0.10:6443"}),
            (owner.api, "post", "/api/v1/tokens/", {"name": "three"}),
        ):
            answer = getattr(client, method)(address, body)
            assert ear.answer(f"error of ours {address}", answer).status_code == 500


def broken(**_):
    raise RuntimeError("the audit trail is broken")


def speak_to_an_echo(ear, on, a, owner):
    """A cluster that says back what it was sent: to whoever delivers, probes, or asks for logs."""
    token = ear.net.plant("the token of a cluster")
    # As if the namespaces were there, so that what is due are the applications with their Secrets.
    Work.objects.exclude(name="application").update(settled_generation=99, next_check_at=None)
    with echoing(on.cluster, token) as echo:
        tasks.reconcile_due(int(Lane.EDIT))
        sent = {each.partition(",")[0] for each in ear.net.found(echo.seen)}
        assert sent >= {"the token of a cluster", "a value by HTTP", "a value in a long line"}
        refuse_an_old_secret(ear, echo)
        for manner in ("403", "401", "500", "text"):
            echo.manner = manner
            probe.probe_clusters([on.cluster.pk])
            owner.read_all(a)
            owner.walk()
    on.cluster.refresh_from_db()


def refuse_an_old_secret(ear, echo):
    """It holds what was set long ago, and kubectl's annotation what was before that; the refusal shows it in full."""
    rows = OwnedObject.objects.filter(oid__startswith="core/Secret/")
    for row in rows:
        value, applied = (
            base64.b64encode(ear.net.plant(name).encode()).decode()
            for name in (f"the value of {row.oid}", f"what was applied as {row.oid}")
        )
        echo.hold_secret(row, value, applied)
    rows.update(uid="uid-1")
    Work.objects.filter(name="application").update(next_check_at=Now())
    tasks.reconcile_due(int(Lane.EDIT))
    assert LAST_APPLIED in "".join(rows.values_list("message", flat=True))
    assert HIDDEN in "".join(rows.values_list("message", flat=True))


def rehearse(owner, a):
    """Diffs and dry runs, with nothing done."""
    by_id = {each.id: each for each in OPERATIONS}
    for name in ("applications_deploy", "applications_rollback", "environments_update", "environments_secrets_revoke"):
        body = by_id[name].body(a) if name in BODIES else None
        assert owner.ask(by_id[name], a, body=body, query={"dryRun": "true", "force": "true"}).status_code == 200, name


def order_all(walkers, a):
    """Every operation that changes something, empty and as it should be, by those with the least rights first."""
    changing = sorted((each for each in OPERATIONS if not each.reads), key=lambda each: each.method == "delete")
    for name in ("nobody", "stranger", "viewer", "machine", "developer", "releaser", "auditor", "operator", "owner",
                 "admin", "rescuer"):  # fmt: skip
        for operation in changing:
            if operation.id in ("login", "device_authorization", "device_token", "tokens_create", "tokens_destroy",
                                "service_account_tokens_create", "environments_exec", "clusters_create"):  # fmt: skip
                continue
            for body in ({}, operation.body(a)):
                walkers[name].ask(operation, a, body=body)


def heard_enough(ear, views):
    """What a crawl that heard nothing would not have."""
    least = {"api": 500_000, "console": 2_000_000, "error": 5_000, "database": 100_000, "celery": 100, "log": 100_000}
    thin = [f"{what}: {ear.heard[what]}" for what, size in least.items() if ear.heard[what] < size]
    wanted = {"console:index", "console:tokens", "console:config_layer", "console:applications_application_change"}
    return [*thin, *(wanted - views["owner"])]
