import itertools

import pytest

from clusters.health import Health, Verdict, explain_pods, fold, worst

READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
DONE = {"status": {"phase": "Succeeded"}}
GOING = {"metadata": {"name": "going", "deletionTimestamp": "x"}, "status": {"phase": "Running"}}
EVICTED = {"metadata": {"name": "evicted"}, "status": {"phase": "Failed", "reason": "Evicted", "message": "low memory"}}


def waiting(name, reason, message=""):
    state = {"waiting": {"reason": reason, "message": message}}
    return {
        "metadata": {"name": name},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "web", "image": "shop/web:1", "state": state}]},
    }


NO_IMAGE = waiting("b", "ImagePullBackOff", "not found")
CREATING = waiting("c", "ContainerCreating")
NO_ROOM = {
    "metadata": {"name": "d"},
    "status": {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}],
    },
}


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ([], None),
        ([READY, DONE, GOING], None),
        ([READY, CREATING], "ContainerCreating"),
        ([CREATING, NO_ROOM], "Unschedulable"),
        ([CREATING, NO_IMAGE, NO_ROOM], "ImageNotFound"),
        ([EVICTED], "Evicted"),
        ([EVICTED, CREATING], "ContainerCreating"),
    ],
)
def test_the_worst_cause_is_told(pods, reason):
    for order in itertools.permutations(pods):
        found = explain_pods(list(order))
        assert (found.reason if found else None) == reason


def test_the_cause_is_found_at_the_end_of_a_message_that_is_cut():
    names = ": ".join(f'failed to resolve "registry.example/shop@sha256:{"0" * 64}"' for _ in range(8))
    found = explain_pods([waiting("e", "ImagePullBackOff", f"{names}: not found")])
    assert found.reason == "ImageNotFound"
    assert len(found.message) < len(names)


def test_pods_with_the_same_cause_are_counted():
    pods = [waiting(name, "ImagePullBackOff", "not found") for name in "xyz"]
    assert explain_pods(pods).message.endswith("(and 2 more pods)")
    assert explain_pods(pods[:2]).message.endswith("(and 1 more pod)")
    assert "more" not in explain_pods(pods[:1]).message


PROGRESSING = Verdict(Health.PROGRESSING, "LessUpdated", "0 of 2 replicas are updated")
STUCK = Verdict(Health.DEGRADED, "ProgressDeadlineExceeded", "timed out")


def test_a_progressing_workload_is_as_bad_as_its_pods():
    assert fold(PROGRESSING, [NO_IMAGE]) == Verdict(
        Health.DEGRADED,
        "ImageNotFound",
        "The registry has no image shop/web:1: not found; 0 of 2 replicas are updated",
    )


def test_a_degraded_workload_stays_so_and_says_why():
    folded = fold(STUCK, [NO_ROOM])
    assert (folded.health, folded.reason) == (Health.DEGRADED, "Unschedulable")
    assert "0/1 nodes" in folded.message
    assert "timed out" in folded.message


@pytest.mark.parametrize("pods", [[], [READY, GOING]])
def test_a_workload_whose_pods_say_nothing_speaks_for_itself(pods):
    assert fold(PROGRESSING, pods) == PROGRESSING


@pytest.mark.parametrize(
    "workload",
    [
        Verdict(Health.HEALTHY, "Available"),
        Verdict(Health.SUSPENDED, "Paused"),
        Verdict(Health.MISSING, "NotFound"),
        Verdict(Health.PROGRESSING, "Terminating"),
    ],
)
def test_what_needs_no_explanation_gets_none(workload):
    assert fold(workload, [NO_IMAGE, EVICTED]) == workload


def test_the_worst_of_many():
    order = ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"]
    verdicts = [Verdict(Health(name), name) for name in order]
    for length in range(1, len(order) + 1):
        for some in itertools.combinations(verdicts, length):
            assert worst(reversed(some)) == some[-1]


def test_the_first_of_equals_and_nothing_at_all():
    one, other = Verdict(Health.DEGRADED, "One"), Verdict(Health.DEGRADED, "Other")
    assert worst([one, other]) == one
    assert worst([]).health is Health.HEALTHY


@pytest.mark.parametrize(
    ("said", "told"),
    [("Ready", "Ready"), ("pending_dns", "PendingDns"), ("1st:not,ready", "StNotReady"), ("__", ""), ("", "")],
)
def test_a_reason_is_camel_case_however_a_controller_writes_it(said, told):
    assert Verdict(Health.PROGRESSING, said).reason == told
