"""A cluster that is away for hours while its applications are edited is left in peace and, healed, gets the last edit.

The hours pass in the database: back-off and breaker are moved, nobody waits.
"""

import pytest

from clusters.breaker import FAILURES
from clusters.models import Cluster
from clusters.probe import probe_clusters
from clusters.reconcile.wire import IN_FLIGHT
from tests.clusters.reconcile.conftest import LONG_AGO

MANY = pytest.param(500, 25, 6, marks=pytest.mark.soak)


@pytest.mark.parametrize(("edits", "applications", "hours"), [(120, 15, 3), MANY], ids=["some", "many"])
def test_its_applications_get_the_last_edit_once(
    edits, applications, hours, proxied, join, submit, until, drain, healthy, ground, config, live, soak_result
):
    proxy, cut = proxied
    west = join("west")
    base, there = submit("ground", ground), submit("ground", ground, cluster=west)
    until(lambda: healthy(base, there))
    names = [f"app-{number}" for number in range(applications)]
    works = {name: submit(name, [config(name, edit="0")]) for name in names}
    until(lambda: healthy(*works.values()))
    before = {name: live("ConfigMap", name)["metadata"]["resourceVersion"] for name in names}

    proxy.refuse()
    edit = 0
    for hour in range(1, hours + 1):
        while edit < edits * hour // hours:
            name = names[edit % applications]
            submit(name, [config(name, edit=str(edit := edit + 1))])
        served = submit("beside", [config("beside", hour=str(hour))], cluster=west)
        drain()
        assert healthy(served), "the other cluster never notices"
        Cluster.objects.filter(pk=cut.pk).update(breaker_until=LONG_AGO)
        probe_clusters()
    cut.refresh_from_db()
    assert cut.failures == FAILURES + hours
    assert {name: live("ConfigMap", name)["metadata"]["resourceVersion"] for name in names} == before

    proxy.accept()
    first, under_way = len(proxy.seen), [0]
    proxy.script = lambda _: under_way.append(sum(each.status is None for each in proxy.seen[first:]))
    drain()
    assert len(proxy.seen) == first, "a healed cluster is asked by the probe alone, when its turn comes"
    Cluster.objects.filter(pk=cut.pk).update(breaker_until=LONG_AGO)
    probe_clusters()
    drain()
    assert healthy(*works.values())
    last = {name: str(edits - applications + number) for number, name in enumerate(names, 1)}
    assert {name: live("ConfigMap", name)["data"]["edit"] for name in names} == last
    applied = [each.path.partition("?")[0].rpartition("/")[2] for each in proxy.seen[first:] if each.method == "PATCH"]
    assert sorted(applied) == sorted(names), "one apply an application, however many edits"
    assert max(under_way) <= IN_FLIGHT, "no thundering herd"
    soak_result(
        "a_cluster_is_cut_for_hours", hours=hours, edits=edits, applications=applications, applies=len(applied),
        most_at_once=max(under_way), asked_meanwhile=cut.failures,
    )  # fmt: skip
