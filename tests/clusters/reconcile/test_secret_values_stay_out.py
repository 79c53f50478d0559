"""Secrets: named by reference, resolved just before they are sent, kept nowhere but on the cluster."""

import base64
import hashlib
import json

import pytest
from django.core import serializers
from django.db import connection

from clusters import resolve
from clusters.faults import ApiRefused
from clusters.fields import live_digest
from clusters.manifests import FIELD_MANAGER
from clusters.models import OwnedObject, Work
from clusters.reconcile.hiding import hide
from clusters.resolve import SecretUnavailable

CANARY = "canary-f8c1e0-of-the-test"


@pytest.fixture
def vault(monkeypatch):
    """The values by reference, and which were asked for."""
    values, asked = {"password": CANARY.encode()}, []

    def resolver(rest):
        asked.append(rest)
        if rest not in values:
            raise SecretUnavailable(f"{rest} has been revoked")
        return values[rest]

    monkeypatch.setitem(resolve._resolvers, "test", resolver)
    resolver.values, resolver.asked = values, asked
    return resolver


@pytest.fixture
def delivered(vault, submit, until, healthy, ground, secret):
    work = submit("application", [*ground, secret("keys", password="test:password")])
    until(lambda: healthy(work))
    return work


def test_the_value_arrives_and_stays_nowhere_else(delivered, live, caplog, capsys):
    assert base64.b64decode(live("Secret", "keys")["data"]["password"]).decode() == CANARY
    stored = serializers.serialize("json", [*Work.objects.all(), *OwnedObject.objects.all()])
    printed = "".join(capsys.readouterr()) + caplog.text
    for form in (CANARY, base64.b64encode(CANARY.encode()).decode()):
        assert form not in stored
        assert form not in printed
    assert "test:password" in stored


def test_the_digests_tell_nothing_without_the_key(delivered, row, oid, live, settings):
    kept = row(oid("Secret", "keys"))
    guess = {"data": live("Secret", "keys")["data"]}
    for plain in (guess, guess["data"], CANARY):
        assert hashlib.sha256(json.dumps(plain).encode()).hexdigest() not in (kept.sent_digest, kept.live_digest)
    before = kept.live_digest
    key = settings.DOUGONG.digest_key.get_secret_value().encode()
    assert live_digest(live("Secret", "keys"), FIELD_MANAGER, key) == before
    assert live_digest(live("Secret", "keys"), FIELD_MANAGER, b"another key") != before


def test_what_holds_is_not_even_resolved(delivered, vault, sweep):
    vault.asked.clear()
    sweep(2)
    assert vault.asked == []


def test_a_deleted_secret_is_found_by_the_sweep(delivered, sweep, healthy, admin, live, oid):
    admin.delete(oid("Secret", "keys"))
    sweep()
    assert base64.b64decode(live("Secret", "keys")["data"]["password"]).decode() == CANARY
    assert healthy(delivered)


def test_one_that_cannot_be_resolved_is_told_and_the_rest_delivered(
    vault, submit, drain, ground, secret, config, live, condition, row, oid
):
    work = submit("application", [*ground, secret("keys", password="test:lost"), config("a", key="1")])
    drain()
    drain()
    assert live("Secret", "keys") is None
    assert live("ConfigMap", "a") is not None
    assert condition(work, "SecretUnavailable")["message"].endswith("lost has been revoked")
    assert row(oid("Secret", "keys")).reason == "SecretUnavailable"
    work.refresh_from_db()
    assert work.attempts >= 1


def test_a_delivered_one_outlives_its_store(delivered, vault, sweep, healthy, live):
    vault.values.clear()
    sweep()
    assert live("Secret", "keys") is not None
    assert healthy(delivered)


def test_an_unknown_scheme_is_unavailable(submit, drain, ground, secret, condition):
    work = submit("application", [*ground, secret("keys", password="nowhere:1")])
    drain()
    assert "no resolver" in condition(work, "SecretUnavailable")["message"]


def test_what_a_server_says_of_a_value_is_hidden():
    encoded = base64.b64encode(CANARY.encode()).decode()
    refusal = ApiRefused(422, "Invalid", f'data[x]: Invalid value: "{CANARY}" ({encoded})')
    hide(refusal, [encoded])
    assert refusal.message == 'data[x]: Invalid value: "[hidden]" ([hidden])'
    assert CANARY not in str(refusal)


def test_the_database_never_saw_a_plain_value(delivered):
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{CANARY}%"])
            assert cursor.fetchone() == (0,), table
