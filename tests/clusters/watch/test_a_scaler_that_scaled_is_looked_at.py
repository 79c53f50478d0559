"""A scaler stays Healthy when it scales; what it decided is told by events that last an hour, so its Work is due."""

import pytest
from django.db.models.functions import Now

from clusters.fields import live_digest
from clusters.health import assess
from clusters.manifests import FIELD_MANAGER
from clusters.models import Cluster, Lane, OwnedObject, Work
from clusters.watch import notice
from clusters.watch.notice import Notices
from clusters.watch.stream import Change

SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"namespace": "demo", "name": "web", "uid": "u", "resourceVersion": "7", "managedFields": []},
    "spec": {"minReplicas": 1, "maxReplicas": 9},
}


def seen(current, version, **status):
    told = [{"type": each, "status": "True"} for each in ("AbleToScale", "ScalingActive")]
    metadata = {**SCALER["metadata"], "resourceVersion": version}
    return {**SCALER, "metadata": metadata, "status": {"currentReplicas": current, "conditions": told, **status}}


@pytest.fixture
def work(db, monkeypatch):
    """At rest, its scaler as it was with two replicas."""
    monkeypatch.setattr(notice, "HEALTH_SECONDS", 0)
    cluster = Cluster.objects.create(name="east", server="https://east.example:6443", ca_data="")
    made = Work.objects.create(
        cluster=cluster, owner_kind="environment", owner_id=cluster.pk, owner_name="demo", name="application",
        lane=Lane.SWEEP, next_check_at="2100-01-01T00:00:00Z", digest="",
    )  # fmt: skip
    body = seen(2, "7")
    verdict = assess(body)
    OwnedObject.objects.create(
        work=made, cluster=cluster, oid="autoscaling/HorizontalPodAutoscaler/demo/web", api_version="autoscaling/v2",
        namespace="demo", claim="c", uid="u", resource_version="7", live_digest=live_digest(body, FIELD_MANAGER),
        health=str(verdict.health), reason=verdict.reason, message=verdict.message,
    )  # fmt: skip
    return made


def is_due(work, body):
    notices = Notices()
    notices.add([Change(work.cluster_id, body)])
    notices.judge()
    return Work.objects.filter(pk=work.pk, next_check_at__lte=Now(), lane=Lane.DRIFT).exists()


def test_another_number_of_replicas_makes_it_due(work):
    assert is_due(work, seen(3, "8"))


def test_another_use_alone_does_not(work):
    use = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 71}}}]
    assert not is_due(work, seen(2, "8", currentMetrics=use))
