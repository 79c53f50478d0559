"""An application in whose pods terminals may be opened, on a real cluster, and `dougong exec` as its owner types it."""

import base64
import os
import subprocess
import sys
from importlib import resources

import pytest

from apps import services
from clusters.models import ClusterCredential
from clusters.sessions import access_for
from paas.identity import services as identity
from tests.apps.lab.site import ROOT, WEB, kubectl
from tests.apps.lab.terminals.window import PATIENCE, Window
from tests.asgi import serving


@pytest.fixture(scope="session")
def terminals_granted(granted):
    """East, as joined with --exec."""
    kubectl(
        "apply", "--server-side", "-f", "-", stdin=(resources.files("deploy.member.exec") / "50-exec.yaml").read_text()
    )


@pytest.fixture
def minter(terminals_granted, east):
    encoded = kubectl("get", "secret", "dougong-minter", "-n", "dougong-system", "-o", "jsonpath={.data.token}")
    ClusterCredential.objects.create(cluster=east, purpose="minter", token=base64.b64decode(encoded).decode())
    return access_for(east, ClusterCredential.Purpose.MINTER)


@pytest.fixture
def limits(settings):
    """limits(exec_minutes=…) sets what is set; terminals are on."""

    def go(**changes):
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"exec_enabled": True, **changes})

    go()
    return go


@pytest.fixture
def served(limits, valkey):
    """The control plane's address, served by ASGI from this process."""
    from paas.asgi import application

    with serving(application) as address:
        yield address


@pytest.fixture
def site(bring, minter, owner, image):
    """An application whose environment allows terminals."""
    found = bring({"process": {**WEB["process"], "command": ["sleep", "infinity"]}})
    services.allow_exec(environment=found.environment, allowed=True, actor=owner)
    return found


@pytest.fixture
def command(served, owner, tmp_path):
    """command("--", "id") → argv and environment of `dougong exec` as the owner."""
    token, _ = identity.create_token(user=owner, name="test", actor=owner)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOUGONG_")}
    server = {"DOUGONG_SERVER": served, "DOUGONG_TOKEN": str(token)}
    # The window's size is what the window says, not what some shell exported.
    environ = {**kept, **server, "HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}

    def make(*words):
        return [sys.executable, "-m", "paas.cli.main", "exec", "demo/hello", "production", *words], environ

    return make


@pytest.fixture
def execute(command):
    """execute("--", "id", stdin="…") → the ended command, in a pipe."""

    def go(*words, stdin=""):
        argv, environ = command(*words)
        return subprocess.run(
            argv, cwd=ROOT, env=environ, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    return go


@pytest.fixture
def window(command):
    """window(*words, columns=80, rows=24) → a Window."""

    def go(*words, columns=80, rows=24):
        return Window(*command(*words), columns, rows)

    return go
