"""Each write that a cluster took is kept with its uid and resourceVersion, under the generation that asked for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clusters.models import ApiCall
from clusters.reconcile import sweep as sweeping


@pytest.fixture
def calls(oid):
    """calls("ConfigMap", "a") → (generation, verb, uid, resourceVersion) of each, oldest first."""

    def of(kind, name):
        rows = ApiCall.objects.filter(oid=str(oid(kind, name)))
        return list(rows.values_list("generation", "verb", "uid", "resource_version"))

    return of


def seen(live):
    return live["metadata"]["uid"], live["metadata"]["resourceVersion"]


def test_what_was_written_repaired_and_removed(
    submit, until, healthy, drain, sweep, ground, config, admin, live, oid, calls
):
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work))
    first, untouched = seen(live("ConfigMap", "a")), seen(live("ConfigMap", "b"))
    assert calls("ConfigMap", "a") == [(1, "apply", *first)]

    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "theirs"}})
    sweep()
    repaired = seen(live("ConfigMap", "a"))
    assert calls("ConfigMap", "a")[1:] == [(1, "apply", *repaired)]
    assert repaired[1] != first[1]

    submit("application", [*ground, config("b", key="1")])
    drain()
    assert calls("ConfigMap", "a")[2:] == [(2, "delete", *repaired)]
    assert calls("ConfigMap", "b") == [(1, "apply", *untouched)]


def test_what_is_refused_was_not_written(submit, drain, ground, config, admin, oid, calls):
    submit("ground", ground)
    drain()
    admin.create(config("a", key="theirs").body)
    submit("application", [config("a", key="ours")])
    drain()
    assert calls("ConfigMap", "a") == []


def test_old_ones_are_forgotten_a_part_at_a_time(settings, monkeypatch):
    monkeypatch.setattr(sweeping, "CALLS", 3)
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"api_call_days": 30})

    def call(days):
        return ApiCall(
            work_id="00000000-0000-0000-0000-000000000000", generation=days, oid="core/ConfigMap/shop/a", verb="apply",
            uid="u", resource_version="1", at=timezone.now() - timedelta(days=days),
        )  # fmt: skip

    ApiCall.objects.bulk_create([call(days) for days in (29, 31, 32, 33, 34)])
    assert [sweeping.forget_calls() for _ in range(3)] == [3, 1, 0]
    assert [each.generation for each in ApiCall.objects.all()] == [29]
