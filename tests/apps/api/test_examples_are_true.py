"""The examples of the OpenAPI file: each request is accepted, each answer is what its schema says."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from apps.api import examples

OPENAPI = yaml.safe_load((Path(__file__).parents[3] / "docs" / "openapi.yaml").read_text())
METHODS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, operations in OPENAPI["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
}


def answers():
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                for title, example in media.get("examples", {}).items():
                    yield pytest.param(media["schema"], example["value"], id=f"{name}-{status}-{title}")


@pytest.mark.parametrize(("schema", "value"), list(answers()))
def test_an_answer_is_as_its_schema_says(schema, value):
    whole = {**schema, "components": OPENAPI["components"]}
    jsonschema.validate(value, whole, cls=jsonschema.Draft202012Validator)


def sent(name):
    """The one request example of an operation, as the file shows it."""
    _, _, operation = OPERATIONS[name]
    [media] = operation["requestBody"]["content"].values()
    [example] = media["examples"].values()
    return example["value"]


def test_every_request_is_accepted(api, project, owner, east):
    client = api(owner)

    def send(operation, **places):
        method, path, _ = OPERATIONS[operation]
        answer = getattr(client, method)(path.format(**places), sent(operation))
        assert answer.status_code < 300, (operation, answer.json())
        return answer.json()

    send("projects_create")
    send("environments_create")
    first = send("applications_deploy", name="demo", application="hello")
    for greeting in ("hi", "hey", "hallo"):
        file = {
            **examples.APP_FILE,
            "blocks": [*examples.APP_FILE["blocks"][:2], {"config": {"values": {"G": greeting}}}],
        }
        client.put("/api/v1/projects/demo/applications/hello/", {"appFile": file})
    send("applications_rollback", id=first["id"])
    [environment] = [each for each in first["environments"] if each["name"] == "production"]
    send("environments_secrets_set", id=environment["id"], name="database")
    send("render")
    send("applications_retire", id=first["id"])


def test_the_main_operations_have_examples():
    with_examples = {
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if any("examples" in media for media in operation.get("requestBody", {}).get("content", {}).values())
    }
    assert with_examples >= {"applications_deploy", "applications_rollback", "environments_secrets_set", "render"}
