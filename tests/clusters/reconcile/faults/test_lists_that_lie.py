"""A list that is refused, empty or not whole is never read as "all deleted": what is there is asked by name."""

import pytest

from clusters.models import OwnedObject, Work
from tests.clusters.watch import conftest as of_the_watcher
from tests.fault_proxy import Answer

watching = of_the_watcher.watching

FORBIDDEN = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
APPLICATIONS = 10  # so many that a sweep looks at them by list


def refused(_):
    return Answer(403, FORBIDDEN | {"message": "the right to list was taken away"})


def empty(_, items=()):
    metadata = {"resourceVersion": "1"}
    return Answer(200, {"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": list(items)})


@pytest.fixture
def listed(proxied, admin):
    """listed(answer): every list and watch is answered by that; listed(None): by the server."""
    proxy, _ = proxied

    def by(answer):
        proxy.script = lambda request: answer(request) if answer and _lists(request) else None

    return by


def _lists(request):
    return request.method == "GET" and ("limit=" in request.path or "watch=" in request.path)


def state(live):
    """What is there, and what we know of it."""
    there = {name: live("ConfigMap", name)["metadata"] for name in live.names}
    rows = OwnedObject.objects.order_by("oid").values_list("oid", "uid", "claim", "gone_at")
    return there, list(rows)


@pytest.mark.parametrize("answer", [refused, empty, "half"], ids=["refused", "empty", "half"])
def test_nothing_is_pruned_or_made_anew(
    answer, proxied, listed, admin, namespace, submit, until, drain, sweep, healthy, ground, config, live, watching
):
    base = submit("ground", ground)
    works = [submit(f"app-{number}", [config(f"app-{number}", key="1")]) for number in range(APPLICATIONS)]
    until(lambda: healthy(base, *works))
    live.names = [f"app-{number}" for number in range(APPLICATIONS)]
    before = state(live)
    half = admin.list("ConfigMap", namespace)[::2]
    listed(
        answer if answer != "half" else lambda request: empty(request, half if "/configmaps" in request.path else ())
    )
    watching()
    sweep(3)
    assert state(live) == before
    assert healthy(base, *works)
    assert set(Work.objects.values_list("pk", flat=True)) == {base.pk, *(work.pk for work in works)}
    # And an edit goes its way.
    submit("app-0", [config("app-0", key="2")])
    drain()
    assert live("ConfigMap", "app-0")["data"] == {"key": "2"}


def test_what_may_be_in_use_stays_while_nobody_may_look(
    proxied, listed, submit, until, drain, healthy, ground, config, live, condition
):
    work = submit("application", [*ground, config("a", key="1"), config("b", key="1")])
    until(lambda: healthy(work))
    submit("application", [*ground, config("a", key="2")])
    listed(refused)
    drain()
    assert live("ConfigMap", "a")["data"] == {"key": "2"}
    assert live("ConfigMap", "b") is not None
    assert condition(work, "ReadFailed")["reason"] == "PermissionDenied"
    listed(None)
    until(lambda: healthy(work))
    assert live("ConfigMap", "b") is None


@pytest.mark.parametrize("answer", [refused, empty], ids=["refused", "empty"])
def test_a_namespace_whose_content_is_not_shown_stays(
    answer, proxied, listed, submit, until, drain, healthy, retire, gone, ground, config, theirs, live, oid
):
    work = submit("application", [*ground, config("a", key="1")])
    until(lambda: healthy(work))
    theirs()
    listed(answer)
    retire(work, oid("Namespace"))
    until(lambda: gone(work))
    assert "deletionTimestamp" not in live("Namespace")["metadata"]
    assert theirs.untouched()
    assert live("ConfigMap", "a") is None
