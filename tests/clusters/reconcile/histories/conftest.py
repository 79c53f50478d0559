"""The stage of the histories: both clusters of the lab behind proxies, a team, a project, and all that is printed."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from apps import services
from paas.identity import services as identity
from tests.clusters.administrator import NETWORKS
from tests.clusters.reconcile.histories.history import Stage
from tests.clusters.reconcile.histories.world import World, joined
from tests.fault_proxy import FaultProxy


@pytest.fixture
def printed(capsys, caplog):
    """printed() → what was printed and logged so far."""
    return lambda: "".join(capsys.readouterr()) + caplog.text


@pytest.fixture
def stage(join, granted, admins, printed):
    """Two clusters that a history may cut, and who declares what."""
    someone = identity.bootstrap_admin(username="admin", password="a long password")
    team = identity.create_team(name="crew", actor=someone)
    owner = identity.create_user(username="olga", password="olga likes dumplings", actor=someone)
    identity.add_member(team=team, user=owner, role="owner", actor=someone)
    project = services.create_project(team=team, name="demo", actor=owner)
    with ExitStack() as stack:
        places = []
        for name in ("east", "west"):
            server, ca, _ = granted[name]
            proxy = stack.enter_context(FaultProxy(server, ca))
            places.append(joined(join(name, server=proxy.server, ca=proxy.ca), proxy, admins[name], NETWORKS))
        world = World(places)
        stack.callback(world.close)
        made = Stage(world, project, owner, printed)
        stack.callback(made.tidy)
        yield made
