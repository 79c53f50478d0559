"""Keycloak, an OpenID provider, with a folder of its own: where it comes from, and the command that runs it.

Under the lab's part of that name, and under the tests that need a real provider. Java and Maven must be there.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import cache, paths
from .commands import run

VERSION = "26.5.6"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
OLDEST_JAVA = 17
ADMIN = "admin"
# With its own database, in its folder.
BUILD = ("--db=dev-file",)
# It would take half of the machine otherwise, where it finds itself in a container.
HEAP = "-Xms64m -Xmx512m"


@dataclass(frozen=True)
class Keycloak:
    """One provider on loopback, without TLS. `password` is its administrator's."""

    folder: Path
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def issuer(self, realm: str) -> str:
        """What a realm calls itself."""
        return f"{self.url}/realms/{realm}"

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    def prepare(self, realms: Iterable[dict[str, Any]] = ()) -> None:
        """Lay out its folder; it takes these realms in at its start, unless it has them.

        Raises:
            LabError: it could not be downloaded.
        """
        if not self._home.exists():
            half = self.folder / "home.half"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(distribution(), half, symlinks=True)
            half.rename(self._home)
        for realm in realms:
            paths.write_json(self._home / "data" / "import" / f"{realm['realm']}.json", realm, 0o600)

    @property
    def command(self) -> list[str | Path]:
        """Runs it in the foreground, in `environment`: a shell, and Java as its child."""
        where = ["--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={self.port}", f"--hostname={self.url}"]
        # One process alone; otherwise it listens for others of its kind, on all addresses.
        return ["bash", self._home / "bin" / "kc.sh", "start", "--optimized", *where, "--cache=local", "--import-realm"]

    @property
    def environment(self) -> dict[str, str]:
        """What it is told besides."""
        return {
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": self.password,
            "JAVA_OPTS_KC_HEAP": HEAP,
        }


def distribution() -> Path:
    """What was downloaded once for this user, and built: otherwise it would build itself anew at each first start.

    Raises:
        LabError: Maven could not fetch it.
    """

    def fetch(half: Path) -> None:
        run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={half}"])
        [archive] = half.glob("*.zip")
        shutil.unpack_archive(archive, half)
        archive.unlink()
        run(["bash", half / f"keycloak-{VERSION}" / "bin" / "kc.sh", "build", *BUILD])

    return cache.once(_cached(), fetch) / f"keycloak-{VERSION}"


def missing() -> str:
    """What it lacks here, in words; "" where it can run."""
    if _java() < OLDEST_JAVA:
        return f"it needs Java {OLDEST_JAVA} or newer"
    if not _cached().exists() and shutil.which("mvn") is None:
        return "it is fetched by Maven, and there is no `mvn` on the PATH"
    return ""


def _cached() -> Path:
    return paths.cache_folder() / f"keycloak-{VERSION}-built"


def _java() -> int:
    """The release of the Java on the PATH, 0 without one."""
    if shutil.which("java") is None:
        return 0
    # It tells its version on standard error.
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
