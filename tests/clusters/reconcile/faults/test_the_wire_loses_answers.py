"""A write whose answer never came may have arrived: what is sent again changes nothing twice, nothing is given up."""

import pytest

from clusters.models import OwnedObject
from tests.fault_proxy import Answer, Cut, Hang, Lost

# What takes the answer away, and whether the API server has done it all the same.
SILENCES = {
    "lost": (Lost(), True),
    "cut": (Cut(60), True),
    "hanging": (Hang(), False),
    "replaced": (Answer(200, "<html>Welcome</html>"), False),
}
REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture(params=SILENCES)
def silenced(request, proxied, hurried):
    """silenced("PATCH") takes the answer from the next such request that names `web`; whether the server does it."""
    proxy, _ = proxied
    fault, arrives = SILENCES[request.param]

    def once(method):
        met = []

        def script(asked):
            if asked.method != method or "/web" not in asked.path or met:
                return None
            met.append(asked)
            return fault

        proxy.script = script
        return arrives

    return once


@pytest.fixture
def settled(until, healthy):
    return lambda *works: until(lambda: healthy(*works))


def test_of_a_create_and_of_an_update(silenced, submit, drain, settled, ground, deployment, live, theirs, cluster):
    settled(submit("ground", ground))
    theirs()

    def declare(image):
        silenced("PATCH")
        work = submit("application", [deployment(replicas=0, image=image)])
        drain()
        there = live("Deployment", "web")
        settled(work)
        return there, live("Deployment", "web")

    there, made = declare("registry.test/first")
    assert made["metadata"]["annotations"][REVISION] == "1"
    if there is not None:
        assert made["metadata"]["uid"] == there["metadata"]["uid"], "not made a second time"
    _, changed = declare("registry.test/second")
    assert changed["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.test/second"
    assert (changed["metadata"]["uid"], changed["metadata"]["annotations"][REVISION]) == (made["metadata"]["uid"], "2")
    assert theirs.untouched()
    cluster.refresh_from_db()
    assert cluster.breaker_until is None, "one lost answer is no outage"


def test_of_a_delete(silenced, submit, drain, settled, until, ground, config, live, admin, oid):
    settled(submit("application", [*ground, config("web", key="1")]))
    arrives = silenced("DELETE")
    submit("application", ground)
    drain()
    theirs = None
    if arrives:
        assert live("ConfigMap", "web") is None
        theirs = admin.create({**config("web").body, "data": {"whose": "somebody else's"}})
    rows = OwnedObject.objects.filter(oid=str(oid("ConfigMap", "web")), gone_at=None)
    until(lambda: not rows.exists())
    assert live("ConfigMap", "web") == theirs


@pytest.mark.parametrize("way", ["pruned", "retired"])
def test_a_not_found_that_no_api_server_said_buries_nothing(
    way, proxied, submit, retire, drain, settled, until, ground, config, live, oid
):
    """A balancer with nobody behind it answers 404 to whatever it is asked."""
    proxy, _ = proxied
    settled(submit("ground", ground))
    work = submit("application", [config("web", key="1"), config("other", key="1")])
    settled(work)
    proxy.script = lambda asked: Answer(404, "no such page") if "/web" in asked.path else None
    if way == "pruned":
        submit("application", [config("other", key="1")])
    else:
        retire(work)
    drain()
    proxy.script = lambda _: None
    rows = OwnedObject.objects.filter(oid=str(oid("ConfigMap", "web")), gone_at=None)
    until(lambda: not rows.exists())
    assert live("ConfigMap", "web") is None
