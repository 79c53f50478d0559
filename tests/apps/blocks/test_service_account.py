import pytest

from apps.contribution import RenderError

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/hello"}


def test_the_process_runs_under_an_account_of_its_own(rendered, web):
    found = rendered(web, {"service_account": {"process": "web", "annotations": ROLE}})
    account, pod = found["ServiceAccount"], found["Deployment"]["spec"]["template"]["spec"]
    assert account["metadata"]["annotations"] == ROLE
    assert account["metadata"]["name"] == pod["serviceAccountName"] == "hello-web"
    assert account["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    "key", ["dougong.dev/claim", "kubernetes.io/enforce-mountable-secrets", "kubectl.kubernetes.io/x", "a.k8s.io/x"]
)
def test_annotations_of_the_platform_are_refused(contribute, key):
    with pytest.raises(RenderError) as refused:
        contribute("service_account", {"process": "web", "annotations": {key: "x"}})
    assert (refused.value.code, refused.value.path) == ("reserved_annotation", "annotations")
