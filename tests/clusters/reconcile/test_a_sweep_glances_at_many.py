"""Many settled Works are swept by lists: what is unchanged is put off unread, what is not is found and repaired."""

import pytest
from django.db.models.functions import Now

from clusters.client import ClusterClient
from clusters.models import Lane, OwnedObject, Work
from clusters.reconcile import glance

MANY = glance.FEWEST + 2


@pytest.fixture
def works(submit, ground, config, secret, until, healthy, sweep):
    """Settled Works, each with a ConfigMap of its own, the last with a Secret; swept once, so that all is recorded."""
    made = [submit("ground", ground)]
    made += [submit(f"app-{number}", [config(f"c{number}", key="1")]) for number in range(MANY)]
    made.append(submit("keys", [secret("keys", password="test:1")]))
    made.append(submit("shrunk", [config("kept", key="1"), config("pruned", key="1")]))
    until(lambda: healthy(*made))
    submit("shrunk", [config("kept", key="1")])
    until(lambda: healthy(*made))
    sweep(2)
    return made


@pytest.fixture(autouse=True)
def values(monkeypatch):
    monkeypatch.setattr("clusters.reconcile.deliver.resolve", lambda reference: b"opensesame")


@pytest.fixture
def asked(monkeypatch):
    """What the client asks for from now on."""
    seen = []
    send = ClusterClient._send

    def noting(client, method, path, **given):
        seen.append((method, path))
        return send(client, method, path, **given)

    monkeypatch.setattr(ClusterClient, "_send", noting)
    return seen


def due_in_the_sweep_lane():
    Work.objects.update(next_check_at="2000-01-01T00:00Z", not_before=None, lane=Lane.SWEEP)


def test_unchanged_works_cost_a_list_a_kind_and_no_write(works, asked, drain):
    versions = dict(OwnedObject.objects.values_list("oid", "resource_version"))
    due_in_the_sweep_lane()
    drain()
    assert not Work.objects.filter(next_check_at__lte=Now()).exists()
    assert {method for method, _ in asked} == {"GET"}
    # The identity, the revision, a list of each of the three kinds that may be listed, the one Secret by its name.
    assert len(asked) == 6
    assert sum("/secrets/keys" in path for _, path in asked) == 1
    assert dict(OwnedObject.objects.values_list("oid", "resource_version")) == versions


def test_what_was_changed_or_deleted_is_repaired(works, admin, oid, live, asked, drain):
    admin.merge(oid("ConfigMap", "c0"), {"data": {"key": "by hand"}})
    admin.delete(oid("ConfigMap", "c1"))
    admin.delete(oid("Secret", "keys"))
    asked.clear()
    due_in_the_sweep_lane()
    drain()
    assert live("ConfigMap", "c0")["data"] == {"key": "1"}
    assert live("ConfigMap", "c1")["data"] == {"key": "1"}
    assert live("Secret", "keys") is not None
    written = sorted(path.rpartition("/")[2] for method, path in asked if method == "PATCH")
    assert written == ["c0", "c1", "keys"]


def test_a_kind_that_may_not_be_listed_is_read_by_name(works, monkeypatch, admin, oid, live, drain):
    from clusters.faults import ApiRefused

    async def refuse(*_, **__):
        raise ApiRefused(403, "Forbidden", "may not list")

    monkeypatch.setattr(ClusterClient, "page", refuse)
    admin.merge(oid("ConfigMap", "c0"), {"data": {"key": "by hand"}})
    due_in_the_sweep_lane()
    drain()
    assert live("ConfigMap", "c0")["data"] == {"key": "1"}
    assert not Work.objects.filter(next_check_at__lte=Now()).exists()


def test_an_edit_is_delivered_though_a_sweep_is_due(works, submit, config, live, drain):
    due_in_the_sweep_lane()
    submit("app-0", [config("c0", key="2")])
    drain()
    assert live("ConfigMap", "c0")["data"] == {"key": "2"}
