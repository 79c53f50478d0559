"""A real Keycloak on a port of this machine, with a folder of its own, and a realm of one person in one group."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from deploy.lab import keycloak

CLIENT, OTHER, SECRET = "dougong", "another-program", "the secret of a client"
PASSWORD = "wei likes noodles"
GROUPS = {
    "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
    "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"},
}  # fmt: skip


def realm(name: str, console: str) -> dict[str, object]:
    """With the console at that address as a client, and another program beside it."""
    back = f"{console}/console/login/by/corp"
    wei = {
        "username": "wei", "enabled": True, "email": "wei@example.test", "emailVerified": True, "firstName": "Wei",
        "lastName": "Li", "groups": ["/shop-dev"], "credentials": [{"type": "password", "value": PASSWORD}],
    }  # fmt: skip
    return {
        "realm": name, "enabled": True, "sslRequired": "none", "groups": [{"name": "shop-dev"}, {"name": "choir"}],
        "users": [wei], "clients": [_client(CLIENT, back), _client(OTHER, back)],
    }  # fmt: skip


def _client(name: str, back: str) -> dict[str, object]:
    return {
        "clientId": name, "secret": SECRET, "protocol": "openid-connect", "publicClient": False,
        "standardFlowEnabled": True, "redirectUris": [f"{back}/back/"], "protocolMappers": [GROUPS],
        "attributes": {
            "pkce.code.challenge.method": "S256", "backchannel.logout.url": f"{back}/signed-out/",
            "backchannel.logout.session.required": "true",
        },
    }  # fmt: skip


class Keycloak:
    """`start` waits until it answers; state and log are in `folder`."""

    def __init__(self, folder: Path) -> None:
        lacks = keycloak.missing()
        assert not lacks, f"These tests need Keycloak, and {lacks}: run `make keycloak`."
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.server = keycloak.Keycloak(folder, port, "an administrator's password")
        self.issuer = self.server.issuer
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.server.prepare()
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                self.server.command, env={**os.environ, **self.server.environment}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 500
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            try:
                if httpx.get(self.issuer("master"), timeout=5).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)

    def ask(self, method: str, path: str, body=None):
        """The administrator's API, below /admin/realms."""
        form = {
            "grant_type": "password", "client_id": "admin-cli", "username": keycloak.ADMIN,
            "password": self.server.password,
        }  # fmt: skip
        said = httpx.post(f"{self.issuer('master')}/protocol/openid-connect/token", data=form, timeout=60)
        answer = httpx.request(
            method,
            f"{self.server.url}/admin/realms{path}",
            headers={"Authorization": f"Bearer {said.json()['access_token']}"},
            json=body,
            timeout=60,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def person(self, realm: str) -> dict[str, object]:
        """Wei, as the realm has them."""
        [found] = self.ask("GET", f"/{realm}/users?username=wei&exact=true")
        return found
