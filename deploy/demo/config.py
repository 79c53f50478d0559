"""What a demo is told by the environment, and where it keeps what it must remember."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.lab import paths

LAB = "demo"
PORT = 8000
LAB_MODE, OWN_MODE = "lab", "own"


@dataclass(frozen=True)
class Config:
    """A demo.

    state        its folder: keys, logins, logs, the app file
    port         of console and API, on loopback
    kubeconfigs  of clusters of one's own; none: the lab's two
    image        of the sample application, by digest, where the clusters are one's own
    lab          its name, where the clusters are a lab's
    """

    state: Path
    port: int = PORT
    kubeconfigs: tuple[Path, ...] = ()
    image: str = ""
    lab: str = LAB

    @classmethod
    def of(cls, around: Mapping[str, str]) -> "Config":
        """From DOUGONG_DEMO_STATE, PORT, KUBECONFIGS (comma separated) and IMAGE.

        Raises:
            ValueError: PORT is no port.
        """
        given = [Path(part.strip()).expanduser().resolve() for part in _list(around.get("KUBECONFIGS", ""))]
        port = around.get("PORT") or str(PORT)
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"PORT={port} is no port")
        state = Path(around.get("DOUGONG_DEMO_STATE") or _default_state(around)).resolve()
        return cls(state, int(port), tuple(given), around.get("IMAGE", "").strip())

    @property
    def mode(self) -> str:
        return OWN_MODE if self.kubeconfigs else LAB_MODE

    @property
    def lock(self) -> Path:
        """Beside the state, which `down` removes."""
        return self.state.parent / f".{self.state.name}.lock"

    @property
    def environment(self) -> Path:
        return self.state / "environment"

    @property
    def logins(self) -> Path:
        return self.state / "logins.json"

    @property
    def app_file(self) -> Path:
        return self.state / "hello.yaml"

    @property
    def other_app_file(self) -> Path:
        return self.state / "stall.yaml"

    def remembered(self) -> dict[str, Any]:
        """{"mode", "port", "kubeconfigs", "lab", "parts"} of the demo that was begun here, {} where none was."""
        try:
            found: dict[str, Any] = json.loads((self.state / "demo.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def remember(self, parts: Iterable[str] = ()) -> None:
        """Write down what this demo stands on, before anything is started for it.

        The optional parts of the lab stay those of the first time: people belong to where they came from.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        known = {
            "mode": self.mode, "port": self.port, "kubeconfigs": [str(each) for each in self.kubeconfigs],
            "lab": self.lab, "parts": self.remembered().get("parts", list(parts)),
        }  # fmt: skip
        paths.write_json(self.state / "demo.json", known)

    def begun(self) -> "Config":
        """The same demo with what was remembered in place of what the environment says now."""
        known = self.remembered()
        if not known:
            return self
        kubeconfigs = tuple(Path(each) for each in known["kubeconfigs"])
        return Config(self.state, known["port"], kubeconfigs, self.image, known.get("lab", self.lab))


def _list(text: str) -> list[str]:
    return [part for part in text.split(",") if part.strip()]


def _default_state(around: Mapping[str, str]) -> Path:
    """Beside the labs for root; others have a folder for such things."""
    if os.geteuid() == 0:
        return paths.ROOT / "demo"
    return Path(around.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "dougong" / "demo"
