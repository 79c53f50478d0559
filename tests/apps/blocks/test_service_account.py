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


@pytest.mark.parametrize(
    ("annotations", "code", "message"),
    [
        (
            {"iam.gke.io/gcp-service-account": "x@y"},
            "annotation_missing",
            "cluster east offers no annotation iam.gke.io/gcp-service-account, only eks.amazonaws.com/role-arn",
        ),
        (
            {"eks.amazonaws.com/role-arn": "arn:aws:iam::999999999999:role/admin"},
            "annotation_value",
            "cluster east offers eks.amazonaws.com/role-arn as arn:aws:iam::123456789012:role/* only, "
            "not as arn:aws:iam::999999999999:role/admin",
        ),
    ],
)
def test_what_the_cluster_does_not_offer_is_refused(contribute, annotations, code, message):
    with pytest.raises(RenderError) as refused:
        contribute("service_account", {"process": "web", "annotations": annotations})
    assert (refused.value.code, refused.value.path, refused.value.message) == (code, "annotations", message)
