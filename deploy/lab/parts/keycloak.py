"""An OpenID provider, Keycloak, on loopback without TLS.

The realm that somebody has put into `realm.json` in its folder before its first start is in it from the beginning.
"""

import json
import secrets
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.lab import keycloak, paths
from deploy.lab.commands import until
from deploy.lab.keycloak import Keycloak

from . import Part

if TYPE_CHECKING:
    from deploy.lab.lab import Lab

REALM = "realm.json"
# A cold start of a large Java program, beside two clusters that start and perhaps beside tests.
START_SECONDS = 600.0


class Provider(Part):
    name = "keycloak"

    def prepare(self, lab: "Lab") -> None:
        keycloak.distribution()

    def up(self, lab: "Lab") -> None:
        folder = lab.paths.of(self.name)
        folder.chmod(0o700)
        realm = folder / REALM
        server = _server(lab, folder)
        server.prepare([json.loads(realm.read_text())] if realm.exists() else [])
        lab.processes.start("parts/keycloak", server.command, env=server.environment)
        until(lambda: self._answers(lab, server), "keycloak", START_SECONDS, every=0.5)

    def _answers(self, lab: "Lab", server: Keycloak) -> bool:
        lab.processes.must_run("parts/keycloak")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(server.issuer("master"), timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def down(self, lab: "Lab") -> None:
        super().down(lab)
        lab.processes.end_marked("parts/keycloak")

    def status(self, lab: "Lab") -> str:
        return self.env(lab)["KEYCLOAK"]

    def env(self, lab: "Lab") -> dict[str, str]:
        return {"KEYCLOAK": _server(lab, lab.paths.of(self.name)).url}


def _server(lab: "Lab", folder: Path) -> Keycloak:
    password = folder / "admin"
    if not password.exists():
        paths.write(password, secrets.token_urlsafe(24), 0o600)
    return Keycloak(folder, lab.plan.provider_port, password.read_text())


PART = Provider()
