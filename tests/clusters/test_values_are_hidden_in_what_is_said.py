"""Whatever form a value takes in a line of a log or in a refusal, it is not shown; the rest stays as it was."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from clusters.reconcile.hiding import LAST_APPLIED, hidden, values_in

PEM = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\n}\n-----END KEY-----\n"


def encoded(*values):
    return [base64.b64encode(value.encode()).decode() for value in values]


@pytest.mark.parametrize("value", ["plain", 'quo"ted', "a b&c/d", "back\\slash", "naïve"])
def test_each_form_of_a_value(value):
    forms = (value, *encoded(value), json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value))
    for form in forms:
        assert hidden(f"before {form} after", encoded(value)) == "before [hidden] after"


def test_the_end_of_line_that_a_file_adds_is_no_part_of_it():
    assert hidden("password=hunter2", encoded("hunter2\n")) == "password=[hidden]"


def test_a_value_of_several_lines_is_hidden_line_by_line():
    assert hidden(f"said:\n{PEM}", encoded(PEM)) == "said:\n[hidden]\n"
    assert hidden("MIIBVgIBADANBgkq\n}", encoded(PEM)) == "[hidden]\n}"


def test_a_value_within_another_leaves_nothing_of_it():
    assert hidden("secret-and-more secret", encoded("secret", "secret-and-more")) == "[hidden] [hidden]"


@pytest.mark.parametrize("length", [4, 20, 99])
def test_a_value_that_was_cut_off_at_the_end(length):
    value = "postgres://app:" + "x" * 100
    for form in (value, *encoded(value), quote(value, safe="")):
        assert hidden(f"Invalid value: {form[:length]}", encoded(value)) == "Invalid value: [hidden]"


def test_an_end_that_only_looks_like_a_beginning():
    assert hidden("abcd is not abce", encoded("abcdef")) == "abcd is not abce"
    assert hidden("so it is abc", encoded("abcdef")) == "so it is abc"


def test_no_value_hides_nothing():
    assert hidden("as it was", ["", *encoded("", "\n", "absent")]) == "as it was"


def secret(applied, **data):
    return {"kind": "Secret", "data": data, "metadata": {"annotations": {LAST_APPLIED: applied}}}


def test_the_values_of_a_live_secret_with_those_that_kubectl_keeps():
    now, before = encoded("of now", "of before")
    live = secret(json.dumps({"data": {"a": before}, "stringData": {"b": "in plain"}}), a=now)
    said = f"denied: {json.dumps(live)}"
    told = hidden(said, values_in(live))
    assert [each for each in (now, before, "in plain") if each in told] == []
    assert json.loads(told.partition(": ")[2])["data"] == {"a": "[hidden]"}


@pytest.mark.parametrize(
    "applied", ["{a value that was cut", '["a value in a list"]', '{"data": ["x"], "stringData": 1}']
)
def test_whatever_somebody_wrote_in_the_annotation(applied):
    live = secret(applied, a="no base64: x", b=None)
    assert "a value" not in hidden(json.dumps(live), values_in(live))


def test_another_object_has_none():
    assert values_in({"kind": "ConfigMap", "metadata": {}, "data": {"a": "b"}}) == []
    assert values_in(None) == []
