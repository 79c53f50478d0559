import pytest

from apps.contribution import RenderError

LABELS = {
    "app.kubernetes.io/name": "hello",
    "app.kubernetes.io/instance": "hello-production",
    "app.kubernetes.io/part-of": "demo",
    "app.kubernetes.io/managed-by": "dougong",
    "app.kubernetes.io/component": "web",
}
SELECTOR = {"app.kubernetes.io/name": "hello", "app.kubernetes.io/component": "web"}


def test_a_process_without_a_port(rendered, web):
    found = rendered(web)
    assert list(found) == ["Deployment"]
    assert found["Deployment"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hello-web", "namespace": "demo-hello-production-1a2b3c4d", "labels": LABELS},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": SELECTOR},
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 600,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "serviceAccountName": "app",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 10001,
                        "runAsGroup": 10001,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "terminationGracePeriodSeconds": 30,
                    "containers": [
                        {
                            "name": "web",
                            "image": f"registry.example/hello@sha256:{'a' * 64}",
                            "env": [
                                {"name": "APP_CLUSTER", "value": "east"},
                                {"name": "APP_ENVIRONMENT", "value": "production"},
                                {"name": "APP_NAME", "value": "hello"},
                            ],
                            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "readOnlyRootFilesystem": True,
                                "capabilities": {"drop": ["ALL"]},
                            },
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                        }
                    ],
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                },
            },
        },
    }


def test_a_port_brings_probes_and_time_to_drain(rendered, web, http):
    pod = rendered(web, http)["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] == 35
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert container["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    assert container["startupProbe"] == {
        "tcpSocket": {"port": 8080}, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 150,
    }  # fmt: skip
    assert container["readinessProbe"] == {
        "tcpSocket": {"port": 8080}, "periodSeconds": 5, "timeoutSeconds": 2, "failureThreshold": 3,
    }  # fmt: skip
    assert "livenessProbe" not in container


def test_a_probe_path_makes_it_http(container, http):
    web = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "probe_path": "/readyz", "probe_port": 9000}}
    assert container(web, http)["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 9000}


def test_a_probe_path_without_a_port_is_refused(rendered):
    with pytest.raises(RenderError) as refused:
        rendered({"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "probe_path": "/readyz"}})
    assert (refused.value.code, refused.value.path) == ("probe_without_port", "process(web).probe_path")


def test_what_a_process_may_say_of_itself(rendered):
    pod = rendered(
        {
            "process": {
                "name": "worker", "cpu": 1, "memory": "1Gi", "cpu_limit": "2", "memory_limit": "2Gi", "user": 1000,
                "command": ["python"], "args": ["-m", "worker"], "grace_seconds": 120, "replicas": 0,
            }
        }
    )["Deployment"]["spec"]["template"]["spec"]  # fmt: skip
    [container] = pod["containers"]
    assert (container["command"], container["args"]) == (["python"], ["-m", "worker"])
    assert container["resources"] == {
        "requests": {"cpu": "1000m", "memory": "1Gi"},
        "limits": {"cpu": "2", "memory": "2Gi"},
    }
    assert pod["securityContext"]["runAsUser"] == 1000
    assert pod["terminationGracePeriodSeconds"] == 120


def test_more_than_one_replica_is_spread_and_kept_from_disruption(rendered):
    found = rendered({"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 2}})
    assert found["PodDisruptionBudget"]["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": SELECTOR},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    spread = found["Deployment"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for each in spread:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"] == {"matchLabels": SELECTOR}


def test_another_release_of_the_same_restarts_nothing(rendered, web, http):
    assert rendered(web, http, release="release-1") == rendered(web, http, release="release-2")


def test_long_names_stay_within_the_limits_and_apart(rendered):
    def names(process):
        found = rendered(
            {"process": {"name": process, "cpu": "50m", "memory": "64Mi", "replicas": 2}},
            {"port": {"process": process, "port": 8080}},
            application="a" * 63,
        )
        return {body["metadata"]["name"] for body in found.values()}

    [first], [second] = names("p" * 62 + "1"), names("p" * 62 + "2")
    assert first != second
    assert len(first) == len(second) == 46
