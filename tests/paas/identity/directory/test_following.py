"""The directory is read twice a minute, and who is out there is out here: sessions, tokens, live views, roles."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from apps.admin.fragments import home_snapshot
from paas.core import health, sse
from paas.core.models import AuditEvent
from paas.identity import devices, services, tasks
from paas.identity.ldap import server
from paas.identity.models import ApiToken, DeviceGrant, DirectoryAccount, User
from paas.identity.roles import role_of
from tests.slapd import dn_of, group

HOME = "/console/"


@pytest.fixture
def alice(directory, enter, login):
    """Signed in, in a browser and by the command; with a machine that waits."""
    enter("alice")
    login("alice")
    alice = User.objects.get(username="alice")
    machine = devices.begin(client_id="dougong-cli", scope="read", machine="laptop", address=None)
    devices.decide(user_code=machine.user_code, approve=True, actor=alice)
    return alice


def is_out(client, person):
    person.refresh_from_db()
    assert not person.is_active
    assert client.get(HOME).status_code == 302
    assert not ApiToken.objects.filter(user=person).exists()
    assert {each.state for each in DeviceGrant.objects.filter(user=person)} == {"declined"}
    return DirectoryAccount.objects.get(user=person).ended


def is_in(client, person):
    person.refresh_from_db()
    return person.is_active and client.get(HOME).status_code == 200 and ApiToken.objects.filter(user=person).exists()


def directory_health(client):
    return client.get("/readyz").json()["checks"]["directory"]


def test_it_is_read_often_enough_for_a_minute(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["identity: read the directory"]
    assert entry["task"] == tasks.read_directory.name
    assert entry["schedule"] + timedelta(seconds=tasks.read_directory.time_limit) < timedelta(minutes=1)


def test_nothing_changes_where_nothing_has_changed(alice, client):
    before = AuditEvent.objects.count()
    tasks.read_directory()
    assert is_in(client, alice)
    assert (AuditEvent.objects.count(), directory_health(client)) == (before, "ok")


def test_the_locked_are_out(alice, directory, client, team):
    directory.lock("alice")
    tasks.read_directory()
    assert is_out(client, alice) == "disabled"
    assert role_of(team, alice) is None
    event = AuditEvent.objects.get(action="user.active_set")
    assert (event.actor_name, event.reason, event.before["tokens"]) == ("system", "disabled in the directory", 1)
    tasks.read_directory()
    assert AuditEvent.objects.filter(action="user.active_set").count() == 1


def test_who_is_not_there_any_more_is_out(alice, directory, client):
    directory.remove(dn_of("alice"))
    tasks.read_directory()
    assert is_out(client, alice) == "absent"


def test_whose_time_is_over_is_out(directory, login, client):
    tomorrow = timezone.now() + timedelta(days=1)
    directory.add_person("eve", shadowExpire=str((tomorrow - datetime(1970, 1, 1, tzinfo=UTC)).days))
    directory.join("shop", dn_of("eve"))
    login("eve")
    tasks.read_directory()
    assert User.objects.get(username="eve").is_active
    with time_machine.travel(tomorrow):
        tasks.read_directory()
    assert DirectoryAccount.objects.get(user__username="eve").ended == "expired"
    assert not ApiToken.objects.exists()


def test_who_is_dropped_from_all_groups_is_out(alice, directory, client, team):
    directory.leave("shop", dn_of("alice"))
    tasks.read_directory()
    assert is_out(client, alice) == "no_group"
    assert role_of(team, alice) is None


def test_who_changes_groups_changes_roles_and_stays_in(alice, directory, client, team):
    directory.join("it", dn_of("alice"))
    directory.leave("shop", dn_of("alice"))
    tasks.read_directory()
    assert is_in(client, alice)
    assert (role_of(team, alice), User.objects.get(pk=alice.pk).has_perm("identity.operate")) == (None, True)
    event = AuditEvent.objects.filter(action="team.member_mirrored").latest("id")
    assert (event.before["role"], event.after["role"]) == ("developer", None)


def test_a_role_given_by_hand_is_not_taken(alice, directory, client, team, admin):
    services.add_member(team=team, user=alice, role="viewer", actor=admin)
    directory.join("it", dn_of("alice"))
    directory.leave("shop", dn_of("alice"))
    tasks.read_directory()
    assert role_of(team, alice) == "viewer"


def test_the_same_role_given_by_hand_before_is_not_taken(directory, login, team, admin, client):
    login("alice")
    alice = User.objects.get(username="alice")
    directory.join("it", dn_of("alice"))
    directory.leave("shop", dn_of("alice"))
    tasks.read_directory()
    services.add_member(team=team, user=alice, role="developer", actor=admin)
    directory.join("shop", dn_of("alice"))
    tasks.read_directory()
    directory.leave("shop", dn_of("alice"))
    tasks.read_directory()
    assert role_of(team, alice) == "developer"


def test_a_directory_that_is_gone_locks_nobody_out(alice, directory, client):
    directory.stop()
    tasks.read_directory()
    assert is_in(client, alice)
    assert directory_health(client) == "unreadable"
    assert client.get("/readyz").json()["status"] == "degraded"
    directory.start()
    tasks.read_directory()
    assert directory_health(client) == "ok"


@pytest.mark.parametrize(
    "wrong",
    [
        {"people_filter": "(objectClass=device)"},
        {"people_base": "ou=nowhere,dc=example"},
        {"people_filter": "(uid="},
        {"bind_dn": dn_of("bob")},
        {"groups_base": "ou=nowhere,dc=example"},
    ],
    ids=["nobody", "no such base", "no filter", "may not bind", "no groups"],
)
def test_an_answer_that_cannot_be_right_locks_nobody_out(alice, client, configured, team, wrong):
    configured(**wrong)
    tasks.read_directory()
    assert is_in(client, alice)
    assert role_of(team, alice) == "developer"
    assert directory_health(client) in {"empty", "unreadable"}


def test_a_directory_that_shows_only_strangers_locks_nobody_out(alice, directory, client, login, configured):
    login("bob")
    configured(people_filter="(uid=carol)")
    tasks.read_directory()
    assert is_in(client, alice)
    assert directory_health(client) == "empty"


def test_a_directory_that_hides_all_members_locks_nobody_out(alice, directory, client, login, team, configured):
    login("bob")
    directory.add_group("empty", dn_of("carol"))
    configured(map={group("empty"): ("shop:developer",)})
    tasks.read_directory()
    assert is_in(client, alice)
    assert role_of(team, User.objects.get(username="bob")) == "developer"
    assert directory_health(client) == "empty"


def test_a_mapped_group_that_is_not_shown_takes_no_role(alice, directory, client, team, login):
    login("bob")
    directory.remove(group("shop"))
    directory.lock("alice")
    tasks.read_directory()
    assert role_of(team, User.objects.get(username="bob")) == "developer"
    assert is_out(client, alice) == "disabled"
    assert directory_health(client) == "1 groups of the map are missing"


def test_who_comes_back_signs_in_anew_and_nothing_of_before_holds(alice, directory, client, enter, team):
    old = client.cookies["sessionid"].value
    directory.lock("alice")
    tasks.read_directory()
    directory.unlock("alice")
    tasks.read_directory()
    assert client.get(HOME).status_code == 302
    client.cookies.clear()
    assert enter("alice").status_code == 302
    assert client.get(HOME).status_code == 200
    assert (role_of(team, alice), ApiToken.objects.count()) == ("developer", 0)
    client.cookies["sessionid"] = old
    assert client.get(HOME).status_code == 302


def test_who_was_let_in_by_an_operator_is_followed_like_everybody(alice, directory, client, admin):
    directory.lock("alice")
    tasks.read_directory()
    services.set_active(user=alice, active=True, actor=admin)
    services.create_token(user=alice, actor=admin)
    tasks.read_directory()
    assert is_out(client, alice) == "disabled"


def test_whom_an_operator_has_closed_last_stays_closed(alice, directory, login, admin):
    directory.lock("alice")
    tasks.read_directory()
    for active in (True, False):
        services.set_active(user=User.objects.get(pk=alice.pk), active=active, actor=admin)
    directory.unlock("alice")
    assert login("alice").json()["code"] == "directory_not_admitted"


def test_an_operator_ends_a_session_at_once(alice, client, admin):
    old = client.cookies["sessionid"].value
    services.set_active(user=alice, active=False, actor=admin)
    assert client.get(HOME).status_code == 302
    services.set_active(user=alice, active=True, actor=admin)
    client.cookies["sessionid"] = old
    assert client.get(HOME).status_code == 302


def test_who_signs_in_while_it_is_read_is_left_to_the_next_time(alice, directory, client, login, monkeypatch):
    everybody = server.everybody

    def slow(connection):
        directory.lock("alice")
        answer = everybody(connection)
        directory.unlock("alice")
        login("alice")
        return answer

    monkeypatch.setattr(server, "everybody", slow)
    tasks.read_directory()
    assert is_in(client, alice)


def test_many_people_are_two_searches_in_pages(alice, directory, client, login, monkeypatch):
    for number in range(12):
        directory.add_person(f"person{number}")
        directory.join("shop", dn_of(f"person{number}"))
    login("person11")
    searches = []
    search = server._search
    monkeypatch.setattr(server, "PAGE", 5)
    monkeypatch.setattr(server, "_search", lambda *asked: searches.append(asked) or search(*asked))
    tasks.read_directory()
    assert len(searches) == 2
    assert is_in(client, alice)
    with server.connected() as connection:
        assert len(server.everybody(connection).people) == 16


def test_local_accounts_are_nobody_of_the_directory_s(alice, directory, client, owner, admin):
    directory.remove(dn_of("alice"))
    tasks.read_directory()
    assert all(User.objects.get(pk=each.pk).is_active for each in (owner, admin))


def test_who_has_no_directory_has_nothing_to_read(db, client, settings):
    tasks.read_directory()
    assert "directory" not in client.get("/readyz").json()["checks"]


def test_a_reading_that_does_not_happen_is_told(alice, client):
    assert directory_health(client) == "not read"
    tasks.read_directory()
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert directory_health(client) == "not read"


@pytest.mark.django_db(transaction=True)
def test_an_open_live_view_ends_without_any_time_passing(valkey, alice, directory, monkeypatch):
    for waits in ("HEARTBEAT", "POLL", "ASK_AGAIN", "READ_AGAIN"):
        monkeypatch.setattr(sse, waits, 600)
    directory.lock("alice")

    async def watch():
        async with asyncio.timeout(60), aclosing(sse.events(home_snapshot(alice), "home")) as events:
            while not (await anext(events)).startswith(b"event: state"):
                pass
            await sync_to_async(tasks.read_directory)()
            return [chunk async for chunk in events if not chunk.startswith(b":")]

    (told,) = async_to_sync(watch)()
    assert told.startswith(b"event: refused")
    assert b"not_authenticated" in told


def test_health_says_nothing_of_the_rest(client, db, monkeypatch):
    monkeypatch.setitem(health._others, "cellar", lambda: "flooded")
    monkeypatch.setattr(health, "_broker", lambda: "ok")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["cellar"] == "flooded"
