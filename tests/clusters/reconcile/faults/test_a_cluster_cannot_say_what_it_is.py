"""The reads that say which cluster it is and what it serves fail: nothing is written blindly, what is known is kept."""

import pytest

from clusters.models import Work
from clusters.probe import probe_clusters
from tests.fault_proxy import Answer, Cut

WRITES = ("PATCH", "POST", "PUT", "DELETE")
NOT_FOUND = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
FAULTS = {
    "failing": Answer(500, "etcd has no leader"),
    "not found": Answer(404, NOT_FOUND),
    "garbage": Answer(200, "<html>Welcome</html>"),
    "another": Answer(200, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"uid": "of-another"}}),
    "cut": Cut(20),
}
faults = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@faults
def test_its_identity(fault, proxied, submit, until, drain, healthy, ground, config, live):
    proxy, cluster = proxied
    work = submit("application", [*ground, config("a", key="1")])
    until(lambda: healthy(work))
    submit("application", [*ground, config("a", key="2"), config("b", key="2")])
    proxy.script = lambda request: fault if request.path == "/api/v1/namespaces/kube-system" else None
    first = len(proxy.seen)
    drain()
    assert not [each for each in proxy.seen[first:] if each.method in WRITES]
    assert Work.objects.get(pk=work.pk).observed_generation == 1
    cluster.refresh_from_db()
    assert cluster.breaker_until is not None
    proxy.script = lambda _: None
    probe_clusters([cluster.pk])
    drain()
    assert healthy(work)
    assert live("ConfigMap", "b") is not None


@faults
def test_what_it_serves(fault, proxied, submit, until, drain, sweep, healthy, ground, config, live):
    proxy, cluster = proxied
    work = submit("application", [*ground, config("a", key="1")])
    until(lambda: healthy(work))
    before, known = live("ConfigMap", "a"), cluster.resources
    proxy.script = lambda request: fault if request.path in ("/api", "/apis") else None
    probe_clusters([cluster.pk])
    cluster.refresh_from_db()
    assert cluster.resources == known
    sweep()
    assert live("ConfigMap", "a") == before
    submit("application", [*ground, config("a", key="2")])
    drain()
    assert healthy(work)
