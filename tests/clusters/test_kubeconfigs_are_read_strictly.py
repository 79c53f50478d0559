import base64
import builtins
import io
import os
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clusters.kubeconfig import MAX_BYTES, Credentials, KubeconfigRefused, parse

CORPUS = Path(__file__).parent / "kubeconfigs"
# A refused file is called <code>--<what>.yaml.
REFUSED = {path.stem: path.read_bytes() for path in sorted((CORPUS / "refused").iterdir())}
ACCEPTED = {path.stem: path.read_bytes() for path in sorted((CORPUS / "accepted").iterdir())}
PLAIN = yaml.safe_load(ACCEPTED["token"])
CA = base64.b64decode(PLAIN["clusters"][0]["cluster"]["certificate-authority-data"]).decode()


@pytest.fixture
def sealed(monkeypatch):
    """Fails a test that opens a file, starts a process or makes a socket."""

    def touched(*args, **kwargs):
        raise AssertionError(f"touched the outside: {args}")

    for owner, name in (
        (builtins, "open"),
        (io, "open"),
        (os, "open"),
        (os, "system"),
        (os, "execve"),
        (os, "posix_spawn"),
        (subprocess, "Popen"),
        (socket, "socket"),
        (socket, "getaddrinfo"),
    ):
        monkeypatch.setattr(owner, name, touched)


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_for_what_it_is(name):
    with pytest.raises(KubeconfigRefused) as refused:
        parse(REFUSED[name])
    assert refused.value.code == name.partition("--")[0]
    assert refused.value.message


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("name", ACCEPTED)
def test_an_honest_file_is_accepted(name):
    found = parse(ACCEPTED[name])
    assert found.server.startswith("https://")
    assert bool(found.token) != bool(found.client_key)
    assert bool(found.client_certificate) == bool(found.client_key)
    assert found.ca_data.startswith("-----BEGIN CERTIFICATE-----\n")


def test_the_corpus_is_as_large_as_it_is_said_to_be():
    assert len(REFUSED) + len(ACCEPTED) >= 45


def test_what_is_read_from_a_file():
    assert parse(ACCEPTED["token"]) == Credentials("https://k8s.example:6443", CA, "abc.def-1")


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("ipv4-server", "https://203.0.113.9:6443"),
        ("ipv6-server", "https://[2001:db8::9]:6443"),
        ("rancher-path", "https://rancher.example/k8s/clusters/c-m-abc12"),
        ("no-port", "https://k8s.example"),
    ],
)
def test_the_server_that_is_read(name, server):
    assert parse(ACCEPTED[name]).server == server


def test_a_context_can_be_chosen():
    assert parse(ACCEPTED["several-contexts"]).token == "abc.def-1"
    assert parse(ACCEPTED["several-contexts"], context="other").token == "other"
    with pytest.raises(KubeconfigRefused) as refused:
        parse(ACCEPTED["several-contexts"], context="gone")
    assert refused.value.code == "unknown_context"


@pytest.mark.parametrize("name", ["ca-in-a-block", "crlf-ca", "minikube-extensions", "json", "byte-order-mark"])
def test_the_same_facts_in_another_form(name):
    assert parse(ACCEPTED[name]) == parse(ACCEPTED["token"])


@pytest.mark.parametrize("text", [b"# " + b"a" * MAX_BYTES, "# " + "a" * MAX_BYTES, "# " + "ä" * (MAX_BYTES // 2)])
def test_a_large_file_is_refused(text):
    with pytest.raises(KubeconfigRefused) as refused:
        parse(text)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("name", ACCEPTED)
def test_secrets_are_not_shown(name):
    found = parse(ACCEPTED[name])
    shown = repr(found)
    assert "token=" not in shown
    assert "PRIVATE KEY" not in shown


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_does_not_quote_the_file(name):
    with pytest.raises(KubeconfigRefused) as refused:
        parse(REFUSED[name])
    for secret in ("hunter2", "abc", "evil", "/etc/", "X-A"):
        assert secret not in refused.value.message
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"server": "http://k8s.example"}, "not_https"),
        ({"server": "https://a@k8s.example"}, "userinfo_in_url"),
        ({"server": "https://0x7f.1"}, "bad_host"),
        ({"server": ""}, "bad_url"),
        ({"server": None}, "wrong_type"),
        ({"ca": ""}, "missing_ca"),
        ({"ca": " \n"}, "missing_ca"),
        ({"ca": "hello"}, "bad_certificate"),
        ({"ca": "-----BEGIN CERTIFICATE-----" + " " * 100_000}, "bad_certificate"),
        ({"ca": "-----BEGIN " * 11_000}, "bad_certificate"),
        ({"ca": CA * 500}, "too_large"),
        ({"ca": "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"}, "bad_certificate"),
        ({"ca": "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"}, "bad_certificate"),
        ({"token": ""}, "no_credentials"),
        ({"token": "a\nb"}, "bad_token"),
        ({"token": "a" * 20_000}, "bad_token"),
        ({"token": "abc\n"}, "bad_token"),
    ],
)
def test_typed_credentials_follow_the_same_rules(change, code):
    given_values = {"server": "https://k8s.example", "ca": CA, "token": "abc", **change}
    if code is None:
        assert Credentials.direct(**given_values) == Credentials("https://k8s.example", CA, "abc")
        return
    with pytest.raises(KubeconfigRefused) as refused:
        Credentials.direct(**given_values)
    assert refused.value.code == code


def outcome(text):
    """The credentials, or None when refused; anything else that comes out fails the test."""
    try:
        found = parse(text)
    except KubeconfigRefused as refused:
        assert refused.code.isidentifier()  # noqa: PT017 - both outcomes are fine, no third is
        return None
    assert Credentials.direct(found.server, found.ca_data, found.token or "x").server == found.server
    return found


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_are_decided(text):
    outcome(text)


yaml_ish = st.lists(
    st.sampled_from(
        [
            *"{}[]:,-?&*!|>'\"%@`#\n \t\\",
            ": ",
            "- ",
            "<<: ",
            "&a ",
            "*a ",
            "!!",
            "---\n",
            "? ",
            "users",
            "name",
            "\\x",
            "\x85",
            "1e9",
        ]
    ),
    max_size=60,
).map("".join)


@given(yaml_ish)
def test_any_yaml_is_decided(text):
    outcome(text)
    outcome(ACCEPTED["token"].decode() + text)


@given(st.sampled_from(sorted(ACCEPTED)), st.data())
def test_a_damaged_file_is_decided(name, data):
    text = bytearray(ACCEPTED[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    outcome(bytes(text))


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
FORBIDDEN = [
    *("exec", "auth-provider", "client-certificate", "client-key", "tokenFile"),
    *("as", "as-uid", "as-groups", "as-user-extra", "username", "password"),
]


@given(st.sampled_from(FORBIDDEN), values, st.booleans())
def test_nothing_forbidden_gets_in_by_its_value(field, value, in_use):
    entry = {"name": "u" if in_use else "v", "user": {"token": "abc", field: value}}
    users = [entry] if in_use else [*PLAIN["users"], entry]
    found = outcome(yaml.safe_dump({**PLAIN, "users": users}))
    assert found is None or value in (None, False, "")


@given(st.sampled_from(["clusters", "contexts", "users", "current-context", "kind", "preferences"]), values)
def test_odd_values_anywhere_are_decided(part, value):
    outcome(yaml.safe_dump({**PLAIN, part: value}))
