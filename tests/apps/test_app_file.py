import copy
import re

import jsonschema
import pytest
import yaml

from apps.appfile import parse, schema, spec_for, validate
from apps.blocks import blocks
from apps.problems import ProblemsError
from apps.spec import BlockUse, SecretVersion
from apps.wording import in_words_of

HELLO = f"""
name: hello
project: demo
image: registry.example/hello@sha256:{"a" * 64}
environments:
  production: {{clusters: [east, west]}}
blocks:
  - process: {{name: web, replicas: 2, cpu: 50m, memory: 64Mi}}
  - port: {{process: web, port: 8080}}
  - config: {{values: {{GREETING: hello}}}}
  - route: {{process: web, host: hello.example}}
"""
WHERE = {"team": "crew", "namespace": "demo-hello-production-1", "release": "r1"}


@pytest.fixture
def document():
    return yaml.safe_load(HELLO)


@pytest.fixture
def refused():
    def said(value):
        with pytest.raises(ProblemsError) as error:
            validate(value)
        return [str(each) for each in error.value.problems]

    return said


def test_the_ten_line_file():
    file = parse(HELLO)
    assert (file.name, file.project) == ("hello", "demo")
    assert file.environments["production"].clusters == ("east", "west")


def test_becomes_the_spec_of_an_environment():
    pinned = {"database": SecretVersion("v1", {"URL": "secret/1"})}
    spec = spec_for(parse(HELLO), "production", secrets=pinned, **WHERE)
    assert (spec.team, spec.project, spec.application, spec.environment) == ("crew", "demo", "hello", "production")
    assert (spec.namespace, spec.release, spec.secrets) == ("demo-hello-production-1", "r1", pinned)
    assert spec.blocks == (
        BlockUse("config", {"values": {"GREETING": "hello"}, "process": None}),
        BlockUse("port", {"process": "web", "port": 8080, "name": "http", "service_port": 80, "internal": False}),
        BlockUse(
            "process",
            {
                "name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 2, "command": [], "args": [],
                "cpu_limit": None, "memory_limit": None, "probe_path": None, "probe_port": None,
                "grace_seconds": 30, "user": 10001, "stateful": False,
            },
        ),
        BlockUse("route", {"process": "web", "host": "hello.example", "path": "/", "port": 80}),
    )  # fmt: skip


def test_the_order_of_blocks_makes_no_other_spec(document):
    document["blocks"].reverse()
    assert spec_for(validate(document), "production", **WHERE) == spec_for(parse(HELLO), "production", **WHERE)


def test_an_environment_adds_blocks_and_replaces_those_with_the_same_key(document):
    document["environments"]["staging"] = {
        "selector": {"region": "eu"},
        "blocks": [
            {"process": {"name": "web", "cpu": "10m", "memory": "32Mi"}},
            {"process": {"name": "mail", "cpu": "10m", "memory": "32Mi"}},
            {"route": {"process": "web", "host": "hello.example", "path": "/staging"}},
        ],
    }
    file = validate(document)
    staging = spec_for(file, "staging", **WHERE).blocks
    assert [(use.params["name"], use.params["cpu"]) for use in staging if use.block == "process"] == [
        ("mail", "10m"),
        ("web", "10m"),
    ]
    assert [use.params["path"] for use in staging if use.block == "route"] == ["/", "/staging"]
    production = spec_for(file, "production", **WHERE)
    assert production == spec_for(parse(HELLO), "production", **WHERE)


def test_an_environment_that_is_not_there():
    with pytest.raises(ProblemsError, match=r'environments: expected one of production, got "prod"'):
        spec_for(parse(HELLO), "prod", **WHERE)


def test_a_port_that_is_no_number(document, refused):
    document["blocks"][1]["port"]["port"] = "http"
    assert refused(document) == ['blocks[1].port.port: expected an integer from 1 to 65535, got "http"']


def test_a_tag_is_refused_with_the_reason(document, refused):
    document["image"] = "registry.example/hello:v1"
    assert refused(document) == [
        "image: expected an image by digest (registry/name@sha256:<64 hex digits>): what a tag names can change after "
        'it was tested, got "registry.example/hello:v1"'
    ]


