"""What the table of sessions holds is of no use to whoever reads it; to who has the cookie a session is as it was."""

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as Before
from django.contrib.sessions.models import Session
from django.test import Client

from paas.identity.sessions import SessionStore, row_key

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def signed_in(owner):
    client = Client()
    assert client.login(username="olga", password="olga likes dumplings")
    return client


def opens(key):
    browser = Client()
    browser.cookies[COOKIE] = key
    return browser.get("/console/").status_code == 200


def test_the_key_of_a_row_opens_nothing_and_the_cookie_s_does(signed_in):
    row, key = Session.objects.get(), signed_in.cookies[COOKIE].value
    assert opens(key)
    assert not opens(row.session_key)
    assert key not in repr(Session.objects.values())


def test_what_a_row_holds_opens_with_the_cookie_s_key_alone(signed_in):
    session = signed_in.session
    session["seed"] = "a seed"
    session.save()
    row = Session.objects.get()
    assert SessionStore(session.session_key).decode(row.session_data)["seed"] == "a seed"
    for other in (row.session_key, "a" * 32, None):
        assert SessionStore(other).decode(row.session_data) == {}
    assert row.get_decoded() == {}


def test_a_row_that_was_moved_to_another_key_holds_nothing(signed_in, viewer):
    """Who may write in the table cannot make somebody's session their own by copying what it holds."""
    mine = Client()
    mine.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    ours = Session.objects.get(session_key=row_key(mine.session.session_key))
    theirs = Session.objects.exclude(pk=ours.pk).get()
    Session.objects.filter(pk=ours.pk).update(session_data=theirs.session_data)
    assert mine.get("/console/").status_code == 302


def test_a_row_from_before_opens_nothing(owner):
    """As Django keeps them: everybody signs in again after the upgrade, and an old dump is of no use either."""
    before = Before()
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    before.update(dict(browser.session.items()))
    before.save()
    assert not opens(before.session_key)


def test_signing_out_takes_the_row_away(signed_in):
    key = signed_in.cookies[COOKIE].value
    signed_in.post("/console/logout/")
    assert not opens(key)
    assert not Session.objects.exists()


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.django_db
def test_each_way_of_django_s_own_does_as_it_says(how):
    def call(name, *values):
        if how == "sync":
            return getattr(session, name)(*values)
        return async_to_sync(getattr(session, f"a{name}"))(*values)

    session = SessionStore()
    session["step"] = 1
    call("save")
    first = session.session_key
    assert call("exists", first)
    call("cycle_key")
    second = session.session_key
    assert second != first
    assert (call("exists", first), call("exists", second)) == (False, True)
    session["step"] = 2
    call("save")
    assert Session.objects.count() == 1
    session = SessionStore(second)
    assert call("get", "step") == 2
    session = SessionStore(first)
    assert (call("get", "step"), session.session_key) == (None, None)
    session = SessionStore(second)
    call("flush")
    assert not Session.objects.exists()
