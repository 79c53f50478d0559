"""Signing in by a real directory: who gets in, with which roles, and who does not."""

import socket

import ldap
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.urls import reverse

from paas.core.errors import Conflict
from paas.core.models import AuditEvent
from paas.identity import services, tasks
from paas.identity.ldap import server
from paas.identity.models import ApiToken, DirectoryAccount, User
from paas.identity.roles import members, role_of
from tests.certificate import issued
from tests.slapd import GROUPS, PEOPLE, dn_of, group, password_of

HOME = "/console/"


def directory_people():
    return sorted(User.objects.exclude(directory_account=None).values_list("username", flat=True))


def test_a_person_gets_an_account_with_the_role_of_their_group(directory, enter, client, team):
    assert enter("alice").status_code == 302
    assert client.get(HOME).status_code == 200
    alice = User.objects.get(username="alice")
    assert (alice.email, alice.last_name, alice.password[0]) == ("alice@example.org", "Alice", "!")
    assert role_of(team, alice) == "developer"
    events = AuditEvent.objects.filter(object_name__in=("alice", "shop")).order_by("id")
    told = [(each.action, each.actor_name) for each in events][-3:]
    assert told == [("user.created", "system"), ("team.member_mirrored", "system"), ("sign_in.succeeded", "alice")]


def test_the_command_gets_a_token(directory, login, api):
    answer = login("alice")
    assert answer.status_code == 201
    asked = api()
    asked.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    assert asked.get("/api/v1/me").json()["username"] == "alice"


def test_groups_within_groups_count(directory, login, team):
    assert login("bob").status_code == 201
    assert role_of(team, User.objects.get(username="bob")) == "developer"


def test_a_group_may_make_operators(directory, login):
    assert login("ida").status_code == 201
    assert User.objects.get(username="ida").has_perm("identity.operate")
    assert AuditEvent.objects.get(action="user.operator_mirrored").after == {"operator": True, "by": "directory"}


def test_however_the_name_is_capitalised_it_is_one_account(directory, login):
    assert [login(name, password_of("alice")).status_code for name in ("alice", "ALICE", "Alice")] == [201] * 3
    assert directory_people() == ["alice"]


def test_names_of_all_languages(directory, login):
    directory.add_person("łucja")
    directory.join("shop", dn_of("łucja"))
    assert login("łucja").status_code == 201
    assert directory_people() == ["łucja"]


def test_a_wrong_password(directory, login, enter, client):
    assert (login("alice", "wrong").status_code, login("nobody", "x").status_code) == (401, 401)
    assert enter("alice", "wrong").status_code == 200
    assert client.get(HOME).status_code == 302
    assert directory_people() == []
    assert AuditEvent.objects.filter(action="sign_in.failed").count() == 3


@pytest.mark.parametrize(
    "name", ["*", "a*", "alice)(uid=*", "*)(uid=*", "alice)(|(uid=*", "alice\0", "\\61lice", "(", "é\\"]
)
def test_a_name_is_never_read_as_a_filter(directory, login, name):
    with server.connected() as connection:
        assert server.find(connection, name) == []
    assert login(name, password_of("alice")).status_code in {400, 401}
    assert directory_people() == []


@pytest.fixture
def elsewhere():
    """A server that the directory points to; `accept` tells whether somebody has come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def test_no_other_server_is_asked_that_the_directory_points_to(directory, login, elsewhere):
    """It would be told what the directory's own reading account asks, or the password of who signs in."""
    where = f"ldap://127.0.0.1:{elsewhere.getsockname()[1]}/"
    for base in (PEOPLE, GROUPS):
        said = {"objectClass": [b"referral", b"extensibleObject"], "ou": [b"elsewhere"]}
        ref = f"{where}ou=elsewhere,{base}".encode()
        directory.write().add_s(f"ou=elsewhere,{base}", [*said.items(), ("ref", [ref])])
    assert (login("alice").status_code, login("dora").status_code) == (201, 401)
    tasks.read_directory()
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    assert directory_people() == ["alice"]