ALL_WRONG = {
    "name": "Hello",
    "project": "demo",
    "extra": 1,
    "environments": {
        "a": {},
        "b": {"clusters": ["east"], "selector": {"x": "y"}},
        "c": {"clusters": []},
        "d": {"clusters": ["east"], "blocks": [{"config": {"values": {"A": 1}}}]},
    },
    "blocks": [
        {"process": {"name": "web", "cpus": 2, "memory": 64}},
        {"prot": {}},
        {"port": None},
        {"a": 1, "b": 2},
        "x",
        {"config": {"values": {"NOT-A-NAME": "x"}}},
        {"route": {"process": "web", "host": "x" * 300}},
    ],
}


def test_all_problems_come_at_once(refused):
    assert refused(ALL_WRONG) == [
        "blocks[0].process.cpu: expected an amount of CPU, such as 250m or 1.5, got nothing",
        "blocks[0].process.cpus: expected one of args, command, cpu, cpu_limit, grace_seconds, memory, memory_limit, "
        "name, probe_path, probe_port, replicas, stateful, user (did you mean cpu?), got an unknown field",
        "blocks[0].process.memory: expected an amount of memory with its unit, such as 64Mi, got 64",
        f'blocks[1]: expected one of {", ".join(blocks())} (did you mean port?), got "prot"',
        "blocks[2].port: expected a mapping, got null",
        "blocks[3]: expected one key, the name of a building block, got 2 keys",
        'blocks[4]: expected a mapping, got "x"',
        "blocks[5].config.values.NOT-A-NAME: expected the name of an environment variable (letters, digits, _), "
        'got "NOT-A-NAME"',
        "blocks[6].route.host: expected at most 253 characters, got 300 characters",
        "environments.a: expected either clusters or selector, got neither",
        "environments.b: expected either clusters or selector, got both",
        "environments.c.clusters: expected at least 1 entries, got 0 entries",
        "environments.d.blocks[0].config.values.A: expected a text (numbers, true and false in quotes), got 1",
        "extra: expected one of blocks, environments, image, name, project, got an unknown field",
        "image: expected an image by digest (registry/name@sha256:<64 hex digits>): what a tag names can change after "
        "it was tested, got nothing",
        'name: expected a name of lower-case letters, digits and -, beginning with a letter, got "Hello"',
    ]


def test_problems_are_told_in_the_words_that_hold(refused):
    english = refused(ALL_WRONG)
    with in_words_of(lambda template: f"‹{template}›"):
        told = refused(ALL_WRONG)
    assert [each.replace("‹", "").replace("›", "") for each in told] == english
    for each in told:
        expected, got = re.fullmatch("‹.*: expected (.*), got (.*)›", each).groups()
        assert expected.startswith("‹")
        assert expected.endswith("›")
        assert got.startswith(("‹", '"')) or got in ("null", "1", "64")
    assert refused(ALL_WRONG) == english


@pytest.mark.parametrize("value", [None, [], "hello", 5])
def test_what_is_no_mapping_at_all(refused, value):
    [said] = refused(value)
    assert said.startswith("app file: expected a mapping, got ")


def test_the_same_block_twice(document, refused):
    document["blocks"] += [document["blocks"][1], {"config": {"values": {"A": "1"}}}]
    document["blocks"] += [{"route": {"process": "web", "host": "hello.example", "port": 81}}]
    assert refused(document) == [
        "blocks[4].port: expected one that differs from blocks[1] in process or name, got the same again",
        "blocks[5].config: expected one that differs from blocks[2] in process, got the same again",
        "blocks[6].route: expected one that differs from blocks[3] in host or path, got the same again",
    ]


def test_a_process_that_is_not_declared(document, refused):
    document["blocks"][1]["port"]["process"] = "wbe"
    document["environments"]["staging"] = {"clusters": ["east"], "blocks": [{"config": {"values": {}, "process": "x"}}]}
    assert refused(document) == [
        'blocks[1].port.process: expected a process of production, one of web (did you mean web?), got "wbe"',
        'environments.staging.blocks[0].config.process: expected a process of staging, one of web, got "x"',
    ]


