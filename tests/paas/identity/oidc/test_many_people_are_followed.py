"""Many people of a provider are asked for at once, within their minute, and none of them stands in another's way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from structlog.testing import capture_logs

from paas.core.models import AuditEvent
from paas.identity import tasks
from paas.identity.models import OidcAccount, User
from paas.identity.oidc import following, people
from tests.paas.identity.oidc.visits import WEI
from tests.paas.identity.openid_provider import OpenIdProvider

PATIENCE = 30  # seconds until a test fails


@pytest.fixture
def few(monkeypatch):
    """Four are asked for at once, and no run ends for a slow machine."""
    monkeypatch.setattr(following, "AT_ONCE", 4)
    monkeypatch.setattr(following, "LONGEST", PATIENCE * 2)
    monkeypatch.setattr(following, "ANSWER", PATIENCE)


@pytest.fixture
def signed_in(openid, corp, team):
    """signed_in(number) → the names of that many people, who came a minute ago."""

    def come(number, *, stub=openid, provider=corp):
        names = [f"{provider.id}-{each}" for each in range(number)]
        with time_machine.travel(time.time() - 60, tick=True):
            for name in names:
                person = {**WEI, "sub": name, "preferred_username": name}
                stub.tokens[f"first {name}"] = person
                people.admit(provider, person, refresh_token=f"first {name}")
        return names

    return come


def inside():
    return set(User.objects.filter(is_active=True, oidc_accounts__ended="").values_list("username", flat=True))


def renewed(stub):
    """The names of whose next token is kept, and good at the provider."""
    kept = {each.user.username: each.refresh_token for each in OidcAccount.objects.select_related("user")}
    return {name for name, token in kept.items() if token != f"first {name}" and token in stub.tokens}


def test_it_comes_round_often_enough_for_a_minute(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["identity: follow people of providers"]
    asking, run = timedelta(seconds=following.LONGEST), timedelta(seconds=following.LONGEST + following.ANSWER)
    assert entry["task"] == tasks.follow_people.name
    assert run < timedelta(seconds=tasks.follow_people.soft_time_limit)
    # Whoever is asked for last in one run is due at the beginning of the next, and may be its first or its last.
    assert entry["schedule"] - asking > following.EVERY
    assert entry["schedule"] + run < timedelta(minutes=1)


def test_several_are_asked_for_at_once(openid, few, signed_in):
    names = signed_in(8)
    together = threading.Barrier(4, timeout=PATIENCE)
    openid.before = lambda form: together.wait()
    assert following.follow() == 8
    assert renewed(openid) == inside() >= set(names)


def test_a_run_makes_no_more_connections_than_it_asks_at_once(openid, few, signed_in):
    names = signed_in(20)
    following.follow()
    assert renewed(openid) == set(names)
    assert openid.connections <= 2 + 4  # the discovery document, the keys, and who asks


def test_a_refusal_ends_just_that_person(openid, few, signed_in):
    names = signed_in(9)
    del openid.tokens["first corp-4"]
    assert following.follow() == 9
    rest = set(names) - {"corp-4"}
    assert renewed(openid) == rest
    assert inside() & set(names) == rest
    [event] = AuditEvent.objects.filter(action="user.active_set")
    assert event.object_name == "corp-4"


def test_a_token_that_the_provider_chokes_on_holds_up_nobody_else(openid, few, signed_in):
    def chokes(form):
        if form["refresh_token"] == "first corp-0":
            raise ConnectionError

    names = signed_in(9)
    openid.before = chokes
    with capture_logs() as logs:
        assert following.follow() == 9
    assert renewed(openid) == set(names) - {"corp-0"}
    assert inside() >= set(names)
    assert [each["event"] for each in logs] == ["sso_provider_unreachable"]


def test_a_provider_that_dies_in_the_middle_changes_nothing_and_is_left_alone(openid, few, signed_in):
    def dies(form):
        if len(openid.asked) >= 6:
            raise ConnectionError

    names = signed_in(20)
    openid.before = dies
    with capture_logs() as logs:
        assert following.follow() < 20
    before = renewed(openid)
    assert 6 <= len(before) < 6 + 4
    assert inside() >= set(names)
    assert [each["event"] for each in logs] == ["sso_provider_unreachable"]
    openid.before = lambda form: None
    with time_machine.travel(time.time() + 60, tick=True):
        assert following.follow() == 20
    assert renewed(openid) == set(names)


def test_tokens_that_are_not_right_hold_up_nobody_and_who_is_refused_is_out(openid, few, signed_in):
    names = signed_in(9)
    openid.bent = {"aud": "another"}
    del openid.tokens["first corp-8"]
    with capture_logs() as logs:
        assert following.follow() == 9
    assert inside() & set(names) == set(names) - {"corp-8"}
    assert [(each["event"], each.get("people")) for each in logs] == [("sso_ended", None), ("sso_token_refused", 8)]


def test_an_answer_that_never_comes_changes_nothing(openid, few, signed_in, monkeypatch):
    over = threading.Event()
    names = signed_in(1)
    openid.before = lambda form: over.wait(PATIENCE)
    monkeypatch.setattr(following, "ANSWER", 0.05)
    with capture_logs() as logs:
        assert following.follow() == 1
    assert inside() >= set(names)
    assert OidcAccount.objects.get().refresh_token == "first corp-0"
    [said] = logs
    assert (said["event"], said["provider"]) == ("sso_provider_unreachable", "corp")
    over.set()


@pytest.fixture
def another(corp, settings):
    """A second provider, before the first in the list."""
    stub = OpenIdProvider()
    stub.start()
    found = corp.model_copy(update={"id": "other", "issuer": stub.issuer})
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (found, corp)})
    yield stub, found
    stub.stop()


def test_a_provider_that_hangs_holds_up_no_other(openid, few, another, signed_in):
    stub, provider = another
    theirs, ours = signed_in(4, stub=stub, provider=provider), signed_in(12)
    over = threading.Event()

    def waits(form):
        """Until the last of the other provider's people is asked for."""
        if not over.wait(PATIENCE):
            raise ConnectionError

    def ends(form):
        if form["refresh_token"] == "first corp-11":
            over.set()

    stub.before, openid.before = waits, ends
    assert following.follow() == 16
    assert renewed(openid) == set(ours)
    assert renewed(stub) == set(theirs)


def test_whom_there_was_no_time_for_is_told_and_comes_first_the_next_time(openid, few, signed_in, monkeypatch):
    signed_in(6)
    longest_ago = OidcAccount.objects.earliest("checked_at").checked_at - timedelta(minutes=1)
    OidcAccount.objects.filter(user__username="corp-5").update(checked_at=longest_ago)
    monkeypatch.setattr(following, "AT_ONCE", 1)
    with capture_logs() as logs, monkeypatch.context() as no_time:
        no_time.setattr(following, "LONGEST", 0.0)
        assert following.follow() == 0
    assert logs == [{"event": "sso_following_late", "log_level": "warning", "provider": "corp", "people": 6}]
    following.follow()
    assert openid.asked[0]["refresh_token"] == "first corp-5"


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_ask_for_each_person_once(openid, few, signed_in):
    names = signed_in(12)
    start = threading.Barrier(2, timeout=PATIENCE)

    def run():
        try:
            start.wait()
            return following.follow()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run) for _ in range(2)]
    assert sum(each.result() for each in runs) == 12 == len(openid.asked)
    assert renewed(openid) == set(names)
    assert inside() >= set(names)
