"""Layers of configuration as values: which one wins, what expressions come to, and everything that can be wrong."""

import pytest

from apps.config import LONGEST, Declaration, Entry, Layer, Source, resolve


def layer(kind, name="", declared=(), **values):
    entries = {key: Entry(value) for key, value in values.items()}
    for key, declaration in dict(declared).items():
        entries[key] = Entry(values.get(key), declaration)
    return Layer(kind, name, entries)


def value_of(**values):
    """What KEY comes to with the others beside it."""
    return resolve([layer("platform", **values)]).values["KEY"]


def faults_of(*layers):
    return [(each.code, each.key, each.path) for each in resolve(layers).faults]


def test_the_nearest_layer_wins_and_says_what_it_hides():
    found = resolve(
        [
            layer("platform", LEVEL="info", REGION="eu"),
            layer("cluster", "east", REGION="us"),
            layer("team", "crew", LEVEL="warning"),
            layer("environment", "demo/hello/production", LEVEL="debug"),
        ]
    )
    assert found.values == {"LEVEL": "debug", "REGION": "us"}
    level, region = found.keys
    assert level.source == Source("environment", "demo/hello/production", "debug")
    assert level.hides == (Source("team", "crew", "warning"), Source("platform", "", "info"))
    assert region.hides == (Source("platform", "", "eu"),)


def test_an_empty_text_is_a_value():
    assert resolve([layer("platform", A="1"), layer("team", "crew", A="")]).values == {"A": ""}


@pytest.mark.parametrize(
    ("written", "comes_to"),
    [
        ("https://${HOST}/", "https://example.org/"),
        ("${HOST}${HOST}", "example.orgexample.org"),
        ("$${HOST}", "${HOST}"),
        ("$$${HOST}", "$${HOST}"),
        ("$ $$ $HOST {HOST} }", "$ $$ $HOST {HOST} }"),
        ("$(HOST)", "$(HOST)"),
    ],
)
def test_expressions(written, comes_to):
    assert value_of(KEY=written, HOST="example.org") == comes_to


def test_what_is_put_in_is_not_read_again():
    assert value_of(KEY="${RAW}", RAW="$${HOST}", HOST="example.org") == "${HOST}"


def test_an_expression_is_about_the_effective_value_whichever_layer_sets_it():
    layers = [layer("platform", URL="https://${HOST}/"), layer("environment", "e", HOST="shop.example")]
    assert resolve(layers).values["URL"] == "https://shop.example/"


@pytest.mark.parametrize("written", ["${", "${}", "${1A}", "${A B}", "a ${HOST", "${HOST:-x}"])
def test_an_expression_that_is_none_is_a_fault(written):
    assert faults_of(layer("platform", KEY=written, HOST="h")) == [("config_expression_invalid", "KEY", ())]


def test_an_unknown_key_is_named_and_what_needs_it_has_no_value():
    found = resolve([layer("platform", URL="${HOST}", HOST="${DOMAIN}", OTHER="1")])
    assert [(each.code, each.path) for each in found.faults] == [("config_key_unknown", ("HOST", "DOMAIN"))]
    assert found.values == {"OTHER": "1"}


def test_a_circle_is_named_with_its_path():
    layers = [layer("platform", A="${B}", B="${C}", C="${A}", D="${A}", E="1")]
    found = resolve(layers)
    assert [(each.code, each.path) for each in found.faults] == [("config_cycle", ("A", "B", "C", "A"))]
    assert found.values == {"E": "1"}


def test_a_key_that_needs_itself_and_two_circles():
    assert faults_of(layer("platform", A="x${A}")) == [("config_cycle", "A", ("A", "A"))]
    paths = [each[2] for each in faults_of(layer("platform", A="${B}", B="${A}", X="${Y}", Y="${X}"))]
    assert paths == [("A", "B", "A"), ("X", "Y", "X")]


def test_a_nearer_layer_breaks_a_circle():
    assert resolve([layer("platform", A="${B}", B="${A}"), layer("team", "crew", B="1")]).values == {"A": "1", "B": "1"}


def test_a_chain_as_long_as_the_keys_allow():
    chain = {f"K{number}": f"${{K{number + 1}}}" for number in range(3000)}
    assert resolve([layer("platform", **chain, K3000="end")]).values["K0"] == "end"


def test_texts_that_double_and_double_are_stopped():
    doubling = {f"K{number:02}": f"${{K{number + 1:02}}}" * 2 for number in range(40)}
    found = resolve([layer("platform", **doubling, K40="0123456789")])
    assert {each.code for each in found.faults} == {"config_too_large"}
    assert max(len(value) for value in found.values.values()) <= LONGEST


def test_all_together_have_to_fit_into_one_object():
    found = resolve([layer("platform", **{f"K{number}": "x" * 100_000 for number in range(6)})])
    assert [each.code for each in found.faults] == ["config_too_large"]


GOOD = {
    "string": ["", "anything"],
    "integer": ["0", "-12", "007"],
    "number": ["1", "-0.5", "1e3"],
    "boolean": ["true", "false"],
    "url": ["https://example.org", "postgres://user@host:5432/name?x=1"],
    "choice": ["a", "b"],
}
BAD = {
    "integer": ["", "1.5", "ten", " 1", "1\n", "٣"],
    "number": ["", "1.", "nan", "inf", "1e999", "0x1", "1_0"],
    "boolean": ["True", "yes", "1", ""],
    "url": ["example.org", "https://", "/path", "https://a b/", "https://h:99999/", "http://[::1"],
    "choice": ["", "c", "A"],
}


def declared(kind, **more):
    return Declaration(type=kind, choices=("a", "b") if kind == "choice" else (), **more)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_a_value_of_its_type(kind, value):
    assert faults_of(layer("platform", declared={"KEY": declared(kind)}), layer("team", "crew", KEY=value)) == []


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_a_value_of_another_type(kind, value):
    found = faults_of(layer("platform", declared={"KEY": declared(kind)}), layer("team", "crew", KEY=value))
    assert found == [("config_value_wrong", "KEY", ())]


def test_the_type_is_asked_of_what_an_expression_comes_to():
    asked = layer("platform", declared={"PORT_URL": declared("url")}, PORT_URL="${SCHEME}://host", SCHEME="")
    assert faults_of(asked) == [("config_value_wrong", "PORT_URL", ())]


def test_every_declaration_on_the_way_holds():
    wide = layer("platform", declared={"SIZE": declared("number")})
    near = layer("application", "demo/hello", declared={"SIZE": declared("integer")}, SIZE="1.5")
    [fault] = resolve([wide, near]).faults
    assert (fault.code, "application demo/hello" in fault.remedy) == ("config_value_wrong", True)


def test_a_required_key_without_a_value():
    asked = layer("team", "crew", declared={"TOKEN_URL": declared("url", required=True)})
    [fault] = resolve([asked]).faults
    assert (fault.code, fault.key) == ("config_required", "TOKEN_URL")
    assert "team crew" in fault.message
    assert faults_of(asked, layer("environment", "e", TOKEN_URL="https://example.org")) == []


def test_survives_json():
    entry = Entry("a", declared("choice", required=True, protected=True, description="why"))
    assert Entry.from_json(entry.to_json()) == entry
    assert Entry.from_json(Entry("b").to_json()) == Entry("b")
    assert Entry().to_json() is None