BAD = [
    ("name", "a_b"), ("name", 5), ("name", "a" * 64), ("image", "hello"), ("image", f"hello@sha256:{'a' * 64}"),
    ("environments", {}), ("environments", {"A": {"clusters": ["east"]}}), ("environments", {"a": {}}),
    ("environments", {"a": {"clusters": ["east"], "selector": {"a": "b"}}}),
    ("environments", {"a": {"clusters": []}}), ("environments", {"a": {"selector": {"-": "b"}}}),
    ("environments", {"a": {"selector": {"a": "b c"}}}),
    ("environments", {"a": {"clusters": ["east"], "blocks": [{}]}}),
    ("environments", {"a": {"clusters": None, "selector": {"a": "b"}}}),
    ("blocks", None), ("blocks", {}), ("blocks", [[]]), ("blocks", [{"prot": {}}]), ("blocks", [{"port": {}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 0, "memory": "64Mi"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": "0.000", "memory": "64Mi"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": True, "memory": "64Mi"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1025, "memory": "64Mi"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1, "memory": "0Mi"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1, "memory": "64Mi", "user": 0}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1, "memory": "64Mi", "args": "x"}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1, "memory": "64Mi", "args": ["\0"]}}]),
    ("blocks", [{"process": {"name": "web", "cpu": 1, "memory": "64Mi", "probe_path": "readyz"}}]),
    ("blocks", [{"port": {"process": "web", "port": 0}}]),
    ("blocks", [{"port": {"process": "web", "port": 1, "name": "-"}}]),
    ("blocks", [{"config": {"values": {"A=": "x"}}}]), ("blocks", [{"config": {"values": {"A": 1}}}]),
    ("blocks", [{"route": {"process": "web", "host": "Shop.example"}}]),
    ("blocks", [{"route": {"process": "web", "host": "*.example"}}]),
    ("blocks", [{"route": {"process": "web", "host": "10.0.0.1"}}]),
    ("blocks", [{"route": {"process": "web", "host": "shop.example."}}]),
    ("blocks", [{"route": {"process": "web", "host": "shop.example", "path": "/a/"}}]),
    ("blocks", [{"route": {"process": "web", "host": "shop.example", "path": "/a/../b"}}]),
    ("blocks", [{"route": {"process": "web", "host": "shop.example", "path": "//a"}}]),
    ("blocks", [{"route": {"process": "web", "host": "shop.example", "path": "/%2e"}}]),
]  # fmt: skip
GOOD = [
    ("image", f"localhost:5000/a/b__c:v1@sha256:{'0' * 64}"), ("image", f"10.0.0.1:5000/hello@sha256:{'0' * 64}"),
    ("environments", {"a": {"selector": {"example.org/region": "", "x": "y"}, "blocks": []}}), ("blocks", []),
    ("blocks", [{"process": {"name": "web", "cpu": 0.5, "memory": "1G", "args": ["", "--x=y\n"], "cpu_limit": None}}]),
    ("blocks", [{"config": {"values": {"_a": "", "B": "多\n行"}}}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [*BAD, *GOOD], ids=lambda each: each if isinstance(each, str) and len(each) < 20 else None
)
def test_the_published_schema_and_the_parser_agree(document, field, value):
    document[field] = value
    as_schema = jsonschema.Draft202012Validator(schema()).is_valid(document)
    try:
        validate(document)
        as_parser = True
    except ProblemsError:
        as_parser = False
    assert as_schema == as_parser == ((field, value) in GOOD)


def test_the_published_schema_is_sound_and_has_a_branch_for_each_block():
    published = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    assert [branch["title"] for branch in published["$defs"]["Block"]["oneOf"]] == list(blocks())


def test_validating_leaves_the_document_alone(document):
    before = copy.deepcopy(document)
    validate(document)
    assert document == before
