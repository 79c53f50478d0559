import pytest

from apps.contribution import RenderError

CACHE = {"process": "web", "name": "cache", "command": ["cache"], "cpu": "10m", "memory": "16Mi"}
CONFINED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


@pytest.fixture
def beside(rendered, web):
    """The one container beside the process web."""

    def find(*items, **changes):
        [found] = rendered(web, *items, {"sidecar": {**CACHE, **changes}})["Deployment"]["spec"]["template"]["spec"][
            "initContainers"
        ]
        return found

    return find


def test_is_a_restarted_init_container_confined_like_the_process(beside):
    assert beside() == {
        "name": "cache",
        "image": f"registry.example/hello@sha256:{'a' * 64}",
        "command": ["cache"],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": CONFINED,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "restartPolicy": "Always",
    }


def test_an_image_of_its_own(beside):
    other = f"registry.example/proxy@sha256:{'b' * 64}"
    assert beside(image=other)["image"] == other


def test_the_process_waits_for_its_port(beside):
    assert beside(probe_port=6379)["startupProbe"] == {
        "tcpSocket": {"port": 6379}, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 150,
    }  # fmt: skip


def test_has_its_own_variables_and_those_of_the_process_if_asked(beside):
    config = {"config": {"values": {"GREETING": "hello"}}}
    alone, both = beside(config, env={"MODE": "x"}), beside(config, env={"MODE": "x"}, process_env=True)
    assert (alone["env"], "envFrom" in alone) == ([{"name": "MODE", "value": "x"}], False)
    assert [each["name"] for each in both["env"]] == ["APP_CLUSTER", "APP_ENVIRONMENT", "APP_NAME", "MODE"]
    assert both["envFrom"][0]["configMapRef"]["name"].startswith("hello-config-")


def test_finds_volumes_of_the_process(beside):
    assert beside(mounts={"/shared": "tmp"})["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/shared"},
        {"name": "tmp", "mountPath": "/tmp"},
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "web"}, "container_conflict"),
        ({"mounts": {"/data": "data"}}, "unknown_volume"),
        ({"mounts": {"/tmp": "tmp"}}, "mounts_conflict"),
        ({"env": {"APP_NAME": "x"}, "process_env": True}, "env_conflict"),
    ],
)
def test_what_cannot_be_is_refused(beside, change, code):
    with pytest.raises(RenderError) as refused:
        beside(**change)
    assert refused.value.code == code
    assert refused.value.path.startswith("sidecar(web, ")
