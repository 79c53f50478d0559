"""The proxy that breaks things breaks what it is told, and nothing else."""

import ssl

import httpx
import pytest

from tests.fault_proxy import After, Answer, Before, Cut, Drip, FaultProxy, Hang, Lost, Reset

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def behind():
    """An API server that knows one sentence."""
    with FaultProxy("https://127.0.0.1:1", "") as server:
        server.script = lambda _: Answer(200, {"said": "hello"}, {"Audit-Id": "a"})
        yield server


@pytest.fixture
def proxy(behind):
    with FaultProxy(behind.server, behind.ca) as proxy:
        yield proxy


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.server, verify=ssl.create_default_context(cadata=proxy.ca), timeout=5) as client:
        yield client


def test_it_passes_what_nobody_breaks(proxy, behind, client):
    answer = client.patch("/api/v1/a%2Fb?force=true", content=b"a body", headers={"Authorization": "Bearer t"})
    assert (answer.status_code, answer.json(), answer.headers["Audit-Id"]) == (200, {"said": "hello"}, "a")
    for seen in (proxy.seen, behind.seen):
        assert [(each.number, each.method, each.path, each.body, each.status) for each in seen] == [
            (0, "PATCH", "/api/v1/a%2Fb?force=true", b"a body", 200)
        ]


def test_each_request_is_asked_about_in_its_turn(proxy, client):
    proxy.script = lambda request: Answer(503, "busy", {"Retry-After": "1"}) if request.number == 1 else None
    assert [client.get("/").status_code for _ in range(3)] == [200, 503, 200]


@pytest.mark.parametrize(("fault", "served"), [(Reset(), 0), (Lost(), 1), (Hang(), 0)])
def test_without_an_answer_it_is_still_told_what_the_server_did(proxy, behind, client, fault, served):
    proxy.script = lambda _: fault
    with pytest.raises(httpx.TransportError):
        client.post("/", timeout=0.2 if isinstance(fault, Hang) else 5)
    assert len(behind.seen) == served
    assert [each.status for each in proxy.seen] == [None]


@pytest.mark.parametrize("length", [0, 1, 7])
def test_an_answer_is_cut_where_it_is_told(proxy, client, length):
    proxy.script = lambda _: Cut(length)
    heard = b""
    with pytest.raises(httpx.RemoteProtocolError), client.stream("GET", "/") as answer:
        for chunk in answer.iter_raw():
            heard += chunk
    assert heard == b'{"said": "hello"}'[:length]


def test_an_answer_drips_to_its_end(proxy, client):
    proxy.script = lambda _: Drip(0.001)
    assert client.get("/").json() == {"said": "hello"}


def test_a_callback_stands_before_or_after_what_the_server_does(proxy, behind, client):
    served = []
    proxy.script = lambda _: Before(lambda _: served.append(len(behind.seen)))
    client.get("/")
    proxy.script = lambda _: After(lambda _: served.append(len(behind.seen)))
    client.get("/")
    assert served == [0, 2]


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        (FaultProxy.refuse, httpx.ConnectError),
        (FaultProxy.swallow, httpx.ConnectTimeout),
        (FaultProxy.stall_tls, httpx.ConnectTimeout),
        (lambda proxy: proxy.stall_tls(close=True), httpx.ConnectError),
    ],
)
def test_a_listener_that_serves_nobody_serves_again(proxy, behind, client, state, fault):
    assert client.get("/").status_code == 200  # over a connection that is then cut
    state(proxy)
    with pytest.raises(fault):
        client.get("/", timeout=0.2)
    assert len(behind.seen) == 1
    proxy.accept()
    assert client.get("/").status_code == 200


def test_another_server_can_stand_behind_it(proxy, client):
    with FaultProxy("https://127.0.0.1:1", "") as other:
        other.script = lambda _: Answer(418)
        assert client.get("/").status_code == 200
        proxy.lead_to(other.server, other.ca)
        assert client.get("/").status_code == 418


def test_a_script_that_fails_fails_the_test(behind):
    proxy = FaultProxy(behind.server, behind.ca)
    with pytest.raises(ZeroDivisionError), proxy:
        proxy.script = lambda _: 1 / 0
        httpx.get(proxy.server, verify=ssl.create_default_context(cadata=proxy.ca))
