"""What every building block keeps to; a new one is covered here the moment its file exists."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import json
import re
import sys
from types import MappingProxyType

import jsonschema
import pytest

from apps.blocks import blocks
from apps.contribution import ALL_PROCESSES
from apps.render import render
from apps.spec import SecretVersion

FIRST_PARTY = {
    "apps.contribution",
    "apps.naming",
    "apps.network",
    "apps.offered",
    "apps.secret_objects",
    "apps.scaling",
    "apps.spec",
    "apps.terms",
    "clusters.quantity",
    "clusters.target",
}
IMPURE = {
    "asyncio",
    "datetime",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
    "uuid",
}
LONGEST_FILE = 60
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

pytestmark = pytest.mark.parametrize("block", blocks().values(), ids=blocks().keys())


@pytest.fixture
def params(block):
    return block.load(block.example)


@pytest.fixture
def uses(block, web, http):
    """The block's example among the others it stands on."""
    others = [] if block.name == "process" else [web]
    if block.name == "scale_window":
        others.append({"autoscale": blocks()["autoscale"].example})
    return [{block.name: block.example}, *others, *([] if block.name == "port" else [http])]


@pytest.fixture
def app(make_app, block, uses):
    keys = [*block.example.get("keys", ()), *filter(None, [block.example.get("key")])]
    wanted = {key: f"reference-{key}" for key in keys}
    return make_app(*uses, secrets={block.example.get("name", "none"): SecretVersion("v1", wanted)})


@pytest.fixture
def contribution(app, target, block, params):
    return block.render(app, target, params)


def source(block):
    return inspect.getsource(importlib.import_module(block.render.__module__))


def test_has_a_summary_of_one_sentence(block):
    assert re.fullmatch(r"[A-Z].{10,110}\.", block.summary)


def test_fits_on_a_page(block):
    assert len(source(block).splitlines()) <= LONGEST_FILE


def test_imports_no_framework_and_nothing_impure(block):
    imported = set()
    for node in ast.walk(ast.parse(source(block))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    foreign = imported - FIRST_PARTY - (sys.stdlib_module_names - IMPURE) - {"collections.abc"}
    assert not foreign


def test_params_are_frozen_through_and_through(block, params):
    assert block.params.__dataclass_params__.frozen
    for each in dataclasses.fields(params):
        assert not isinstance(getattr(params, each.name), list | dict | set)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(params, dataclasses.fields(params)[0].name, None)


def test_every_parameter_is_described(block):
    for name, fragment in block.schema["properties"].items():
        assert fragment.get("description", "").endswith("."), name


def test_its_key_is_made_of_parameters(block):
    assert set(block.key) <= {each.name for each in dataclasses.fields(block.params)}


def test_its_example_fits_its_schema(block):
    jsonschema.Draft202012Validator.check_schema(block.schema)
    jsonschema.validate(block.example, block.schema)


def test_params_survive_json(block, params):
    assert block.load(json.loads(json.dumps(block.dump(params)))) == params


def test_contribution_is_immutable_and_json(contribution):
    for each in contribution.objects:
        assert isinstance(each.body, MappingProxyType)
    with pytest.raises(TypeError):
        contribution.processes["other"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        contribution.notes = ()


def test_is_deterministic(app, target, block, params, contribution):
    assert block.render(app, target, block.load(block.dump(params))) == contribution


def test_names_and_namespace_are_valid(contribution, app, target):
    for name in contribution.processes:
        assert name == ALL_PROCESSES or SUBDOMAIN.fullmatch(name)
    for each in render(app, target).manifests:
        assert each.id.namespace == app.namespace
        assert SUBDOMAIN.fullmatch(each.id.name)
        assert len(each.id.name) <= 63


def test_renders_beside_others_in_any_order(make_app, app, target, uses):
    first = [each.to_json() for each in render(app, target).manifests]
    assert first
    for order in itertools.permutations(uses):
        shuffled = make_app(*order, secrets=app.secrets)
        assert [each.to_json() for each in render(shuffled, target).manifests] == first
