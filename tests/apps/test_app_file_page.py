import re
from pathlib import Path

import pytest

import apps
from apps.appfile import parse, spec_for
from apps.reference import renewed
from apps.render import render

PAGE = Path(apps.__file__).parents[1] / "docs" / "app-file.md"


@pytest.fixture
def page():
    return PAGE.read_text(encoding="utf-8")


def test_the_reference_says_what_the_blocks_say(page):
    assert page == renewed(page), "run: python -m apps.reference docs/app-file.md"


def test_the_example_is_ten_lines_and_renders(page, target):
    [example] = re.findall(r"example: begin -->\s*```yaml\n(.*?)```", page, re.DOTALL)
    assert len(example.splitlines()) == 10
    spec = spec_for(parse(example), "production", team="crew", namespace="demo-hello", release="r1")
    assert [each.id.kind for each in render(spec, target).manifests] == [
        "ConfigMap",
        "Service",
        "PodDisruptionBudget",
        "Deployment",
        "HTTPRoute",
    ]


def test_a_page_without_the_markers_is_refused():
    with pytest.raises(ValueError, match="blocks: begin"):
        renewed("# A page")
