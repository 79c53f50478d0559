"""What looks for canaries finds them in every form: else a crawl without a find would prove nothing."""

import base64
import gzip
import html
import json
import random
import zlib
from urllib.parse import quote

import pytest
from django.core import signing

from tests.proof import canary as canary_
from tests.proof.canary import Net, canary, unpacked

FORMS = {
    "as it is": lambda data: data,
    "in hex": lambda data: data.hex().encode(),
    "in base64": base64.b64encode,
    "in base64 of URLs": base64.urlsafe_b64encode,
    "in a URL": lambda data: quote(data).encode(),
    "in a URL, letter by letter": lambda data: "".join(f"%{each:02x}" for each in data).encode(),
    "in JSON": lambda data: json.dumps({"a": data.decode()}).encode(),
    "in JSON, letter by letter": lambda data: "".join(f"\\u{each:04x}" for each in data).encode(),
    "in JSON in JSON": lambda data: json.dumps(json.dumps({"a": data.decode()})).encode(),
    "in HTML": lambda data: html.escape(data.decode()).encode(),
    "packed": gzip.compress,
    "packed, after something else": lambda data: b"HTTP/1.1 200\r\n\r\n" + gzip.compress(data),
    "packed by zlib": zlib.compress,
    "packed in base64": lambda data: b'{"body": "' + base64.b64encode(gzip.compress(data)) + b'"}',
    "packed as Django signs it": lambda data: signing.dumps({"a": data.decode() * 9}, compress=True).encode(),
    "packed twice": lambda data: gzip.compress(gzip.compress(data)),
    "base64 in a packed body": lambda data: gzip.compress(base64.b64encode(data)),
    "packed and cut": lambda data: gzip.compress(data + random.Random(1).randbytes(50_000))[:-20],
}


@pytest.fixture
def net():
    found = Net()
    for name in ("one", "another"):
        found.plant(name)
    return found


@pytest.mark.parametrize("shape", FORMS)
@pytest.mark.parametrize("before", range(4))
def test_in_every_form_wherever_it_begins(net, shape, before):
    [secret] = [each for each, name in net.names.items() if name == "one"]
    data = FORMS[shape](f'{"<&" * before}{"x" * before}{secret} and "more"'.encode())
    assert {told.partition(",")[0] for told in net.found(data)} == {"one"}


def test_nothing_is_found_where_nothing_is(net):
    stranger = canary().encode()
    for shape in FORMS.values():
        assert net.found(shape(stranger)) == []
    assert net.found(random.Random(0).randbytes(100_000)) == []


def test_what_may_be_there_is_named(net):
    said = " ".join(net.names)
    assert net.found(said, but=frozenset({"one"})) == ["another, as it is"]


def test_too_short_a_secret_is_no_canary(net):
    with pytest.raises(AssertionError):
        net.plant("a word", "secret")


def test_a_bomb_is_unpacked_up_to_a_size(monkeypatch):
    monkeypatch.setattr(canary_, "MOST", 1000)
    assert [len(each) for each in unpacked(gzip.compress(b"a" * 1_000_000))][1:] == [1000]
