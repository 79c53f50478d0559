"""Another cluster answers at the address from some request on: it loses nothing, ours neither, and both say so.

The hardest case: that cluster takes our token, the same Dougong delivers the same names there, and its fence stands.
What may still get there is a create that was about to be sent, under a claim that nobody there knows.
"""

import asyncio

import pytest

from clusters.probe import probe_clusters
from tests.fault_proxy import Before

# Of the requests of a change (reads, an update, a create, a prune) and of a removal.
STEPS, FEW = range(1, 16), (3, 8, 11)
steps = pytest.mark.parametrize("steps", [FEW, pytest.param(STEPS, marks=pytest.mark.soak)], ids=["few", "all"])


@pytest.fixture
def swap(proxied, granted):
    """swap(3): from the fourth request of now on it is west that answers; swap.back()."""
    proxy, _ = proxied

    def at(step):
        first = len(proxy.seen) + step

        def script(request):
            if request.number == first:
                return Before(lambda _: asyncio.to_thread(proxy.lead_to, *granted["west"]))
            return None

        proxy.script = script

    def back():
        proxy.script = lambda _: None
        proxy.lead_to(*granted["east"][:2])

    at.back = back
    return at


@pytest.fixture
def on_west(admins, namespace):
    """Names and versions of all ConfigMaps in the test's namespace there."""
    return lambda: {
        each["metadata"]["name"]: each["metadata"]["resourceVersion"]
        for each in admins["west"].list("ConfigMap", namespace)
    }


@pytest.fixture
def identity():
    """identity(cluster) as the probe says it."""

    def ask(cluster):
        probe_clusters([cluster.pk])
        cluster.refresh_from_db()
        said = {each["type"]: (each["status"], each["reason"]) for each in cluster.conditions}
        return said["IdentityConfirmed"]

    return ask


@steps
def test_at_any_step_of_a_change(
    steps, swap, cluster, join, submit, until, drain, sweep, healthy, ground, config, live, oid, on_west, identity,
    proxied, soak_result,
):  # fmt: skip
    west = join("west")
    twin = submit("application", [*ground, config("a", key="west"), config("b", key="west")], cluster=west)
    work = submit(
        "application", [*ground, config("a", key="0"), config("old-0", key="0"), config("only-here", key="0")]
    )
    until(lambda: healthy(work, twin))
    theirs = on_west()
    for number, step in enumerate(steps, 1):
        wanted = {"a": str(number), f"new-{number}": "1", f"old-{number}": "1", "only-here": "0"}
        submit("application", [*ground, *(config(name, key=key) for name, key in wanted.items())])
        swap(step)
        before, first = {*on_west()}, len(proxied[0].seen)
        drain()
        reached = len(proxied[0].seen) > first + step
        there = on_west()
        assert {name: there.get(name) for name in theirs} == theirs
        # What once slipped through is known by its claim, and may go again by it.
        assert {*there} - before <= {f"new-{number}", f"old-{number}"}
        if identity(cluster) != ("True", "SameCluster"):
            assert identity(cluster) == ("False", "AnotherCluster")
            sweep()
            assert on_west() == there, "nothing is sent to a cluster that is known to be another"
        slipped = len({*there} - before)
        soak_result("a_cluster_is_swapped", changes=1, swaps=int(reached), creates_that_slipped=slipped)
        swap.back()
        assert identity(cluster) == ("True", "SameCluster")
        until(lambda: healthy(work))
        assert {name: live("ConfigMap", name)["data"]["key"] for name in wanted} == wanted
        assert live("ConfigMap", f"old-{number - 1}") is None
        assert live("ConfigMap", f"new-{number - 1}") is None
    assert healthy(twin)


def test_what_bears_our_claim_there_is_not_what_was_to_go_here(
    proxied, granted, admins, cluster, join, submit, until, drain, healthy, ground, config, live, oid, identity
):
    """A create that once slipped through carries the row's own claim; its removal there is no removal here."""
    proxy, _ = proxied
    twin = submit("application", ground, cluster=join("west"))
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work, twin))
    ours = live("ConfigMap", "b")["metadata"]
    kept = {name: ours[name] for name in ("name", "namespace", "labels", "annotations")}
    admins["west"].create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": kept})
    submit("application", [*ground, config("a", key="1")])
    reads = []

    def script(request):
        if request.method == "GET" and request.path.endswith("/configmaps/b"):
            reads.append(request)
            if len(reads) == 2:  # the first is the attempt's own, the second goes before the delete
                return Before(lambda _: asyncio.to_thread(proxy.lead_to, *granted["west"]))
        return None

    proxy.script = script
    drain()
    assert len(reads) == 2
    assert identity(cluster) == ("False", "AnotherCluster")
    proxy.script = lambda _: None
    proxy.lead_to(*granted["east"][:2])
    assert identity(cluster) == ("True", "SameCluster")
    until(lambda: healthy(work))
    assert live("ConfigMap", "b") is None
    assert admins["west"].get(oid("ConfigMap", "b")) is not None


@steps
def test_at_any_step_of_a_removal(
    steps, swap, cluster, submit, until, drain, retire, gone, healthy, ground, config, live, identity,
    proxied, soak_result,
):  # fmt: skip
    base = submit("ground", ground)
    until(lambda: healthy(base))
    for step in steps:
        work = submit("application", [config("a", key="1"), config("b", phase=3, key="1")])
        until(lambda work=work: healthy(work))
        retire(work)
        first = len(proxied[0].seen)
        swap(step)
        drain()
        reached = len(proxied[0].seen) > first + step
        soak_result("a_cluster_is_swapped", removals=1, swaps=int(reached))
        swap.back()
        if gone(work):
            assert live("ConfigMap", "a") is None
            assert live("ConfigMap", "b") is None
        identity(cluster)
        until(lambda work=work: gone(work))
        assert live("ConfigMap", "a") is None
        assert live("ConfigMap", "b") is None
