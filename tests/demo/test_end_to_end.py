"""The whole line: declared by the command, delivered to two clusters, answered through gateways, and taken away."""

import pytest

from tests.control_plane import CLUSTERS, eventually


@pytest.fixture
def application(control_plane):
    return control_plane.application()


def greets(application, cluster, greeting):
    return eventually(lambda: application.answer(cluster), lambda said: said.get("greeting") == greeting)


def test_declare_change_return_and_retire(application, control_plane):
    application.deploy(greeting="Hello")
    for cluster in CLUSTERS:
        said = greets(application, cluster, "Hello")
        assert said["cluster"] == cluster
        assert said["application"] == application.name
        assert said["environment"] == "production"

    application.deploy(greeting="Good evening")
    for cluster in CLUSTERS:
        greets(application, cluster, "Good evening")

    control_plane.cli("rollback", application.reference, "--watch")
    for cluster in CLUSTERS:
        greets(application, cluster, "Hello")

    application.retire()
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: application.gone(cluster))
        assert application.answer(cluster) == {}


def test_processes_that_were_killed_are_back_and_deliver(application, control_plane):
    application.deploy(clusters=("west",))
    for name in ("worker-edit", "worker-rest", "watcher", "beat", "web"):
        control_plane.kill(name)
    eventually(lambda: all(control_plane.alive(name) for name in ("worker-edit", "worker-rest", "watcher", "beat")))
    eventually(control_plane.plane.ready)
    application.deploy(greeting="Still here", clusters=("west",))
    greets(application, "west", "Still here")
    assert application.namespace() in [
        each["metadata"]["name"]
        for each in control_plane.objects("west", "namespaces", "-l", "dougong.dev/environment")
    ]
    application.retire()
    eventually(lambda: application.gone("west"))
