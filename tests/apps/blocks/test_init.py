import pytest

from apps.contribution import RenderError

WARM_UP = {"process": "web", "name": "warm-up", "command": ["warm-up"], "cpu": "10m", "memory": "16Mi"}


@pytest.fixture
def before(rendered, web):
    """The init containers of the process web, beside whatever else is stacked."""

    def find(*items):
        return rendered(web, *items)["Deployment"]["spec"]["template"]["spec"]["initContainers"]

    return find


def test_runs_to_its_end_confined_like_the_process(before):
    assert before({"init": WARM_UP}) == [
        {
            "name": "warm-up",
            "image": f"registry.example/hello@sha256:{'a' * 64}",
            "command": ["warm-up"],
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        }
    ]


def test_several_run_in_the_order_of_their_names_and_before_sidecars(before):
    found = before(
        {"init": WARM_UP}, {"sidecar": {**WARM_UP, "name": "a-proxy"}}, {"init": {**WARM_UP, "name": "fetch"}}
    )
    assert [each["name"] for each in found] == ["fetch", "warm-up", "a-proxy"]


def test_has_the_variables_of_the_process_if_asked(before):
    [found] = before({"init": {**WARM_UP, "process_env": True}})
    assert {"name": "APP_NAME", "value": "hello"} in found["env"]


def test_a_name_that_a_sidecar_has_is_refused(before):
    with pytest.raises(RenderError) as refused:
        before({"init": WARM_UP}, {"sidecar": WARM_UP})
    assert (refused.value.code, refused.value.path) == ("container_conflict", "sidecar(web, warm-up)")
