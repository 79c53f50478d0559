"""What the scheduler says, in words that tell what to change."""

import pytest

from clusters.health.scheduling import no_node, untolerated

CONTAINERS = [{"resources": {"requests": {"cpu": "2", "memory": "1Gi"}}}, {"resources": {"requests": {"cpu": "500m"}}}]
POD = {"spec": {"containers": CONTAINERS, "nodeSelector": {"disk": "ssd"}}}
AFFINE = {"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}}}
PREEMPTION = " preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
SAID = [
    (POD, "0/3 nodes are available: 3 Insufficient cpu." + PREEMPTION,
     "of 3 nodes, 3 have too little cpu left (the pod asks for 2 + 500m)"),
    (POD, "0/1 nodes are available: 1 Insufficient example.com/gpu. no new claims to deallocate," + PREEMPTION,
     "of 1 node, 1 has too little example.com/gpu left"),
    (POD, "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) didn't match Pod's node "
          "affinity/selector.",
     "of 2 nodes, 1 has a taint that the pod does not tolerate, 1 does not match the pod's node selector (disk=ssd)"),
    (AFFINE, "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector." + PREEMPTION,
     "of 2 nodes, 2 do not match the pod's node selector (its node affinity)"),
    (POD, "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
     "of 2 nodes, pod has unbound immediate PersistentVolumeClaims. not found"),
    (POD, "0/2 nodes are available: 2 node(s) had volume node affinity conflict." + PREEMPTION,
     "of 2 nodes, 2 node(s) had volume node affinity conflict"),
    (POD, "running PreBind plugin: binding volumes: timed out", "running PreBind plugin: binding volumes: timed out"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "message", "words"), SAID)
def test_what_it_says_in_words(pod, message, words):
    assert no_node(message, pod) == f"No node takes the pod: {words}"


def test_nothing_said():
    assert no_node("", {}) == "No node takes the pod"


GPU = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
SLOW = {"key": "slow", "value": "", "effect": "PreferNoSchedule"}
DOWN = {"key": "down", "value": "", "effect": "NoExecute"}
NODES = [{"name": f"n{number}", "taints": [GPU, SLOW]} for number in range(5)] + [{"name": "m", "taints": [DOWN]}]
ALL_GPU = "gpu=yes:NoSchedule (on n0, n1, n2 and 2 more)"


@pytest.mark.parametrize(
    ("tolerations", "taints"),
    [
        ([], ["down:NoExecute (on m)", ALL_GPU]),
        ([{"operator": "Exists"}], []),
        ([{"key": "down", "operator": "Exists"}], [ALL_GPU]),
        ([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}], ["down:NoExecute (on m)"]),
        ([{"key": "gpu", "value": "no"}, {"key": "down", "effect": "NoSchedule"}], ["down:NoExecute (on m)", ALL_GPU]),
    ],
)
def test_the_taints_that_it_does_not_tolerate(tolerations, taints):
    assert untolerated({"spec": {"tolerations": tolerations}}, NODES) == taints
