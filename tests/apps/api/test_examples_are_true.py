"""The examples of the OpenAPI file: each operation has its own, and each answer is what its schema says. That they were
really given so is seen in `test_query_counts`; the requests that somebody thought out are sent here.
"""

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


# Streams, a file that is sent while it is read, the form of the app file, and a cluster that takes time to go.
BARE = {"app_file_schema", "applications_status_stream", "audit_export", "clusters_destroy", "environments_logs"}


def answers():
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                for title, example in media.get("examples", {}).items():
                    yield pytest.param(media["schema"], example["value"], id=f"{name}-{status}-{title}")


@pytest.mark.parametrize(("schema", "value"), list(answers()))
def test_an_answer_is_as_its_schema_says(schema, value):
    jsonschema.Draft202012Validator({**schema, "components": OPENAPI["components"]}).validate(value)


def test_each_operation_shows_what_is_sent_and_answered():
    bare = {
        name
        for name, (_, _, operation) in OPERATIONS.items()
        for said in (operation.get("requestBody", {}), *_given(operation))
        if any("examples" not in media for media in said.get("content", {}).values())
    }
    assert bare == BARE


def _given(operation):
    """The response that shows an answer, or all where none does."""
    good = [said for status, said in operation["responses"].items() if status.startswith("2")]
    return [said for said in good if any("examples" in media for media in said.get("content", {}).values())] or good


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
