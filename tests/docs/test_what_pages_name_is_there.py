"""What a page names is there: commands with their options, targets of make, commands of manage.py, settings, files."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml
from django.core.management import get_commands

from paas.cli.main import app
from paas.configuration import Settings
from tests.docs.transcript import FENCE

ROOT = Path(__file__).resolve().parents[2]
# What they say is made of the code, and compared with it elsewhere.
MADE = {"cli.md", "settings.md", "problems.md"}
PAGES = [
    each
    for each in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
    if each.name not in MADE
]
COMMAND = typer.main.get_command(app)
# Of the demo, of the tests and of the command itself, told where they are used.
VARIABLES = {
    "DOUGONG_CONFIG_DIR", "DOUGONG_SERVER", "DOUGONG_TOKEN", "DOUGONG_CONTEXT", "DOUGONG_DEMO_STATE",
    "DOUGONG_TEST_LAB", "DOUGONG_SOAK_SEED", "DOUGONG_SOAK_HISTORIES", "DOUGONG_SOAK_TENANTS",
    "DOUGONG_SOAK_KILLS", "DOUGONG_SOAK_REAL_HOUR",
    "DOUGONG_ADMIN_PASSWORD", "DOUGONG_TUTORIAL_SEEN",
}  # fmt: skip
# A web socket is no operation of the OpenAPI file.
SOCKETS = ["/api/v1/terminals/{id}/socket/"]
ADDRESSES = [*yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["paths"], *SOCKETS]
FILES = re.compile(
    r"`((?:apps|bench|clusters|deploy|docs|examples|paas|templates|tests)/[\w./-]+?\.(?:py|md|yaml|json))`"
)


def code(page):
    """What stands in code on the page: blocks line by line, spans as they are."""
    text = page.read_text()
    fenced = [line for _, block in FENCE.findall(text) for line in block.splitlines()]
    indented = re.findall(r"^    (.*)$", FENCE.sub("", text), re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return [each.removeprefix("$ ") for each in [*fenced, *indented, *spans]]


def said(page):
    """The words of each use of `dougong`, up to a pipe, a remark or the next command."""
    for line in code(page):
        found = re.search(r"(?:^|\| |\$\(|bin/)dougong ((?:[^|;&)<>]|<[A-Z])*)", line)
        if found and found[1].strip() != "…":
            text = re.split(r"\s{3,}|\s+→", found[1])[0]
            try:
                yield shlex.split(text)
            except ValueError:  # a remark with an apostrophe
                yield text.split()


def astray(words):
    """What of a use is not there: the command, or options of it."""
    command = COMMAND
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            return None
        if words[0] not in command.commands:
            return words[0]
        command, words = command.commands[words[0]], words[1:]
    words = words[: words.index("--")] if "--" in words else words
    known = {flag for each in command.params for flag in [*each.opts, *each.secondary_opts]} | {"--help"}
    unknown = [each for each in words if re.match(r"--?[a-z]", each) and each.partition("=")[0] not in known]
    return " ".join(unknown) or None


def by_name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("doc", PAGES, ids=by_name)
def test_commands_and_their_options(doc):
    assert [(words, wrong) for words in said(doc) if (wrong := astray(words))] == []


@pytest.mark.parametrize("doc", PAGES, ids=by_name)
def test_targets_of_make_and_commands_of_manage(doc):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {found[1] for line in code(doc) if (found := re.match(r"(?:\S+=\S+ )*make ([a-z-]+)", line))}
    managed = {found[1] for line in code(doc) if (found := re.search(r"manage\.py ([a-z_]+)", line))}
    assert asked - targets == set()
    assert managed - set(get_commands()) == set()


@pytest.mark.parametrize("doc", PAGES, ids=by_name)
def test_settings_and_files(doc):
    text = doc.read_text()
    known = {Settings.variable(name) for name in Settings.model_fields} | VARIABLES
    assert set(re.findall(r"DOUGONG_[A-Z_]*[A-Z]", text)) - known == set()
    assert [each for each in FILES.findall(text) if "NAME" not in each and not (ROOT / each).exists()] == []


@pytest.mark.parametrize("doc", PAGES, ids=by_name)
def test_addresses_of_the_api(doc):
    named = set(re.findall(r"/api/v1/[-a-z0-9_{}/]+", doc.read_text()))
    assert [each for each in named if not any(begins(each, address) for address in ADDRESSES)] == []


def begins(named, address):
    """Whether it is the address or its beginning; `{name}` of the address stands for any one part."""
    said, there = named.strip("/").split("/"), address.strip("/").split("/")
    fitting = (one == other or other.startswith("{") for one, other in zip(said, there, strict=False))
    return len(said) <= len(there) and all(fitting)


def test_commands_are_found():
    uses = {by_name(page): list(said(page)) for page in PAGES}
    found = uses["docs/config.md"][0]
    assert found[:5] == ["config", "set", "team/crew", "LOG_LEVEL=info", "SHOP_HOST=shop.example"]
    assert ["deploy", "-f", "app.yaml", "--watch"] in uses["README.md"]
    assert astray(["config", "sit", "team/crew"]) == "sit"
    assert astray(["deploy", "-f", "app.yaml", "--wach"]) == "--wach"
