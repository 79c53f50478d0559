"""Each class that a template names stands in a stylesheet: the theme's has only those that the theme itself uses."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

STYLESHEETS = ("unfold/css/styles.css", "dougong/console.css")
CLASSES = re.compile(r'\bclass="([^"]*)"')
TAG = re.compile(r"{%.*?%}")
# With what stands beside it.
VARIABLE = re.compile(r"\S*{{.*?}}\S*")
# A script of the theme looks for it.
HOOKS = {"result-list"}


def test_every_class_has_a_style():
    styles = "".join(Path(finders.find(each)).read_text() for each in STYLESHEETS).replace("\\", "")
    templates = [each for folder in settings.TEMPLATES[0]["DIRS"] for each in Path(folder).rglob("*.html")]
    assert len(templates) > 100
    missing = {}
    for template in templates:
        for said in CLASSES.findall(TAG.sub(" ", template.read_text())):
            for name in {*VARIABLE.sub(" ", said).split()} - HOOKS:
                if not re.search(rf"\.{re.escape(name)}(?![\w-])", styles):
                    missing.setdefault(name, set()).add(template.name)
    assert missing == {}