@pytest.mark.parametrize("password", ["", "\0", "\0" + password_of("alice")])
def test_an_empty_password_is_not_even_asked_about(directory, login, enter, client, password):
    """A server takes a bind without a password for one as nobody, and lets it in. This one is not there at all."""
    directory.stop()
    assert login("alice", password).status_code in {400, 401}
    assert enter("alice", password).status_code == 200
    assert client.get(HOME).status_code == 302


def test_who_is_in_no_mapped_group_stays_out_and_is_told_so(directory, login, enter):
    answer = login("carol")
    assert (answer.status_code, answer.json()["code"]) == (403, "directory_not_admitted")
    page = enter("carol")
    assert (page.status_code, directory_people()) == (403, [])
    assert "none of its groups" in page.content.decode()
    assert AuditEvent.objects.filter(action="sign_in.failed", how="directory").count() == 2


def test_the_locked_and_the_expired_stay_out(directory, login):
    directory.lock("alice")
    answer = login("alice")
    assert (answer.status_code, answer.json()["code"]) == (403, "directory_not_admitted")
    assert "disabled" in answer.json()["detail"]
    assert login("alice", "wrong").json()["code"] == "login_failed"
    directory.add_person("eve", shadowExpire="1")
    directory.join("shop", dn_of("eve"))
    answer = login("eve")
    assert (answer.status_code, answer.json()["code"]) == (403, "directory_not_admitted")
    assert "expired" in answer.json()["detail"]
    assert directory_people() == []


def test_a_local_account_is_not_taken_over(directory, login, admin):
    services.create_user(username="Alice", password="only known here", actor=admin)
    assert login("alice").status_code == 401
    assert login("Alice").status_code == 401
    assert login("Alice", "only known here").status_code == 201
    assert directory_people() == []


def test_the_directory_never_learns_a_local_password(directory, login, owner):
    directory.stop()
    assert login(owner.username, "wrong").status_code == 401
    assert login(owner.username, f"{owner.username} likes dumplings").status_code == 201


def test_the_first_superuser_is_never_somebody_of_the_directory(directory, login, monkeypatch):
    login("alice")
    monkeypatch.setenv("DOUGONG_ADMIN_PASSWORD", "a long password")
    with pytest.raises(Conflict, match="alice"):
        services.bootstrap_admin(username="alice", password="a long password")
    assert not User.objects.get(username="alice").is_superuser


def test_who_is_renamed_keeps_their_account(directory, login):
    login("alice")
    directory.write().rename_s(dn_of("alice"), "uid=alicia")
    directory.leave("shop", dn_of("alice"))
    directory.join("shop", dn_of("alicia"))
    assert login("alicia", password_of("alice")).status_code == 201
    assert directory_people() == ["alice"]


def test_a_name_given_to_somebody_else_does_not_open_the_account(directory, login):
    login("alice")
    directory.remove(dn_of("alice"))
    directory.add_person("alice")
    answer = login("alice")
    assert (answer.status_code, answer.json()["code"]) == (403, "directory_not_admitted")
    assert ApiToken.objects.count() == 1


