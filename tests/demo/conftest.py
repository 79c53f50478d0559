"""A folder for a demo, and Procfiles of tiny processes under the real supervisor."""

import pytest

from deploy.control_plane.group import Group
from deploy.demo.config import Config


@pytest.fixture
def config(tmp_path):
    """A demo of the lab, on a port that nobody has."""
    return Config(tmp_path / "demo", port=18_099)


@pytest.fixture
def group(tmp_path):
    """group(web="sleep 60", env={...}) → a Group of these processes; it is ended afterwards."""
    made = []

    def make(env=None, version="", **commands):
        file = tmp_path / "Procfile"
        file.write_text("".join(f"{name.replace('_', '-')}: {command}\n" for name, command in commands.items()))
        made.append(Group(tmp_path / "group", file, env or {}, version))
        return made[-1]

    yield make
    for each in made:
        each.stop()
