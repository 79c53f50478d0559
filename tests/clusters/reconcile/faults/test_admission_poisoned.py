"""One application of 900 KB that always fails, among many: they are delivered as if it were not there; it backs off."""

import time

import pytest

from clusters.manifests import manifest
from clusters.models import Work

POISON = 9  # objects of 100 KB each
LONG_AGO = "2000-01-01T00:00Z"


def test_many_are_delivered_beside_one_that_always_fails(base, deliver_beside):
    assert deliver_beside(60) >= 1


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_five_hundred_are_delivered_beside_one_that_always_fails(base, deliver_beside, soak_result):
    attempts = deliver_beside(500)
    soak_result("poisoned", applications=500, kilobytes=100 * POISON, attempts_of_the_poisoned=attempts)


@pytest.fixture
def base(submit, until, healthy, ground):
    work = submit("ground", ground)
    until(lambda: healthy(work))
    return work


@pytest.fixture
def deliver_beside(submit, drain, healthy, config, live):
    """deliver_beside(60) delivers so many beside a poisoned one that is due first; how often that was attempted."""

    def run(applications):
        began = time.monotonic()
        poisoned = submit("poisoned", [_refused(config(f"poison-{each}", key="x" * 100_000)) for each in range(POISON)])
        others = [submit(f"application-{each}", [config(f"a-{each}", key="1")]) for each in range(applications)]
        Work.objects.filter(pk=poisoned.pk).update(next_check_at=LONG_AGO)
        while not healthy(*others):
            drain()
        poisoned.refresh_from_db()
        assert poisoned.health == "Degraded"
        assert live("ConfigMap", "poison-0") is None
        assert live("ConfigMap", f"a-{applications - 1}")["data"] == {"key": "1"}
        # Each pause is at least half of 2, 4, 8, … seconds; what is left over of the last one is not counted.
        assert 2 ** (poisoned.attempts - 1) - 1 <= time.monotonic() - began
        return poisoned.attempts

    return run


def _refused(large):
    return manifest({**large.body, "daat": {}})
