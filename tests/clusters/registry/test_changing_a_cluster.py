"""Labels, cordon, suspend, credentials: by operators, audited, and only where something changes."""

import pytest

from clusters import registry, selectors
from clusters.models import Cluster
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent


def test_labels_are_set_whole(register, operator):
    cluster = register(labels={"a": "1", "b": "2"})
    cluster = registry.update_cluster(cluster=cluster, labels={"b": "3"}, actor=operator)
    assert Cluster.objects.get().labels == {"b": "3"}
    event = AuditEvent.objects.get(action="cluster.labelled")
    assert (event.before, event.after) == ({"labels": {"a": "1", "b": "2"}}, {"labels": {"b": "3"}})


def test_a_cordoned_cluster_takes_nothing_new(register, operator):
    cluster = register()
    assert selectors.placeable().get() == cluster
    registry.cordon(cluster=cluster, actor=operator, reason="new kernel")
    assert not selectors.placeable().exists()
    assert selectors.deliverable().exists()
    assert AuditEvent.objects.get(action="cluster.cordoned").reason == "new kernel"
    registry.uncordon(cluster=cluster, actor=operator)
    assert selectors.placeable().exists()


def test_a_suspended_cluster_is_not_delivered_to(register, operator):
    cluster = register()
    registry.suspend(cluster=cluster, actor=operator)
    assert not selectors.deliverable().exists()
    registry.resume(cluster=cluster, actor=operator)
    assert selectors.deliverable().exists()


def test_what_changes_nothing_is_not_recorded(register, operator):
    cluster = register()
    registry.uncordon(cluster=cluster, actor=operator)
    assert Cluster.objects.get().version == 1
    assert not AuditEvent.objects.filter(action="cluster.uncordoned").exists()


@pytest.mark.parametrize("service", [registry.cordon, registry.uncordon, registry.suspend, registry.resume])
def test_only_operators_change_a_cluster(register, stranger, service):
    cluster = register()
    with pytest.raises(Forbidden):
        service(cluster=cluster, actor=stranger)
    assert Cluster.objects.get().version == 1


def test_a_leaving_cluster_stays_cordoned(register, operator):
    cluster = register()
    Cluster.objects.update(leaving=True, cordoned=True)
    cluster.refresh_from_db()
    with pytest.raises(Conflict):
        registry.uncordon(cluster=cluster, actor=operator)


def test_a_new_credential_is_the_next_version(register, operator):
    cluster = register()
    registry.replace_credential(cluster=cluster, actor=operator, token="another")
    assert [(each.version, each.token) for each in cluster.credentials.order_by("version")] == [
        (1, "canary-token"),
        (2, "another"),
    ]


def test_a_credential_does_not_follow_to_a_forbidden_address(register, operator):
    cluster = register()
    with pytest.raises(Invalid) as refusal:
        registry.replace_credential(cluster=cluster, actor=operator, token="t", server="https://127.0.0.1:1")
    assert refusal.value.code == "address_not_allowed"
    assert cluster.credentials.count() == 1


@pytest.mark.parametrize(
    ("type", "status", "expected"),
    [
        ("IdentityConfirmed", "False", False),
        ("IdentityConfirmed", "Unknown", True),
        ("CredentialsAccepted", "False", False),
        ("VersionSupported", "False", False),
        ("FenceMissing", "True", True),
    ],
)
def test_delivery_stops_by_what_is_said_of_the_cluster(register, type, status, expected):  # noqa: A002
    register()
    Cluster.objects.update(conditions=[{"type": "Reachable", "status": "True"}, {"type": type, "status": status}])
    assert selectors.deliverable().exists() is expected
