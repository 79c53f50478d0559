import re
from pathlib import Path

import apps
from apps.appfile import parse, spec_for
from apps.render import render

PAGE = Path(apps.__file__).parents[1] / "docs" / "app-file.md"


def test_the_example_is_ten_lines_and_renders(target):
    [example] = re.findall(r"example: begin -->\s*```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(example.splitlines()) == 10
    spec = spec_for(parse(example), "production", team="crew", namespace="demo-hello", release="r1")
    assert [each.id.kind for each in render(spec, target).manifests] == [
        "ConfigMap",
        "Service",
        "PodDisruptionBudget",
        "Deployment",
        "HTTPRoute",
    ]
