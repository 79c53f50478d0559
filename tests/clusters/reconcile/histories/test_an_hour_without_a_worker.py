"""Nobody works for an hour: on return only what has changed meanwhile is written, by the API servers' audit logs.

(For real, with the processes stopped, in tests/soak.)
"""

import pytest

from tests.clusters.reconcile.histories.history import CHANGES, settle
from tests.clusters.reconcile.histories.subject import Subject
from tests.soak.audit_log import AuditLog


@pytest.fixture
def it(stage):
    """An application that is as declared on both clusters, and then nobody works."""
    made = Subject(stage.world, stage.project, stage.actor)
    made.deploy(1, ("east", "west"), worker=True)
    settle(stage.world, made.undeclared)
    yield made
    for place in stage.world.places.values():
        place.admin.delete(made.namespace)


@pytest.fixture
def an_hour_later(stage, it):
    """an_hour_later() → {cluster: what was written once the watcher and a worker are back}."""
    logs = {name: AuditLog(name) for name in stage.world.places}

    def back():
        for _ in range(2):
            stage.world.watch()
            stage.world.all_due()
            stage.world.drain()
        return {name: log.writes(it.environment.namespace) for name, log in logs.items()}

    return back


def test_where_nothing_has_changed_nothing_is_written(it, an_hour_later):
    assert an_hour_later() == {"east": [], "west": []}
    assert it.undeclared() == []


def test_what_was_changed_by_hand_is_written_and_nothing_else(stage, it, an_hour_later):
    changed = next(oid for cluster, oid in it.delivered() if (cluster, oid.kind) == ("west", "Service"))
    content_type, patch = CHANGES["Service"]
    stage.world.places["west"].admin.merge(changed, patch, content_type)
    path = f"/api/v1/namespaces/{changed.namespace}/services/{changed.name}"
    assert an_hour_later() == {"east": [], "west": [f"patch {path}"]}
    assert it.undeclared() == []
