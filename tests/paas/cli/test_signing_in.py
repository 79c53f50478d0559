"""login, logout and contexts: where the token goes, and where it does not."""

import json
import stat
from urllib.parse import parse_qsl

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


AUTHORIZE, TOKEN = "/api/v1/oauth/device_authorization", "/api/v1/oauth/token"
BEGUN = {
    "device_code": "long-secret", "user_code": "BCDF-GHJK", "expires_in": 600, "interval": 5,
    "verification_uri": "https://d.example/console/device/",
    "verification_uri_complete": "https://d.example/console/device/?code=BCDF-GHJK",
}  # fmt: skip


def form_of(request):
    return dict(parse_qsl(request.raw.decode()))


@pytest.fixture
def code(door, quick):
    """The control plane gives codes; `quick` is the time that passed."""
    door.on("POST", AUTHORIZE, BEGUN)
    door.passed = quick
    return door


def waits(error, status=400):
    return {"body": {"error": error, "error_description": f"It says {error}."}, "status": status}


def test_signs_in_by_a_code_and_asks_as_often_as_it_is_told(run, code, home):
    for error in ("authorization_pending", "slow_down", "authorization_pending"):
        code.on("POST", TOKEN, **waits(error))
    code.on("POST", TOKEN, {"access_token": "dgt_12345678secret", "token_type": "Bearer", "scope": "read"})
    got = run("login", "--server", code.url, "--scope", "read")
    assert got.code == 0, got.err
    assert BEGUN["verification_uri_complete"] in got.err
    assert "BCDF-GHJK" in got.err
    [begun] = [form_of(each) for each in code.requests if each.path == AUTHORIZE]
    assert (begun["client_id"], begun["scope"], "@" in begun["machine"]) == ("dougong-cli", "read", True)
    [*_, last] = [form_of(each) for each in code.requests if each.path == TOKEN]
    assert (last["device_code"], last["client_id"]) == ("long-secret", "dougong-cli")
    assert code.passed == [5 + 5 + 10 + 10]
    assert json.loads((home / "tokens.json").read_text()) == {f"ann@{code.url}": "dgt_12345678secret"}
    assert "long-secret" not in got.out + got.err
    assert "secret" not in (home / "config.json").read_text()


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [("access_denied", 1), ("expired_token", 6), ("invalid_grant", 1)],
)
def test_a_code_that_brings_no_token(run, code, home, error, exit_code):
    code.on("POST", TOKEN, **waits(error))
    got = run("login", "--server", code.url)
    assert (got.code, f"[{error}]" in got.err, "dougong login" in got.err) == (exit_code, True, True)
    assert not home.exists()


def test_a_code_that_nobody_approves_ends(run, code):
    code.on("POST", TOKEN, **waits("authorization_pending"))
    assert run("login", "--server", code.url).code == 6
    assert code.passed == [600]


def test_a_control_plane_that_is_away_for_a_moment_is_waited_for(run, code):
    code.on("POST", TOKEN, b"<html>Bad gateway</html>", status=502)
    code.on("POST", TOKEN, {"access_token": "dgt_1", "token_type": "Bearer"})
    assert run("login", "--server", code.url).code == 0


def test_contexts_are_renamed_and_forgotten(run, door, home):
    run("login", "--server", door.url, "--token", "dgt_a", "--name", "a")
    assert [each["name"] for each in run("contexts", "--rename", "a=b", "-o", "json").json] == ["b"]
    assert run("cluster", "list").code == 0
    for wrong in ("b", "b=", "b=b", "x=y"):
        assert run("contexts", "--rename", wrong).code == 2
    assert run("contexts", "--delete", "b", "-o", "json").json == []
    assert json.loads((home / "tokens.json").read_text()) == {}
    assert run("contexts", "--delete", "b").code == 2


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
