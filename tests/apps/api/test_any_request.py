"""Whatever a person sends to any operation of docs/openapi.yaml: no error of ours, and no answer that the file does not
describe. An owner of a team asks, with and without being an operator. The requests are the same each time.

Streams are left out: they last for minutes, and have tests of their own.
"""

import zlib
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from paas.identity import services as identity
from tests.proof.operations import OPERATIONS
from tests.proof.tenants import platform, settle

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS = ["applications_status_stream", "environments_logs"]
# A list that is watched lasts as long.
LEFT_OUT = {"fields", "watch"}
EXAMPLES = 3
FILE = Path(__file__).parents[3] / "docs" / "openapi.yaml"

OPENAPI = schemathesis.openapi.from_path(FILE).exclude(operation_id=STREAMS)
OPENAPI.app = get_wsgi_application()
# What is there, by the method and address of an operation: names in the address, and behind its `?`. The file's own
# examples are made before anything is.
PLACES, QUERIES = {}, {}


def _likely(value):
    """In two of three requests; the same each time."""
    return zlib.crc32(repr(value).encode()) % 3


def _lead(case):
    """Mostly the address leads to something: what is not there is soon refused. What is left out by `fields` is not
    there, required or not, and no schema can say so.
    """
    of = case.operation.method.lower(), case.operation.path
    case.query = {name: value for name, value in (case.query or {}).items() if name not in LEFT_OUT}
    if _likely((case.path_parameters, case.query)):
        case.path_parameters = {**(case.path_parameters or {}), **PLACES[of]}
        case.query |= QUERIES[of]


@pytest.fixture(autouse=True)
def _one_connection():
    """The test's own: between a server's requests Django closes what it was left."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def tokens(django_db_setup, django_db_blocker):
    """Of an owner, and of one who is an operator too, of a team that has used everything there is. What a test changes
    is taken back by the test, and this with the last of them.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        on = platform(lambda name: "a long password")
        team = settle(on, "a", mark=lambda name: name.replace(" ", "-"), plant=lambda name: name)
        for each in OPERATIONS:
            PLACES[each.method, each.path] = each.places(team)
            QUERIES[each.method, each.path] = each.query(team)
        second = identity.create_user(username="olga", password="a long password", actor=on.admin)
        identity.add_member(team=team.team, user=second, role="owner", actor=on.admin)
        identity.set_operator(user=second, operator=True, actor=on.admin)
        operator, _ = identity.create_token(user=second, name="mine", actor=second)
        yield {"owner": team.tokens["owner"], "operator": operator}
        transaction.set_rollback(True)


@pytest.mark.parametrize("who", ["owner", "operator"])
@OPENAPI.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_is_answered_as_the_file_says(case, who, tokens, db):
    _lead(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {tokens[who]}"}, checks=CHECKS)
