"""What one process has counted, another knows: attempts to sign in, and codes that are used up."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from paas.core.models import CacheEntry
from paas.core.shared_cache import SharedCache, forget_expired
from paas.identity.models import FactorSecret

SECRET = "JBSWY3DPEHPK3PXP"
FORM = "application/x-www-form-urlencoded"
WRONG = {"username": "olga", "password": "wrong"}

OTHER = """
import json, sys
import django
django.setup()
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
moment, code, key = sys.argv[1:]
browser, form = Client(), "application/x-www-form-urlencoded"
with time_machine.travel(float(moment), tick=False):
    said = {
        "api": browser.post("/api/v1/login", json.dumps({"username": "olga", "password": "wrong"}), "application/json"),
        "device": browser.post("/api/v1/oauth/device_authorization", "client_id=dougong-cli", form),
        "console": browser.post("/console/login/", {"login": "olga", "password": "wrong"}),
    }
    used = key and TOTP(Authenticator.objects.get(pk=key)).validate_code(code)
print(json.dumps({**{name: answer.status_code for name, answer in said.items()}, "code": used}))
"""


@pytest.fixture(autouse=True)
def _a_clock_that_stands():
    """In each process, so that no count and no code is over before it is looked at."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def another_process(code="", key=""):
    """What it is told: the status of one attempt each, and whether the code is good there."""
    given = connection.settings_dict
    url = make_conninfo(dbname=given["NAME"], user=given["USER"], host=given["HOST"], port=given["PORT"] or None,
                        password=given["PASSWORD"] or None)  # fmt: skip
    there = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "paas.settings_test"}
    command = [sys.executable, "-c", OTHER, str(time.time()), code, str(key)]
    done = subprocess.run(command, env=there, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.django_db(transaction=True)
def test_attempts_of_one_are_too_many_for_another(api, client, owner):
    fresh = another_process()
    assert (fresh["api"], fresh["device"], fresh["console"]) == (401, 200, 200)
    for _ in range(10):
        api().post("/api/v1/login", WRONG)
        client.post("/console/login/", {"login": "olga", "password": "wrong"})
    for _ in range(30):
        client.post("/api/v1/oauth/device_authorization", "client_id=dougong-cli", content_type=FORM)
    there = another_process()
    assert (there["api"], there["device"], there["console"]) == (429, 429, 429)


@pytest.mark.django_db(transaction=True)
def test_a_code_that_one_has_taken_is_used_up_for_another(owner):
    seed = FactorSecret.objects.create(user=owner, value=SECRET)
    row = Authenticator.objects.create(user=owner, type="totp", data={"secret": str(seed.pk)})
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    assert another_process(code, row.pk)["code"] is True
    assert not TOTP(row).validate_code(code)
    assert another_process(code, row.pk)["code"] is False


def at_once(count, act):
    """What each of so many threads was told that began together."""
    together, told = Barrier(count), []

    def one():
        together.wait()
        told.append(act())
        connection.close()

    threads = [Thread(target=one) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return told


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_adds():
    added = at_once(4, lambda: SharedCache("", {}).add("a code", "y", timeout=30))
    assert sorted(added) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_of_many_attempts_at_once_none_is_lost(api):
    told = at_once(15, lambda: api().post("/api/v1/login", {"username": "nobody", "password": "wrong"}).status_code)
    assert sorted(told) == [401] * 10 + [429] * 5


@pytest.mark.django_db
def test_it_is_a_cache_of_json():
    with pytest.raises(TypeError), transaction.atomic():
        cache.set("a key", object())
    cache.set("a key", [1.5, 2.5], timeout=60)
    assert cache.get("a key") == [1.5, 2.5]
    assert SharedCache("", {}).get("a key") == [1.5, 2.5]
    assert cache.touch("a key", timeout=90)
    assert "a key" in cache
    assert cache.delete("a key")
    assert not cache.touch("a key")
    assert (cache.get("a key", "none"), cache.delete("a key")) == ("none", False)


@pytest.mark.django_db
def test_what_is_over_is_not_there_and_is_forgotten():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        cache.set("short", "y", timeout=30)
        cache.set("long", "y", timeout=None)
        clock.shift(timedelta(seconds=31))
        assert cache.get("short") is None
        assert cache.add("short", "z", timeout=30)
        assert not cache.add("short", "z", timeout=30)
        clock.shift(timedelta(seconds=31))
        forget_expired()
        assert CacheEntry.objects.count() == 1
        cache.clear()
        assert cache.get("long") is None
