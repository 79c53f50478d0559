"""Priority classes, node pools, service-account annotations: none unless an operator offers them; changes audited."""

import pytest

from clusters import registry
from clusters.models import Cluster
from paas.core.errors import Forbidden, Invalid
from paas.core.models import AuditEvent

ROLE = "eks.amazonaws.com/role-arn"


def seen():
    Cluster.objects.update(facts={"target": {"version": "v1.34.4", "served": [], "gateway": None, "storage": {}}})
    return Cluster.objects.get().target


def test_nothing_is_offered_at_first(register):
    register()
    target = seen()
    assert (target.priority_classes, target.node_pools, target.service_account_annotations) == ((), (), ())
    assert target.secret_stores == ()


def test_renderers_know_what_is_offered(register, operator):
    globs = {ROLE: ["arn:b", "arn:a*"]}
    registry.offer(
        cluster=register(),
        actor=operator,
        priority_classes=["low", "high", "low"],
        node_pools=["large"],
        service_account_annotations=globs,
        secret_stores={"vault": ["teams/{team}/*"]},
    )
    target = seen()
    assert (target.priority_classes, target.node_pools) == (("high", "low"), ("large",))
    assert target.service_account_annotations == ((ROLE, "arn:a*"), (ROLE, "arn:b"))
    assert target.secret_stores == (("vault", "teams/{team}/*"),)


def test_one_kind_is_set_whole_and_the_others_stay(register, operator):
    cluster = registry.offer(cluster=register(), actor=operator, priority_classes=["high"], node_pools=["large"])
    registry.offer(cluster=cluster, actor=operator, node_pools=["small"], reason="no more large ones")
    cluster = Cluster.objects.get()
    assert (cluster.priority_classes, cluster.node_pools) == (["high"], ["small"])
    event = AuditEvent.objects.filter(action="cluster.offered").latest("at")
    assert (event.before, event.after) == ({"node_pools": ["large"]}, {"node_pools": ["small"]})
    assert event.reason == "no more large ones"


def test_what_changes_nothing_is_not_recorded(register, operator):
    registry.offer(cluster=register(), actor=operator, priority_classes=[], node_pools=None)
    assert not AuditEvent.objects.filter(action="cluster.offered").exists()
    assert Cluster.objects.get().version == 1


def test_only_operators_offer(register, stranger):
    with pytest.raises(Forbidden):
        registry.offer(cluster=register(), actor=stranger, priority_classes=["high"])
    assert Cluster.objects.get().priority_classes == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority_classes": ["High"]},
        {"priority_classes": ["x" * 64]},
        {"priority_classes": [f"class-{number}" for number in range(101)]},
        {"node_pools": ["large\n"]},
        {"node_pools": [""]},
        {"service_account_annotations": {"a b": ["*"]}},
        {"service_account_annotations": {ROLE: []}},
        {"service_account_annotations": {ROLE: [""]}},
        {"service_account_annotations": {ROLE: ["x" * 1001]}},
        {"secret_stores": {"Vault": ["*"]}},
        {"secret_stores": {"vault/a": ["*"]}},
        {"secret_stores": {"vault": []}},
    ],
)
def test_what_can_never_be_used_is_refused(register, operator, wrong):
    with pytest.raises(Invalid) as refused:
        registry.offer(cluster=register(), actor=operator, **wrong)
    assert refused.value.code == "offer_invalid"
