"""A whole control plane on this machine: database prepared, five processes up, the command signed in as somebody."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from deploy.lab.commands import until
from deploy.lab.errors import LabError

from . import environment
from .group import ROOT, Group

PYTHON = ROOT / ".venv" / "bin" / "python"
COMMAND = ROOT / ".venv" / "bin" / "dougong"
READY_SECONDS = 90.0
# Everything here is on this machine.
PAST_PROXIES = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# A desktop's keyring is no place for the token of something that is gone tomorrow.
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


@dataclass(frozen=True)
class Cli:
    """The real `dougong` command as one person, with a configuration folder of its own."""

    server: str
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """What to export to use the command as this person by hand."""
        return {"DOUGONG_CONFIG_DIR": str(self.folder)}

    def __call__(self, *words: str, stdin: str = "", timeout: float = 660) -> str:
        """What it printed. LabError with what it said, if it was refused."""
        done = self.run(*words, stdin=stdin, timeout=timeout)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip())[-3000:]
            raise LabError(f"dougong {' '.join(words)}\n  ended with {done.returncode}: {said}")
        return done.stdout

    def run(self, *words: str, stdin: str = "", timeout: float = 660) -> "subprocess.CompletedProcess[str]":
        """The same, whatever the exit code."""
        return subprocess.run(
            [COMMAND, *words], input=stdin, capture_output=True, text=True, check=False, timeout=timeout,
            env=self._environment,
        )  # fmt: skip

    def shown(self, *words: str) -> None:
        """Run it for whoever looks on; LabError if it was refused."""
        done = subprocess.run([COMMAND, *words], stdin=subprocess.DEVNULL, check=False, env=self._environment)
        if done.returncode:
            raise LabError(f"dougong {' '.join(words)}\n  ended with {done.returncode}; it says above why")

    @property
    def _environment(self) -> dict[str, str]:
        around = environment.without_settings(os.environ)
        return {**around, **NO_KEYRING, **self.env, "NO_PROXY": "localhost,127.0.0.1"}

    def log_in(self, username: str, password: str) -> None:
        """Sign in, unless signed in already."""
        if not self.get("/me"):
            self("login", "--server", self.server, "--username", username, "--password-stdin", stdin=f"{password}\n")

    def get(self, path: str) -> dict[str, Any]:
        """An object of the API as the same person, at a path under /api/v1; {} where there is none to be had."""
        try:
            [token] = json.loads((self.folder / "tokens.json").read_text()).values()
        except (FileNotFoundError, ValueError):
            return {}
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        asked = urllib.request.Request(f"{self.server}/api/v1{path}", headers=headers)
        try:
            with PAST_PROXIES.open(asked, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return {}
        return found


@dataclass(frozen=True)
class ControlPlane:
    """State in one folder, settings in one mapping; `version` as in `Group`."""

    state: Path
    env: Mapping[str, str] = field(repr=False)
    version: str = ""

    @property
    def server(self) -> str:
        return f"http://localhost:{self.env['PORT']}"

    @property
    def group(self) -> Group:
        return Group(self.state / "control-plane", ROOT / "Procfile", self._settings, self.version)

    @property
    def _settings(self) -> dict[str, str]:
        return {**self.env, "DJANGO_SETTINGS_MODULE": "paas.settings"}

    def python(self, *words: str) -> str:
        """A Python program of the project's, with the control plane's settings; what it printed."""
        done = subprocess.run(
            [PYTHON, *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise LabError(f"{' '.join(words)}\n  ended with {done.returncode}: {done.stderr.strip()[-3000:]}")
        return done.stdout

    def become(self, program: Path, *words: str) -> NoReturn:
        """Another program in place of this one, in the project's folder and with the control plane's settings."""
        os.chdir(ROOT)
        os.execve(program, [str(program), *words], self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        return {**environment.without_settings(os.environ), **self._settings}

    def migrate(self) -> None:
        """Bring the database to this version's form."""
        self.python("manage.py", "migrate", "--no-input", "--verbosity", "0")

    def start(self) -> bool:
        """Start the processes unless they run as they should, and return when the API answers."""
        started = self.group.start()
        until(self.ready, f"{self.server}/readyz", READY_SECONDS, every=0.2)
        return started

    def stop(self) -> None:
        """End the processes."""
        self.group.stop()

    def ready(self) -> bool:
        """Whether the API answers and has its database."""
        try:
            with PAST_PROXIES.open(f"http://127.0.0.1:{self.env['PORT']}/readyz", timeout=5) as answer:
                return bool(json.load(answer)["status"] != "unavailable")
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def cli(self, person: str) -> Cli:
        """The command as a person; `log_in` it first."""
        return Cli(self.server, self.state / "cli" / person)
