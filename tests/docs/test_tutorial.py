"""docs/tutorial.md, typed as it stands into one terminal: what it prints is what the page shows. So are the
first commands of README.md.

The control plane of the tests stands for the one of `make demo`; its addresses and its folder are put in place of the
demo's before a command is typed, and the other way round in what it prints.
"""

import os

import pytest
import yaml

from deploy.control_plane import environment
from deploy.control_plane.group import ROOT
from deploy.control_plane.plane import NO_KEYRING
from deploy.demo import appfile, image
from tests.control_plane import CLUSTERS, eventually
from tests.docs import reader
from tests.docs.terminal import Terminal
from tests.docs.transcript import blocks, commands

PAGE = (ROOT / "docs" / "tutorial.md").read_text()
README = (ROOT / "README.md").read_text()
COMMANDS = commands(PAGE)
# The control plane of the tests is there already, and stays.
BY_HAND = {"make demo", "make down"}
PROJECT = "shop"
HELLO = "-hello-production-"


@pytest.fixture
def places(control_plane):
    """What the page says of the demo → where it is here."""
    gateways = dict(
        zip(("http://198.18.0.13", "http://198.18.0.22"), map(control_plane.gateways.get, CLUSTERS), strict=True)
    )
    return {
        "http://localhost:8000": control_plane.plane.server,
        "/var/lib/dougong/demo": str(control_plane.plane.state),
    } | gateways


@pytest.fixture
def typed(terminal, places):
    """typed("dougong status hello") → (what it printed, its exit code), both as the page says them."""
    return reader.in_place(terminal.run, places)


@pytest.fixture
def terminal(control_plane, tmp_path):
    """In a folder with what of the checkout the page needs, and with the demo's app file where the demo has it."""
    sample = (image.SOURCE / "app.yaml").read_text()
    file = control_plane.plane.state / "hello.yaml"
    file.write_text(appfile.written(sample, image=control_plane.image, clusters=list(CLUSTERS), file=str(file)))
    for name in (".venv", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    around = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    env = {**environment.without_settings(around), **NO_KEYRING, "HOME": str(tmp_path), "NO_PROXY": "*"}
    made = Terminal(tmp_path, env)
    yield made
    made.close()


def test_the_page_shows_nothing_but_commands():
    assert {language for language, _, _ in blocks(PAGE)} == {"sh", "console"}
    assert {each.text for each in COMMANDS} >= BY_HAND


@pytest.mark.timeout(900)
def test_each_command_prints_what_the_page_shows(typed, control_plane):
    reader.read("docs/tutorial.md", [each for each in COMMANDS if each.text not in BY_HAND], typed)
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: namespaces(control_plane, cluster), lambda left: left == [])


def test_the_first_commands_of_the_readme(typed, control_plane):
    script = next(text for language, text, _ in blocks(README) if language == "sh")
    words = [line.partition("  #")[0].strip() for line in script.splitlines()]
    assert [words[0], words[-1]] == ["make demo", "make down"]
    hello = control_plane.application("hello")
    hello.deploy(yaml.safe_load((control_plane.plane.state / "hello.yaml").read_text()))
    for line in words[1:-1]:
        seen, code = typed(line)
        assert code == 0, f"$ {line}\n{seen}"
    releases = control_plane.api.get("/releases/", params={"application": "hello"}).json()["results"]
    assert [each["number"] for each in releases] == [3, 2, 1]
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: hello.answer(cluster).get("greeting"), lambda said: said == "Hello")
    hello.retire()
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: [each for each in ours(control_plane, cluster) if HELLO in each] == [])


def namespaces(control_plane, cluster):
    """What the cluster still has of the page's application."""
    return [name for name in ours(control_plane, cluster) if name.startswith(PROJECT)]


def ours(control_plane, cluster):
    """The namespaces of all environments."""
    found = control_plane.objects(cluster, "namespaces", "-l", "dougong.dev/environment")
    return [each["metadata"]["name"] for each in found]
