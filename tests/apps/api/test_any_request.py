"""Whatever the owner of a team sends to any operation of docs/openapi.yaml: no error of ours, and no answer that the
file does not describe. The requests are the same each time.

Streams are left out: they last for minutes, and have tests of their own.
"""

import zlib
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps import services
from clusters.models import Work
from paas.identity import services as identity

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS = ["applications_status_stream", "environments_logs"]
EXAMPLES = 6
FILE = Path(__file__).parents[3] / "docs" / "openapi.yaml"

OPENAPI = schemathesis.openapi.from_path(FILE).exclude(operation_id=STREAMS)
OPENAPI.app = get_wsgi_application()
# What is there, by the first part of an address and the name of a parameter.
THERE = {}


@OPENAPI.hook
def map_path_parameters(context, path_parameters):
    """In two of three requests the address leads to something: what is not there is soon refused."""
    if path_parameters and zlib.crc32(repr(path_parameters).encode()) % 3:
        kind = context.operation.path.split("/")[3]
        path_parameters.update({name: THERE[kind, name] for name in path_parameters if (kind, name) in THERE})
    return path_parameters


@OPENAPI.hook
def map_query(context, query):
    """What is left out by `fields` is not there, required or not: no schema can say so."""
    return {name: value for name, value in (query or {}).items() if name != "fields"}


@pytest.fixture(autouse=True)
def _one_connection():
    """The test's own: between a server's requests Django closes what it was left."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(deploy, owner, admin):
    """Of an owner who is an operator too, with one of everything there."""
    identity.set_operator(user=owner, operator=True, actor=admin)
    made = deploy()
    deploy(greeting="hi")
    environment = made.releases[0].environment
    services.set_secret(environment=environment, name="database", values={"KEY": "value"}, actor=owner)
    other, _ = identity.create_token(user=owner, name="other", actor=owner)
    THERE.clear()
    THERE.update(
        {
            ("applications", "id"): str(made.application.pk),
            ("environments", "id"): str(environment.pk),
            ("environments", "name"): "database",
            ("releases", "id"): str(made.releases[0].pk),
            ("works", "id"): str(Work.objects.first().pk),
            ("clusters", "id"): "east",
            ("projects", "name"): "demo",
            ("projects", "application"): "hello",
            ("teams", "name"): "crew",
            ("teams", "username"): "olga",
            ("tokens", "id"): other[:8],
        }
    )
    mine, _ = identity.create_token(user=owner, name="mine", actor=owner)
    return mine


@OPENAPI.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_is_answered_as_the_file_says(case, token):
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
