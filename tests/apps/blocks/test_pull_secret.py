import pytest

from apps.contribution import RenderError
from apps.render import render
from apps.spec import SecretVersion

SECRETS = {"registry": SecretVersion("v3", {"DOCKERCONFIGJSON": "secret/9", "OTHER": "secret/8"})}
REGISTRY = {"pull_secret": {"name": "registry"}}


def test_makes_an_immutable_secret_of_the_type_that_kubelets_read(make_app, target, web):
    manifests = render(make_app(web, REGISTRY, secrets=SECRETS), target).manifests
    [secret] = [each for each in manifests if each.id.kind == "Secret"]
    assert secret.references == {".dockerconfigjson": "secret/9"}
    assert {key: value for key, value in secret.body.items() if key != "metadata"} == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "immutable": True,
    }
    assert secret.id.name == "hello-registry-pull-v3"


def test_the_pod_is_pulled_with_it(rendered, web):
    pod = rendered(web, REGISTRY, secrets=SECRETS)["Deployment"]["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "hello-registry-pull-v3"}]


def test_the_same_secret_may_be_variables_too(make_app, target, web):
    both = make_app(web, REGISTRY, {"secret": {"name": "registry", "keys": ["OTHER"]}}, secrets=SECRETS)
    assert sum(each.id.kind == "Secret" for each in render(both, target).manifests) == 2


@pytest.mark.parametrize(
    ("params", "code", "path"),
    [
        ({"name": "mail"}, "secret_missing", "name"),
        ({"name": "registry", "key": "NOWHERE"}, "secret_key_missing", "key"),
    ],
)
def test_what_the_release_did_not_pin_is_refused(contribute, params, code, path):
    with pytest.raises(RenderError) as refused:
        contribute("pull_secret", params, secrets=SECRETS)
    assert (refused.value.code, refused.value.path) == (code, path)
