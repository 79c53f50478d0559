"""Whatever the way to an API server does: the drain ends, the others are served, once it heals all is as declared."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db.models.functions import Now

from clusters.models import Cluster
from clusters.probe import look, probe_clusters, record
from clusters.sessions import Sessions, access_for
from tests.fault_proxy import Answer, Cut, Drip, FaultProxy, Hang, Reset


@dataclass(frozen=True)
class Outage:
    """`breaks(proxy)` begins it; the probe then gives `reason`, and the message says `telling`."""

    name: str
    reason: str
    telling: str
    breaks: Any = field(repr=False)


def each(fault):
    def breaks(proxy):
        proxy.script = lambda _: fault

    return breaks


ELSEWHERE = "https://198.18.0.1:1/"
OUTAGES = [
    Outage("refuses", "NoConnection", "Connect call failed", FaultProxy.refuse),
    Outage("swallows", "TimedOut", "", FaultProxy.swallow),
    Outage("stalls in the handshake", "TimedOut", "", FaultProxy.stall_tls),
    Outage("hangs up in the handshake", "NoConnection", "", lambda proxy: proxy.stall_tls(close=True)),
    Outage("resets", "NoConnection", "", each(Reset())),
    Outage("hangs", "TimedOut", "", each(Hang())),
    Outage("drips", "TimedOut", "", each(Drip())),
    Outage("breaks off", "NoConnection", "", each(Cut(40))),
    Outage("shows a page", "NoConnection", "no Kubernetes", each(Answer(200, "<html>Welcome</html>"))),
    Outage("sends us elsewhere", "ServerFailing", "302", each(Answer(302, "", {"Location": ELSEWHERE}))),
    Outage("fails", "ServerFailing", "etcd", each(Answer(500, {"message": "etcd is away"}))),
]


def probed(cluster):
    async def once():
        sessions = Sessions()
        try:
            return await look(access, await sessions.get(access), seconds=1.0)
        finally:
            await sessions.close()

    access = access_for(cluster)
    record(asyncio.run(once()))
    cluster.refresh_from_db()
    return {each["type"]: each for each in cluster.conditions}["Reachable"]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.name.replace(" ", "-"))
def test_an_outage(outage, hurried, proxied, join, submit, drain, healthy, ground, config, live, admins, oid, theirs):
    proxy, east = proxied
    west = join("west")

    def declare(edit):
        return [submit("application", [*ground, config("a", edit=edit)], cluster=each) for each in (east, west)]

    delivered = declare("1")
    drain()
    assert healthy(*delivered)
    theirs()
    before = live("ConfigMap", "a")

    outage.breaks(proxy)
    Cluster.objects.filter(pk=east.pk).update(failures=2)  # the first of its faults opens the breaker
    here, there = declare("2")
    drain()
    assert healthy(there)
    assert admins["west"].get(oid("ConfigMap", "a"))["data"] == {"edit": "2"}
    here.refresh_from_db()
    assert (here.observed_generation, here.health) == (1, "Healthy")
    assert live("ConfigMap", "a") == before
    reachable = probed(east)
    assert (reachable["status"], reachable["reason"]) == ("False", outage.reason)
    assert outage.telling in reachable["message"]
    assert east.breaker_until is not None

    proxy.accept()
    proxy.script = lambda _: None
    asked = len(proxy.seen)
    probe_clusters()
    drain()
    assert len(proxy.seen) == asked, "an open breaker keeps everybody away"
    Cluster.objects.filter(pk=east.pk).update(breaker_until=Now())
    probe_clusters()
    east.refresh_from_db()
    assert (east.breaker_until, east.failures) == (None, 0)
    drain()
    assert healthy(here, there)
    assert live("ConfigMap", "a")["data"] == {"edit": "2"}
    assert [each.status for each in proxy.seen[asked:] if each.method == "PATCH"] == [200], "the edit, once"
    assert theirs.untouched()
