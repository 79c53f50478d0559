"""The example of each building block, as its page shows it, delivered to a real cluster: accepted, healthy, and what it
is for is seen.
"""

import inspect
import json

import pytest
from django.utils import timezone

from apps.blocks import blocks
from apps.selectors import scaling
from apps.timetable import Timetable
from tests.apps.lab.site import HTTP, ROLE, SERVE, WEB, example, web

# Ends at once unless the sidecar takes connections already.
AFTER_THE_SIDECAR = "import socket; socket.create_connection(('127.0.0.1', 6379), 5)"


@pytest.mark.parametrize("name", blocks())
def test_every_example_is_tried_here_as_it_is_shown(name):
    assert f'example("{name}")' in inspect.getsource(globals()[f"test_{name}"])


def test_process(bring):
    site = bring(example("process"), HTTP)
    assert len(site.pods()) == 2
    assert site.sh("echo $APP_NAME $APP_ENVIRONMENT $APP_CLUSTER $PORT") == "hello production east 8080\n"


@pytest.mark.parametrize("port", [example("port"), example("port", internal=True)], ids=["open", "internal"])
def test_port(bring, port):
    site = bring(WEB, port)
    fetch = "import urllib.request as u; print(u.urlopen('http://hello-web', timeout=5).status)"
    # A node routes to a Pod some moments after the Pod is ready; until then it refuses.
    assert site.sh(f'for _ in $(seq 200); do python3 -c "{fetch}" && exit; done; exit 1') == "200\n"


def test_route(bring):
    site = bring(WEB, HTTP, example("route"))
    [route] = site.objects("httproutes").values()
    said = {each["type"]: each["status"] for each in route["status"]["parents"][0]["conditions"]}
    assert (said["Accepted"], said["ResolvedRefs"]) == ("True", "True")


def test_config(bring):
    assert bring(WEB, example("config")).sh("echo $GREETING") == "hello\n"


def test_secret(bring, stored):
    stored("database", DATABASE_URL="postgresql://somewhere", OTHER="not asked for")
    assert bring(WEB, example("secret")).sh("echo $DATABASE_URL$OTHER") == "postgresql://somewhere\n"


def test_pull_secret(bring, stored):
    stored("registry", DOCKERCONFIGJSON=json.dumps({"auths": {"registry.example": {"auth": "YTpi"}}}))
    site = bring(WEB, example("pull_secret"))
    [reference] = site.pod()["spec"]["imagePullSecrets"]
    assert site.object("secret", reference["name"])["type"] == "kubernetes.io/dockerconfigjson"


def test_files(bring):
    site = bring(WEB, example("files"))
    assert site.sh("cat /etc/hello/greetings.txt") == "hello\nhi\n"


def test_hosts(bring):
    look = "import socket; print(socket.gethostbyname('database'), socket.gethostbyname('database.example'))"
    assert bring(WEB, example("hosts")).sh(f'python3 -c "{look}"') == "192.0.2.10 192.0.2.10\n"


def test_init(bring):
    site = bring(WEB, example("init"))
    [ended] = site.pod()["status"]["initContainerStatuses"]
    assert (ended["name"], ended["state"]["terminated"]["reason"]) == ("warm-up", "Completed")
    assert site.sh("cat /tmp/warm") == "warm\n"


def test_sidecar(bring):
    site = bring(WEB, HTTP, example("sidecar"))
    fetch = "import urllib.request as u; print(u.urlopen('http://localhost:6379', timeout=5).status)"
    assert site.sh(f'python3 -c "{fetch}"') == "200\n"


def test_a_process_starts_once_its_sidecar_serves(bring):
    slow = ["sh", "-c", "sleep 3; exec python3 -m http.server 6379"]
    command = ["sh", "-c", f'python3 -c "{AFTER_THE_SIDECAR}" && exec {" ".join(SERVE)}']
    site = bring(web(command=command), HTTP, example("sidecar", command=slow))
    [main] = site.pod()["status"]["containerStatuses"]
    assert main["restartCount"] == 0
    [cache] = site.pod()["status"]["initContainerStatuses"]
    assert (cache["name"], cache["ready"]) == ("cache", True)


