import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from apps.document import read
from apps.problems import ProblemsError

BOMB = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [*{name}, *{name}]\n" for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "line 1: expected values written out, got an alias or anchor"),
        ("a: 1\nb:\n  <<: *a", "line 3: expected values written out, got an alias or anchor"),
        ("a: 1\nb: 2\na: 3", 'line 3: expected each key once, got "a" again'),
        ("x: {a: {b: 1, b: 2}}", 'line 1: expected each key once, got "b" again'),
        ("1: a", "line 1: expected a text as the key, got 1"),
        ("[a, b]: c", "line 1: expected a text as the key, got a list"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "line 1: expected plain values, got the tag tag:yaml.org,2002:python",
        ),
        ("a: !!binary aGVsbG8=", "line 1: expected plain values, got the tag tag:yaml.org,2002:binary"),
        ("a: 1\n---\nb: 2", "line 2: expected one document, got a second one"),
        ("[" * 40 + "]" * 40, "line 1: expected at most 32 levels, got a deeper one"),
        ('a: "\\0"', "line 1: expected printable text, got the character U+0000"),
        ("a: 'x\n", "line 2: expected well-formed YAML, got found unexpected end of stream"),
        ("a: [1, 2", "expected well-formed YAML, got did not find expected"),
        (b"a: \xff", "expected text in UTF-8, got byte 0xff at 3"),
        ("a: " + "x" * 300_000, "expected at most 256 KiB, got 300003 bytes"),
    ],
    ids=lambda each: None if not isinstance(each, str) or len(each) > 60 else each,
)
def test_what_has_no_place_in_an_app_file_is_refused(text, said):
    with pytest.raises(ProblemsError) as refused:
        read(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("true", True), ("False", "False"), ("null", None), ("", None),
        ("12", 12), ("-3", -3), ("012", "012"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("12:30", "12:30"),
        ("0.5", 0.5), ("1e3", "1e3"), (".inf", ".inf"), (".nan", ".nan"), ("2026-11-24", "2026-11-24"), ("=", "="),
        ("1" * 5000, "1" * 5000), ('"12"', "12"), ("{a: [1, {b: null}]}", {"a": [1, {"b": None}]}),
        ("<<: 1", {"<<": 1}), ("\ufeffa: 1", {"a": 1}),
    ],
    ids=lambda each: None if isinstance(each, str) and len(each) > 30 else repr(each),
)  # fmt: skip
def test_scalars_are_those_of_json(text, value):
    assert read(text) == value
    assert type(read(text)) is type(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc ", max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_a_yaml_writer_writes_is_read_back(value):
    assert read(yaml.safe_dump(value, allow_unicode=True, default_flow_style=False)) == value


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@ \n\t,?"), max_size=60))
def test_noise_is_read_or_refused(text):
    with suppress(ProblemsError):
        json.dumps(read(text), allow_nan=False)
