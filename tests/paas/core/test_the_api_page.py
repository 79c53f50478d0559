"""docs/api.md names nothing that is not there."""

import re
from pathlib import Path

import yaml

from paas.core.codes import codes

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "api.md").read_text()


def test_its_addresses_are_in_the_openapi_file():
    paths = set(yaml.safe_load((DOCS / "openapi.yaml").read_text())["paths"])
    named = set(re.findall(r"/api/v1/[-a-z0-9{}/]+", PAGE))
    assert named
    for address in named:
        assert [each for each in paths if each.startswith(address) or _fits(each, address)], address


def _fits(path, address):
    """{name} in a path stands for any one part."""
    pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
    return re.fullmatch(pattern, address) is not None


def test_its_codes_are_documented():
    known = {each.code for each in codes()}
    named = {"if_match_required", "version_changed", "idempotency_key_reused", "field_unknown", "invalid"}
    assert named <= known
    assert all(f"`{each}`" in PAGE for each in named)
