"""Whose hand an object has seen last, by its managedFields; and what of a watch presses."""

import uuid

import pytest

from clusters.fields import may_be_anothers
from clusters.manifests import FIELD_MANAGER
from clusters.watch.notice import presses
from clusters.watch.stream import Change, Listed

BEFORE, NOW, AFTER = "2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z", "2026-03-01T10:00:02Z"


def entry(manager, time, **more):
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:data": {}}, **more}


def config(*entries, **metadata):
    return {"kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [*entries], **metadata}}


OURS = entry(FIELD_MANAGER, NOW, operation="Apply")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([OURS], False),
        ([OURS, entry("kubectl", BEFORE)], False),
        ([OURS, entry("kubectl", NOW)], True),  # the second does not tell which came first
        ([OURS, entry("kubectl", AFTER)], True),
        ([OURS, entry("kube-controller-manager", AFTER, subresource="status")], False),
        ([OURS, entry("kubectl", AFTER, subresource="scale")], True),
        ([entry("kubectl", BEFORE)], True),
        ([], True),
    ],
)
def test_by_the_times_of_managed_fields(entries, expected):
    assert may_be_anothers(config(*entries), FIELD_MANAGER) is expected


def test_what_presses():
    cluster = uuid.uuid4()
    assert not presses(Change(cluster, config(OURS)))
    assert presses(Change(cluster, config(OURS), gone=True))
    assert presses(Change(cluster, config(OURS, deletionTimestamp=NOW)))
    assert presses(Change(cluster, config(OURS, entry("kubectl", AFTER))))
    assert not presses(Change(cluster, {**config(entry("kubelet", AFTER)), "kind": "Pod"}, gone=True))
    assert not presses(Listed(cluster, "v1", "ConfigMap", frozenset()))
