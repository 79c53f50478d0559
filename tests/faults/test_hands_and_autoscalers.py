"""Hand edits and deletes come back; what an autoscaler owns is left to it."""

from tests.control_plane import CLUSTERS, eventually


def deployment(trial, cluster):
    namespace = trial.application.namespace()
    return trial.running.objects(cluster, "deployments", "-n", namespace, "--show-managed-fields")[0]


def revision(trial, cluster):
    return deployment(trial, cluster)["metadata"]["annotations"]["deployment.kubernetes.io/revision"]


def test_hand_edits_and_deletes_come_back(trial):
    namespace, name = trial.application.namespace(), f"{trial.application.name}-web"
    trial.declare(greeting="by hand")
    trial.settled()
    for cluster in CLUSTERS:
        before = deployment(trial, cluster)
        image = before["spec"]["template"]["spec"]["containers"][0]["image"]
        trial.running.kubectl(cluster, "set", "image", f"deployment/{name}", "*=registry.invalid/x:1", "-n", namespace)
        eventually(
            lambda cluster=cluster: deployment(trial, cluster)["spec"]["template"]["spec"]["containers"][0]["image"],
            lambda found, image=image: found == image,
        )
        trial.running.kubectl(cluster, "delete", "service,deployment", "--all", "-n", namespace)
        eventually(
            lambda cluster=cluster: trial.running.objects(cluster, "services,deployments", "-n", namespace),
            lambda found: len(found) == 2,
        )
    trial.greets("by hand")
    trial.settled()
    trial.nothing_leaked()


def test_an_autoscaler_takes_over_and_is_not_fought(trial):
    trial.declare(greeting="Hello", replicas=3)
    trial.settled()
    before = {cluster: revision(trial, cluster) for cluster in CLUSTERS}
    document = trial.application.document(greeting="Hello", replicas=3)
    document["blocks"].append({"autoscale": {"process": "web", "min": 3, "max": 4, "cpu_percent": 90}})
    trial.application.deploy(document, watch=False)
    trial.accepted += 1
    namespace = trial.application.namespace()
    for cluster in CLUSTERS:
        eventually(
            lambda cluster=cluster: trial.running.objects(cluster, "hpa", "-n", namespace),
            lambda found: len(found) == 1,
        )
    trial.settled()
    for cluster in CLUSTERS:
        live = deployment(trial, cluster)
        # From three named by us to three kept by the autoscaler: never down to the default of one.
        assert live["spec"]["replicas"] == 3
        fields = live["metadata"]["managedFields"]
        owners = {each["manager"] for each in fields if "f:replicas" in each["fieldsV1"].get("f:spec", {})}
        assert "dougong" not in owners
        assert revision(trial, cluster) == before[cluster]
    trial.recorded_once()
