"""`dougong explain`: blocks, parameters, conditions, reasons and codes, without asking anybody."""

import pytest

from apps.blocks import blocks
from paas.cli import meanings


def test_lists_the_blocks(run):
    assert run("explain", "-o", "name").out.splitlines() == list(blocks())
    assert f"process: {blocks()['process'].summary}" in run("explain").out


@pytest.mark.parametrize("name", list(blocks()))
def test_every_block_and_parameter(run, name):
    got = run("explain", name)
    assert got.code == 0, got.err
    for parameter, part in blocks()[name].schema["properties"].items():
        assert part["description"] in got.out
        alone = run("explain", f"{name}.{parameter}")
        assert (alone.code, part["description"] in alone.out) == (0, True)


def test_a_parameter_says_what_it_takes(run):
    assert run("explain", "port.port").out.startswith("port.port (an integer from 1 to 65535, required): ")
    found = run("explain", "port.service_port", "-o", "json").json
    assert (found["block"], found["default"], found["required"]) == ("port", 80, False)


WORDS = ["CrashLoopBackOff", "AnotherCluster", "QuotaExceeded", "NotOwned", "RenderStale", "PlacementStale"]


@pytest.mark.parametrize("word", WORDS)
def test_reasons_and_conditions(run, word):
    got = run("explain", word)
    assert got.code == 0, got.err
    assert word in got.out
    assert "Next: " in got.out


@pytest.mark.parametrize(
    ("code", "status"),
    [("host_taken", "409 Conflict"), ("application_not_found", "404 Not Found"), ("version_changed", "412 ")],
)
def test_codes_those_made_of_a_name_too(run, code, status):
    got = run("explain", code)
    assert got.out.startswith(f"{code} ({status}")
    assert "Means: " in got.out


def test_every_row_of_both_pages_can_be_explained(run):
    for row in meanings._rows(meanings.CODES):
        assert meanings.meaning(row["code"].replace("…", "thing")).lines
    for row in meanings._rows(meanings.REASONS):
        assert meanings.meaning(row["reason"]).lines


def test_what_was_probably_meant(run):
    got = run("explain", "CrashLoopBackof")
    assert (got.code, "CrashLoopBackOff" in got.err) == (3, True)
    assert run("explain", "process.replica").code == 3


def test_a_refusal_without_a_remedy_leads_here(run, signed_in):
    signed_in.on("GET", "/api/v1/applications/", {"code": "host_taken", "detail": "Taken."}, status=409)
    assert "dougong explain host_taken" in run("apps").err
