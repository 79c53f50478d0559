"""An object of somebody else with the name that we want: untouched, named, and everything else is delivered."""

import json

from tests.control_plane import CLUSTERS, eventually

FOREIGN = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"labels": {"app.kubernetes.io/managed-by": "dougong"}},
    "spec": {"ports": [{"port": 9999}], "selector": {"their": "pods"}},
}


def conditions(application, cluster):
    environment = application.status()["environments"][0]
    works = next(each["works"] for each in environment["clusters"] if each["name"] == cluster)
    return {each["type"]: each for work in works for each in work["conditions"]}


def test_a_foreign_service_of_our_name(control_plane):
    application = control_plane.application()
    application.deploy(greeting="Hello")
    namespace = application.namespace()
    name = f"{application.name}-api"
    body = {**FOREIGN, "metadata": {**FOREIGN["metadata"], "name": name, "namespace": namespace}}
    control_plane.kubectl("east", "create", "-f", "-", stdin=json.dumps(body))
    theirs = control_plane.objects("east", "services", "-n", namespace, f"--field-selector=metadata.name={name}")[0]

    document = application.document(greeting="Hello")
    document["blocks"] += [
        {"process": {"name": "api", "cpu": "10m", "memory": "32Mi"}},
        {"port": {"process": "api", "port": 8080}},
    ]
    application.deploy(document, watch=False)
    found = eventually(lambda: conditions(application, "east"), lambda c: "NotOwned" in c)
    assert name in found["NotOwned"]["message"]
    west = eventually(lambda: control_plane.objects("west", "services", "-n", namespace), lambda all_: len(all_) == 2)
    assert {each["metadata"]["name"] for each in west} == {name, f"{application.name}-web"}
    now = control_plane.objects("east", "services", "-n", namespace, f"--field-selector=metadata.name={name}")[0]
    assert now == theirs

    application.retire()
    eventually(lambda: application.gone("west"))
    eventually(lambda: application.gone("east"))
    kept = control_plane.objects("east", "services", "-n", namespace)
    assert [each["metadata"]["uid"] for each in kept] == [theirs["metadata"]["uid"]]
    for cluster in CLUSTERS:
        assert control_plane.objects(cluster, "deployments", "-n", namespace) == []
    control_plane.kubectl("east", "delete", "namespace", namespace, "--wait=false")
