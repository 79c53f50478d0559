"""A real Keycloak on loopback, with one realm, for the tests that need one. Needs Java 17 and Maven."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from deploy.lab import cache
from deploy.lab.paths import cache_folder

VERSION = "26.5.6"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
ADMIN = "admin", "an administrator's password"
REALM, CLIENT, SECRET = "corp", "dougong", "the secret of a client"
PASSWORD = "wei likes noodles"


def distribution():
    """Downloaded once for this user."""

    def fetch(folder):
        copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
        subprocess.run(copy, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        [archive] = folder.glob("*.zip")
        shutil.unpack_archive(archive, folder)
        archive.unlink()

    return cache.once(cache_folder() / f"keycloak-{VERSION}", fetch) / f"keycloak-{VERSION}"


def realm(console):
    """One person in one group, and a client of ours at `console`."""
    back = f"{console}/console/login/by/corp"
    groups = {
        "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
        "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"},
    }  # fmt: skip
    client = {
        "clientId": CLIENT, "secret": SECRET, "protocol": "openid-connect", "publicClient": False,
        "standardFlowEnabled": True, "redirectUris": [f"{back}/back/"], "protocolMappers": [groups],
        "attributes": {
            "pkce.code.challenge.method": "S256", "backchannel.logout.url": f"{back}/signed-out/",
            "backchannel.logout.session.required": "true",
        },
    }  # fmt: skip
    wei = {
        "username": "wei", "enabled": True, "email": "wei@example.test", "emailVerified": True, "firstName": "Wei",
        "lastName": "Li", "groups": ["/shop-dev"], "credentials": [{"type": "password", "value": PASSWORD}],
    }  # fmt: skip
    return {
        "realm": REALM, "enabled": True, "sslRequired": "none", "groups": [{"name": "shop-dev"}],
        "users": [wei], "clients": [client],
    }  # fmt: skip


class Keycloak:
    """`start` waits until it answers; state and log are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.url}/realms/{REALM}"

    def start(self) -> None:
        home = self.folder / "home"
        shutil.copytree(distribution(), home, symlinks=True)
        name, password = ADMIN
        environment = {**os.environ, "KC_BOOTSTRAP_ADMIN_USERNAME": name, "KC_BOOTSTRAP_ADMIN_PASSWORD": password}
        command = [home / "bin" / "kc.sh", "start-dev", "--http-host=127.0.0.1", f"--http-port={self.port}"]
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*map(str, command), "--cache=local"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 300
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            try:
                if httpx.get(f"{self.url}/realms/master", timeout=5).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)

    def ask(self, method: str, path: str, body=None):
        """The administrator's API, below /admin/realms."""
        name, password = ADMIN
        form = {"grant_type": "password", "client_id": "admin-cli", "username": name, "password": password}
        token = httpx.post(f"{self.url}/realms/master/protocol/openid-connect/token", data=form).json()["access_token"]
        answer = httpx.request(
            method,
            f"{self.url}/admin/realms{path}",
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            timeout=60,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None