def test_a_wrong_certificate_ends_it_before_anything_is_said(directory, login, configured, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(issued()[0])
    configured(ca_file=other)
    assert (login("alice").status_code, login("alice").json()["code"]) == (503, "directory_unreachable")
    configured(ca_file=directory.authority)
    assert login("alice").status_code == 201


def test_this_directory_takes_no_password_in_the_clear(directory):
    """So that all the others prove StartTLS."""
    connection = ldap.initialize(directory.uri)
    with pytest.raises(ldap.CONFIDENTIALITY_REQUIRED):
        connection.simple_bind_s(dn_of("alice"), password_of("alice"))


def test_a_directory_that_is_gone_keeps_nobody_out_who_is_in(directory, enter, login, client, admin):
    enter("alice")
    token = login("alice").json()["token"]
    directory.stop()
    assert client.get(HOME).status_code == 200
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    client.cookies.clear()
    page = enter("bob")
    assert page.status_code == 503
    assert "The directory does not answer" in page.content.decode()
    assert (login("bob").status_code, login("bob").json()["code"]) == (503, "directory_unreachable")
    assert enter("admin", "a long password").status_code == 302


def confirm(client, password):
    return client.post(f"{reverse('account_reauthenticate')}?next=/console/account/", {"password": password})


def test_a_factor_is_added_by_the_password_of_the_directory(directory, enter, client):
    enter("alice")
    add = reverse("mfa_activate_totp")
    assert client.get(add)["Location"].startswith(reverse("account_reauthenticate"))
    assert confirm(client, "wrong").status_code == 200
    assert client.get(add).status_code == 302
    directory.stop()
    answer = confirm(client, password_of("alice"))
    assert (answer.status_code, "The directory does not answer" in answer.content.decode()) == (503, True)
    assert client.get(add).status_code == 302
    directory.start()
    assert confirm(client, password_of("alice")).status_code == 302
    assert client.get(add).status_code == 200


def test_a_second_factor_is_asked_for_after_the_password_of_the_directory(directory, enter, login, client):
    login("alice")
    alice = User.objects.get(username="alice")
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "x", "credential": {}})
    assert enter("alice")["Location"] == reverse("mfa_authenticate")
    assert client.get(HOME).status_code == 302
    assert (login("alice").status_code, login("alice").json()["code"]) == (403, "second_factor_needed")


def test_a_directory_that_takes_the_connection_and_says_nothing(directory, configured, login):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configured(uris=(f"ldap://127.0.0.1:{silent.getsockname()[1]}",), timeout=0.2)
        assert login("alice").json()["code"] == "directory_unreachable"


def test_the_second_server_is_asked_where_the_first_is_gone(directory, configured, login):
    configured(uris=("ldap://127.0.0.1:1", directory.uri))
    assert login("alice").status_code == 201


def test_the_account_that_reads_has_a_wrong_password(directory, configured, login, settings):
    configured(bind_dn=dn_of("bob"))
    assert login("alice").json()["code"] == "directory_unreachable"


def test_a_role_by_hand_stands_beside_that_of_the_directory(directory, login, team, admin):
    login("alice")
    alice = User.objects.get(username="alice")
    services.add_member(team=team, user=alice, role="owner", actor=admin)
    login("alice")
    assert [(each.user.username, each.role) for each in members(team) if each.user == alice] == [("alice", "owner")]
    directory.leave("shop", dn_of("alice"))
    directory.join("it", dn_of("alice"))
    login("alice")
    assert role_of(team, alice) == "owner"
    assert not DirectoryAccount.objects.get(user=alice).given.filter(pk=team.developers_id).exists()


def test_an_operator_s_word_stands(directory, login, admin):
    login("alice")
    services.set_active(user=User.objects.get(username="alice"), active=False, actor=admin)
    assert (ApiToken.objects.count(), login("alice").json()["code"]) == (0, "directory_not_admitted")
    services.set_active(user=User.objects.get(username="alice"), active=True, actor=admin)
    assert login("alice").status_code == 201


def test_a_role_of_the_map_that_is_not_there_gives_nothing(directory, configured, login):
    configured(map={group("shop"): ("bakery:owner", "shop:emperor", "shop:viewer")})
    assert login("alice").status_code == 201
    assert [each.name for each in User.objects.get(username="alice").groups.all()] == ["team:shop:viewer"]


def test_who_sets_it_up_sees_what_it_answers(directory, configured, capsys):
    directory.lock("bob")
    configured(map={group("shop"): ("shop:developer",), group("it"): ("operators",), group("gone"): ("shop:viewer",)})
    call_command("look_at_directory")
    assert capsys.readouterr().out.splitlines() == [
        "4 people, of whom 2 may sign in",
        "operators: ida",
        "shop:developer: alice",
        "shop:viewer: nobody",
        f"missing: {group('gone')}",
    ]
    directory.stop()
    with pytest.raises(CommandError, match="SERVER_DOWN"):
        call_command("look_at_directory")
    assert directory_people() == []
