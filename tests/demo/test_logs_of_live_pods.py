"""`dougong logs` against real pods on both clusters."""

from tests.control_plane import CLUSTERS, eventually


def test_what_the_pods_write_is_read_on_both_clusters(control_plane):
    application = control_plane.application()
    application.deploy(greeting="Hello")
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: application.answer(cluster), bool)
        pods = control_plane.objects(cluster, "pods", "-n", application.namespace())
        said = control_plane.cli("logs", application.reference, "--cluster", cluster)
        assert any(pod["metadata"]["name"] in said for pod in pods)
    application.retire()