def test_schedule(bring):
    site = bring(example("schedule"))
    job = site.object("cronjob", "hello-report")
    assert (job["spec"]["schedule"], job["spec"]["timeZone"]) == ("30 3 * * 1-5", "Etc/UTC")
    site.kubectl("create", "job", "--from=cronjob/hello-report", "by-hand")
    site.kubectl("wait", "job/by-hand", "--for=condition=Complete", "--timeout=60s")
    assert site.kubectl("logs", "job/by-hand") == "report\n"


def test_task(bring):
    site = bring(WEB, HTTP, example("task"))
    task, deployment = site.object("job", "hello-migrate-r1"), site.object("deployment", "hello-web")
    assert task["status"]["completionTime"] <= deployment["metadata"]["creationTimestamp"]
    assert site.kubectl("logs", "job/hello-migrate-r1") == "migrated\n"


def test_volume(bring):
    site = bring(web(replicas=2), example("volume"))
    one, other = site.pods()
    site.sh("echo kept > /uploads/file", pod=one)
    assert site.sh("cat /uploads/file", pod=other) == "kept\n"
    assert site.rows()["PersistentVolumeClaim/hello-web-uploads"].reason == "Bound"


@pytest.mark.timeout(240)
def test_autoscale(bring):
    site = bring(WEB, example("autoscale"), wait=False)
    site.until(site.is_healthy, minutes=3)
    scaler = site.object("hpa", "hello-web")
    assert scaler["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 600
    assert len(site.pods()) == 2


@pytest.mark.timeout(240)
def test_scale_window(bring):
    """Its turning is seen in test_replicas_are_spread."""
    site = bring(WEB, example("autoscale"), example("scale_window"), wait=False)
    site.until(site.is_healthy, minutes=3)
    scaler = site.object("hpa", "hello-web")
    bounds = Timetable.of(scaler).at(timezone.now())
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (bounds.least, bounds.most)


def test_vertical_autoscale(bring):
    """Accepted, and its advice is told; the recommender is played."""
    site = bring(WEB, example("vertical_autoscale"))
    [name] = site.objects("verticalpodautoscalers")
    advice = {"containerName": "web", "target": {"cpu": "15m", "memory": "50Mi"}}
    status = json.dumps({"status": {"recommendation": {"containerRecommendations": [advice]}}})
    site.kubectl("patch", "verticalpodautoscalers", name, "--subresource=status", "--type=merge", "-p", status)
    site.until(lambda: [each["advised"] for each in scaling(site.environment)["vertical"]] == [advice["target"]])


def test_node_pool(bring, pool):
    site = bring(WEB, example("node_pool"))
    assert site.pod()["spec"]["nodeName"] == pool


def test_priority(bring):
    assert bring(WEB, example("priority")).pod()["spec"]["priority"] == 1000


def test_service_account(bring):
    site = bring(WEB, example("service_account"))
    account = site.object("serviceaccount", site.pod()["spec"]["serviceAccountName"])
    assert account["metadata"]["annotations"][ROLE] == "arn:aws:iam::123456789012:role/hello"
    assert "kube-api-access" not in json.dumps(site.pod()["spec"]["volumes"])


def test_disruption_budget(bring):
    site = bring(web(replicas=4), example("disruption_budget"))
    site.until(lambda: site.object("pdb", "hello-web").get("status", {}).get("disruptionsAllowed") == 1)


def test_egress(bring):
    """Accepted and well; this lab's network enforces no policy."""
    site = bring(WEB, example("egress"))
    own = [each for name, each in site.objects("networkpolicies").items() if name != "dougong-isolation"]
    assert [policy["spec"]["policyTypes"] for policy in own] == [["Egress"]]
