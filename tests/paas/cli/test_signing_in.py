"""login, logout and contexts: where the token goes, and where it does not."""

import json
import stat

import keyring
import pytest
from keyring.backend import KeyringBackend

LOGIN, ME, TOKENS = "/api/v1/login", "/api/v1/me", "/api/v1/tokens/"


@pytest.fixture
def door(plane):
    plane.on("POST", LOGIN, {"token": "dgt_12345678secret", "expires_at": "2027-01-01T00:00:00Z"}, status=201)
    plane.on("GET", ME, {"username": "ann"})
    plane.on("GET", TOKENS, {"results": [{"id": "dgt_1234"}, {"id": "dgt_9999"}], "next": None})
    plane.on("DELETE", TOKENS + "dgt_1234/", status=204)
    plane.on("GET", "/api/v1/clusters/", {"results": [], "next": None})
    return plane


def test_signs_in_with_a_password_from_standard_input(run, door, home):
    got = run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="pass word \n")
    assert got.code == 0, got.err
    [form] = door.sent("POST", LOGIN)
    assert (form["username"], form["password"]) == ("ann", "pass word ")
    assert run("cluster", "list").code == 0
    assert door.requests[-1].headers["Authorization"] == "Bearer dgt_12345678secret"


def test_without_a_keyring_the_token_is_in_a_file_of_its_owner(run, door, home):
    run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="x\n")
    path = home / "tokens.json"
    assert json.loads(path.read_text()) == {f"ann@{door.url}": "dgt_12345678secret"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert "secret" not in (home / "config.json").read_text()


def test_with_a_keyring_the_token_is_in_no_file(run, door, home):
    class Memory(KeyringBackend):
        priority = 1
        kept = {}

        def set_password(self, service, username, password):
            self.kept[service, username] = password

        def get_password(self, service, username):
            return self.kept.get((service, username))

        def delete_password(self, service, username):
            del self.kept[service, username]

    keyring.set_keyring(Memory())
    run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="x\n")
    assert Memory.kept == {("dougong", f"ann@{door.url}"): "dgt_12345678secret"}
    assert not (home / "tokens.json").exists()
    assert run("cluster", "list").code == 0
    run("logout")
    assert Memory.kept == {}


def test_signs_in_with_a_token(run, door, home):
    assert run("login", "--server", door.url, "--token", "dgt_given").code == 0
    assert run("login", "--server", door.url, "--token-stdin", stdin="dgt_piped\n").code == 0
    assert door.sent("POST", LOGIN) == []
    assert json.loads((home / "tokens.json").read_text()) == {f"ann@{door.url}": "dgt_piped"}


def test_a_token_that_is_refused_is_not_kept(run, plane, home):
    plane.on("GET", ME, {"code": "not_authenticated", "detail": "Invalid token."}, status=401)
    got = run("login", "--server", plane.url, "--token", "dgt_wrong")
    assert got.code == 1
    assert "Invalid token." in got.err
    assert not home.exists()


def test_the_password_is_in_no_answer_and_no_file(run, door, home):
    got = run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="hunter2\n")
    assert "hunter2" not in got.out + got.err
    assert all("hunter2" not in path.read_text() for path in home.iterdir())


def test_asks_nothing_in_a_pipe(run, door):
    got = run("login", "--server", door.url, "--username", "ann")
    assert got.code == 2
    assert "--password-stdin" in got.err


def test_signs_out(run, door, home):
    run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="x\n")
    assert run("logout").code == 0
    assert [each.path for each in door.requests if each.method == "DELETE"] == [TOKENS + "dgt_1234/"]
    assert json.loads((home / "tokens.json").read_text()) == {}
    got = run("cluster", "list", "--server", door.url)
    assert (got.code, "dougong login" in got.err) == (2, True)


def test_signs_out_though_the_control_plane_is_gone(run, door, home):
    run("login", "--server", door.url, "--username", "ann", "--password-stdin", stdin="x\n")
    door.answers.clear()
    got = run("logout")
    assert got.code == 0
    assert "could not be ended" in got.err
    assert json.loads((home / "tokens.json").read_text()) == {}


def test_changes_between_control_planes(run, door):
    run("login", "--server", door.url, "--token", "dgt_a", "--name", "a")
    run("login", "--server", door.url.replace("127.0.0.1", "localhost"), "--token", "dgt_b", "--name", "b")
    assert [each["name"] for each in run("contexts", "-o", "json").json if each["current"]] == ["b"]
    assert run("contexts", "--use", "a").code == 0
    run("cluster", "list")
    assert door.requests[-1].headers["Authorization"] == "Bearer dgt_a"
    assert run("contexts", "--use", "c").code == 2


def test_a_token_goes_to_its_own_server_only(run, door):
    """--server names another one: the kept token is not sent there."""
    run("login", "--server", door.url, "--token", "dgt_a")
    seen = len(door.requests)
    got = run("cluster", "list", "--server", door.url.replace("127.0.0.1", "localhost"))
    assert got.code == 2
    assert len(door.requests) == seen


def test_follows_no_redirect(run, signed_in):
    signed_in.on("GET", "/api/v1/clusters/", status=302, Location=signed_in.url + "/elsewhere")
    assert run("cluster", "list").code == 1
    assert [each.path for each in signed_in.requests] == ["/api/v1/clusters/"]


def test_a_damaged_file_is_told(run, home):
    home.mkdir()
    (home / "config.json").write_text("{")
    got = run("cluster", "list")
    assert got.code == 2
    assert "config.json is damaged" in got.err
