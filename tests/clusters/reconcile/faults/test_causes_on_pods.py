"""What keeps pods from running reaches the person: its reason, and the fact that tells what to do about it."""

import base64
import re

import pytest

from clusters import resolve
from clusters.manifests import manifest
from clusters.models import Work
from tests.fault_proxy import Hang
from tests.registries import Denying, serving

CANARY = "canary/é+7c1e of the test"
FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), "canary%2F", "second line")
TAINT = "\ndougong.dev/role=edge:NoSchedule (on edge)"
# `sh` runs these; $PASSWORD is a value of a Secret.
ENDS = r"""
for line in one two three; do echo "line $line"; done
printf '\033[31mpassword=%s\033[0m \000 fatal: no database\n' "$PASSWORD"
python3 -c 'import os, urllib.parse as u; print("url", u.quote(os.environ["PASSWORD"], safe=""), os.environ["PEM"])'
exit 3
"""


@pytest.fixture
def password(monkeypatch, secret):
    """A Secret whose values are the canary, alone and as the first of two lines."""
    values = {"password": CANARY, "pem": f"{CANARY}\nsecond line\n"}
    monkeypatch.setitem(resolve._resolvers, "test", lambda name: values[name].encode())
    return secret("keys", PASSWORD="test:password", PEM="test:pem")


@pytest.fixture
def failing(deployment):
    """failing("web", "exit 1", pod={…}, image=…, livenessProbe=…) → a Deployment that fails in its own way."""

    def make(name, shell="sleep infinity", pod=None, **container):
        made = deployment(name=name)
        spec = made.body["spec"]["template"]["spec"]
        spec["containers"][0] |= {"command": ["sh", "-c", shell], **container}
        spec |= pod or {}
        return made

    return make


@pytest.fixture
def denying():
    """The address of a registry on worker-1 that lets nobody pull."""
    with serving(Denying, ["worker-1"]) as host:
        yield host


def fails(*command):
    return {"exec": {"command": ["sh", "-c", *command]}, "periodSeconds": 1, "failureThreshold": 1}


