"""One demo: what it consists of, read from its folder. `up` and `down` act on it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from deploy.control_plane import environment
from deploy.control_plane.group import ROOT
from deploy.control_plane.plane import Cli, ControlPlane
from deploy.lab.errors import LabError

from . import members, people
from .config import LAB_MODE, Config
from .members import Member
from .source import version
from .stores import Stores


@dataclass
class Demo:
    """One demo. `gateways` (by cluster; "" for none that answers) and `notes` are filled as `up` goes on."""

    config: Config
    gateways: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def in_lab(self) -> bool:
        return self.config.mode == LAB_MODE

    @property
    def parts(self) -> list[str]:
        """The optional parts of the lab that it was begun with."""
        found: list[str] = self.config.remembered().get("parts", [])
        return found

    @cached_property
    def stores(self) -> Stores:
        return Stores(self.config.state / "stores")

    @cached_property
    def members(self) -> list[Member]:
        """Its clusters; those of the lab once it is up."""
        return members.members(self.config)

    @property
    def plane(self) -> ControlPlane:
        """As the environment file says."""
        return ControlPlane(self.config.state, environment.read(self.config.environment), version())

    @property
    def admin(self) -> Cli:
        return self.plane.cli(people.ADMIN)

    @property
    def owner(self) -> Cli:
        return self.plane.cli(people.OWNER)

    @property
    def passwords(self) -> dict[str, str]:
        """Name → password of everybody; {} before they are made."""
        try:
            found: dict[str, str] = json.loads(self.config.logins.read_text())
        except FileNotFoundError:
            return {}
        return found

    def cluster(self, name: str) -> dict[str, Any]:
        """A cluster as the API tells it; {} while it is not registered."""
        return self.admin.get(f"/clusters/{name}/")

    def lab(self, verb: str, *names: str) -> None:
        """A verb of the lab's own command; what it prints is seen."""
        words = ["-m", "deploy.lab", "--lab", self.config.lab, verb, *names]
        if subprocess.run([sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
            raise LabError(f"`python {' '.join(words)}` has failed; it says above why")
