"""An administrator's own kubectl, run on their machine, with their plugins and credentials that never leave it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paas.cli.errors import CliError, MissingError, UsageError

SECONDS = 120


class KubectlError(CliError):
    """kubectl ended with an error; `said` is what it said."""

    def __init__(self, said: str) -> None:
        super().__init__(f"kubectl: {said}", code="kubectl_failed")
        self.said = said


def find(named: str | None) -> str:
    """The program to run. UsageError where there is none."""
    found = shutil.which(named or "kubectl")
    if found is None:
        raise UsageError(
            f"There is no {named or 'kubectl'} to run.",
            code="kubectl_missing",
            remedy="Install it or name it with --kubectl.",
        )
    return found


@dataclass(frozen=True)
class Kubectl:
    """kubectl with one kubeconfig and context."""

    program: str
    kubeconfig: Path
    context: str | None = None

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What it prints.

        Raises:
            KubectlError: it ended with an error, or not at all within two minutes.
        """
        argv = [self.program, "--kubeconfig", str(self.kubeconfig)]
        argv += ["--context", self.context] if self.context else []
        try:
            done = subprocess.run(  # noqa: S603 - the program is the one the person has chosen
                [*argv, *arguments], input=stdin or "", capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise KubectlError(f"no end within {SECONDS} seconds") from None
        except OSError as error:
            raise UsageError(f"{self.program} cannot be run: {error.strerror}", code="kubectl_missing") from None
        if done.returncode:
            raise KubectlError(done.stderr.strip() or f"ended with {done.returncode}")
        return done.stdout

    def json(self, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
        """What it prints with `-o json`."""
        printed = self.run(*arguments, "-o", "json", stdin=stdin)
        try:
            found = json.loads(printed)
        except ValueError:
            raise KubectlError(f"its answer to `{' '.join(arguments[:2])}` is not JSON") from None
        return found if isinstance(found, dict) else {}

    def find(self, *arguments: str) -> dict[str, Any] | None:
        """The object, None where it is not there."""
        printed = self.run("get", *arguments, "--ignore-not-found", "-o", "json")
        return json.loads(printed) if printed.strip() else None


def existing_file(path: Path, what: str) -> Path:
    """The path, if a file is there. MissingError otherwise."""
    if not path.is_file():
        raise MissingError(f"There is no {what} {path}.", code="file_not_found")
    return path