def causes(failing, registry_host, denying):
    """name → (a Deployment, the reason, what the message tells)."""
    on_worker = {"nodeSelector": {"kubernetes.io/hostname": "worker-1"}}
    on_edge = {"nodeSelector": {"kubernetes.io/hostname": "edge"}}
    seen = {"envFrom": [{"secretRef": {"name": "keys"}}]}
    limited = {"resources": {"limits": {"memory": "24Mi"}, "requests": {"memory": "16Mi", "cpu": "10m"}}}
    huge = {"resources": {"requests": {"cpu": "64", "memory": "16Mi"}}}
    image = f"{registry_host}/nobody/pushed:this"
    return {
        "image": (failing("image", image=image), "ImageNotFound", [f"The registry has no image {image}"]),
        "denied": (
            failing("denied", pod=on_worker, image=f"{denying}/shop/web:1"),
            "ImagePullDenied", [f"denies the pull of image {denying}/shop/web:1", "403"],
        ),
        "crash": (
            failing("crash", ENDS, **seen),
            "CrashLoopBackOff",
            ["exit code 3", "line three\npassword=[hidden]  fatal: no database\nurl [hidden] [hidden]"],
        ),
        "oom": (failing("oom", "tail /dev/zero", **limited), "OOMKilled", ["more memory than its limit of 24Mi"]),
        "command": (failing("command", command=["nowhere"]), "RunContainerError", ['exec: "nowhere"', "not found"]),
        "config": (
            failing("config", envFrom=[{"configMapRef": {"name": "lost"}}]),
            "CreateContainerConfigError", ['configmap "lost" not found'],
        ),
        "readiness": (
            failing("readiness", readinessProbe=fails("echo no queue for $PASSWORD; exit 1"), **seen),
            "ReadinessProbeFailed", ["Readiness probe failed: no queue for [hidden]"],
        ),
        "startup": (
            failing("startup", startupProbe={"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 99}),
            "StartupProbeFailed", ["Startup probe failed: dial tcp", ":9: connect: connection refused"],
        ),
        "liveness": (
            failing("liveness", "echo works; exec sleep infinity", livenessProbe=fails("echo it hangs; exit 1")),
            "LivenessProbeFailed", ["exit code 137", "Liveness probe failed: it hangs", "\nworks"],
        ),
        "room": (
            failing("room", **huge),
            "Unschedulable",
            ["of 3 nodes", "2 have too little cpu left (the pod asks for 64)", TAINT],
        ),
        "selector": (
            failing("selector", pod={"nodeSelector": {"disk": "ssd"}}),
            "Unschedulable", ["2 do not match the pod's node selector (disk=ssd)"],
        ),
        "taint": (
            failing("taint", pod=on_edge),
            "Unschedulable",
            ["1 has a taint that the pod does not tolerate", TAINT,
             "2 do not match the pod's node selector (kubernetes.io/hostname=edge)"],
        ),
    }  # fmt: skip


def migration(namespace, image):
    container = {"name": "main", "image": image, "command": ["sh", "-c", "echo table 7 is locked; exit 1"]}
    spec = {"backoffLimit": 0, "template": {"spec": {"containers": [container], "restartPolicy": "Never"}}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": namespace}}
    return manifest({**body, "spec": spec})


def untold(condition, works, expected):
    """What the Ready conditions do not say yet: {name: what they say instead}."""
    said = {name: condition(work, "Ready") or {"reason": "", "message": ""} for name, work in works.items()}
    return {
        name: (said[name]["reason"], said[name]["message"])
        for name, (_, reason, facts) in expected.items()
        if said[name]["reason"] != reason or not all(fact in said[name]["message"] for fact in facts)
    }


def test_each_cause_has_its_reason_and_tells_its_fact(
    submit, until, condition, sweep, healthy, ground, password, failing, registry_host, denying, deployment, namespace
):
    base = submit("ground", [*ground, password])
    until(lambda: healthy(base))
    expected = causes(failing, registry_host, denying)
    image = deployment().body["spec"]["template"]["spec"]["containers"][0]["image"]
    facts = ["exit code 1", "\ntable 7 is locked"]
    expected["job"] = (migration(namespace, image), "ContainerCrashed", facts)
    works = {name: submit(name, [each]) for name, (each, _, _) in expected.items()}
    left = expected  # each has told once: a crash that is just restarted says so for a moment

    def told():
        nonlocal left
        left = {name: expected[name] for name in untold(condition, works, left)}
        return not left

    try:
        until(told)
    except TimeoutError:
        assert untold(condition, works, left) == {}
    everything = str(list(Work.objects.values("conditions", "reported", "objects_owned__message")))
    assert [form for form in FORMS if form in everything] == []

    Work.objects.update(deadline_at=base.created_at)
    sweep()
    late = condition(works["room"], "DeadlineExceeded")
    assert late["reason"] == "Unschedulable"
    assert "too little cpu" in late["message"]


def test_a_log_is_read_once_for_each_run_that_ended(proxied, submit, until, sweep, condition, ground, failing):
    proxy, cluster = proxied
    work = submit("application", [*ground, failing("web", "echo no database; exit 1")])

    def said():
        return condition(work, "Ready")["message"]

    until(lambda: "\nno database" in said())
    proxy.script = lambda request: Hang() if "/log" in request.path else None
    until(lambda: "CrashLoopBackOff" in condition(work, "Ready")["reason"])
    sweep(3)
    asked, looks = (sum(kind in each.path for each in proxy.seen) for kind in ("/log?", "/pods?"))
    assert len([line for line in said().splitlines() if ", container main, ended " in line]) == 1
    assert asked <= int(re.search("([0-9]+) restart", said())[1]) + 1 < looks
    cluster.refresh_from_db()
    assert cluster.failures == 0
