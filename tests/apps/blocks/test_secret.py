import pytest

from apps.contribution import RenderError
from apps.spec import SecretVersion

DATABASE = {"secret": {"name": "database", "keys": ["DATABASE_URL"]}}


def test_makes_an_immutable_secret_of_references(rendered, web, make_app, target):
    from apps.render import render

    [secret] = [each for each in render(make_app(web, DATABASE), target).manifests if each.id.kind == "Secret"]
    assert secret.references == {"DATABASE_URL": "secret/1"}
    assert {key: value for key, value in secret.body.items() if key != "metadata"} == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": True,
    }
    assert secret.id.name == "hello-database-v7f3"


def test_the_process_reads_it_as_variables(container, web):
    assert container(web, DATABASE)["envFrom"] == [{"secretRef": {"name": "hello-database-v7f3"}}]


def test_all_keys_when_none_is_named(contribute):
    [made] = contribute("secret", {"name": "database"}).objects
    assert dict(made.references) == {"DATABASE_CA": "secret/2", "DATABASE_URL": "secret/1"}


def test_a_new_version_is_a_new_object(contribute):
    old = contribute("secret", {"name": "database"})
    new = contribute("secret", {"name": "database"}, secrets={"database": SecretVersion("v8", {"DATABASE_URL": "x"})})
    assert old.objects[0].body["metadata"]["name"] != new.objects[0].body["metadata"]["name"]


@pytest.mark.parametrize(
    ("params", "code", "path"),
    [
        ({"name": "mail"}, "secret_missing", "name"),
        ({"name": "database", "keys": ["NOWHERE"]}, "secret_key_missing", "keys"),
    ],
)
def test_what_the_release_did_not_pin_is_refused(contribute, params, code, path):
    with pytest.raises(RenderError) as refused:
        contribute("secret", params)
    assert (refused.value.code, refused.value.path) == (code, path)
