"""The account that opens terminals: how far it gets on a real cluster, and for whom it speaks."""

import asyncio
from dataclasses import replace
from urllib.parse import unquote

import pytest

from clusters import terminal
from clusters.faults import ClusterFault
from tests.soak.audit_log import AuditLog

SOMEBODY_ELSE = [
    {"Impersonate-User": "system:serviceaccount:{}:app"},
    {"Impersonate-User": "system:serviceaccount:kube-system:default"},
    {"Impersonate-User": "kubernetes-admin"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Group": "system:masters"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Extra-scopes": "all"},
    {"Impersonate-User": "system:serviceaccount:{}:dougong-team", "Impersonate-Uid": "1"},
    {},
]


def test_a_cluster_that_has_not_granted_it(site, execute, monkeypatch):
    monkeypatch.setattr(terminal, "ACCOUNT", "dougong-absent")
    done = execute("--", "true")
    assert done.returncode == 255
    assert "has not granted terminals" in done.stderr


def test_the_account_gets_nowhere_else(site, minter):
    """Its token opens no terminal outside the namespaces of environments, and does nothing else."""

    async def ask(namespace):
        endpoint = await terminal.identity(minter, "olga", namespace, seconds=600)
        place = terminal.Place(namespace, "absent", "web")
        async with terminal.opened(endpoint, place, ["true"], tty=False):
            pass

    with pytest.raises(terminal.ContainerGone):
        asyncio.run(ask(site.namespace))
    for other in ("default", "kube-system", "dougong-system"):
        with pytest.raises(terminal.NotGranted):
            asyncio.run(ask(other))

    async def pods(namespace):
        endpoint = await terminal.identity(minter, "olga", site.namespace, seconds=600)
        return await terminal.places(
            terminal.Access(minter.cluster_id, "east", "exec", 1, endpoint), namespace, "", label="x"
        )

    # The team's account may list them, for their logs, where it is at home.
    assert asyncio.run(pods(site.namespace)) == []
    with pytest.raises(ClusterFault, match="403"):
        asyncio.run(pods("kube-system"))


def test_the_clusters_own_audit_log_names_the_person(site, execute):
    log = AuditLog("east")
    assert execute("--", "true").returncode == 0
    found = [each for each in log.events() if each["objectRef"].get("subresource") == "exec"]
    [event] = [each for each in found if each["stage"] == "ResponseStarted"]
    assert event["user"]["username"] == "system:serviceaccount:dougong-system:dougong-exec"
    spoken_for = event["impersonatedUser"]
    assert spoken_for["username"] == f"system:serviceaccount:{site.namespace}:dougong-team"
    assert spoken_for["extra"] == {"dougong.dev/person": ["olga"]}
    assert event["objectRef"]["name"] == next(iter(site.pods()))


@pytest.mark.parametrize("name", ["olga@example.org", "ольга", "o\r\nImpersonate-Group: system:masters"])
def test_a_name_is_a_name_and_nothing_else(site, minter, name):
    endpoint = asyncio.run(terminal.identity(minter, name, site.namespace, seconds=600))
    headers = dict(endpoint.headers)
    assert set(headers) == {"Impersonate-User", "Impersonate-Extra-dougong.dev%2Fperson"}
    assert headers["Impersonate-Extra-dougong.dev%2Fperson"].isascii()
    assert unquote(headers["Impersonate-Extra-dougong.dev%2Fperson"]) == name
    assert headers["Impersonate-Extra-dougong.dev%2Fperson"].isprintable()


@pytest.mark.parametrize("headers", SOMEBODY_ELSE, ids=str)
def test_the_account_speaks_for_nobody_else(site, minter, headers):
    """It names no user, no group and no other account, and is nothing itself."""
    chosen = tuple((name, value.format(site.namespace)) for name, value in headers.items())

    async def ask():
        endpoint = await terminal.identity(minter, "olga", site.namespace, seconds=600)
        place = terminal.Place(site.namespace, "absent", "web")
        async with terminal.opened(replace(endpoint, headers=chosen), place, ["true"], tty=False):
            pass

    with pytest.raises(terminal.NotGranted):
        asyncio.run(ask())
