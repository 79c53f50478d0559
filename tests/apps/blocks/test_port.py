from apps.contribution import Port


def test_gives_a_port_and_nothing_else(contribute):
    given = contribute("port", {"process": "web", "port": 8080})
    assert given.objects == ()
    assert given.processes["web"].ports == (Port(name="http", container=8080, service=80),)


def test_service_of_the_rendered_process(rendered, web, http):
    metrics = {"port": {"process": "web", "port": 9090, "name": "metrics", "service_port": 9090}}
    assert rendered(web, http, metrics)["Service"]["spec"] == {
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/component": "web"},
        "ports": [
            {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},
            {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
        ],
    }


def test_the_process_is_told_its_main_port(container, web, http):
    admin = {"port": {"process": "web", "port": 79, "name": "admin", "service_port": 79}}
    assert {"name": "PORT", "value": "8080"} in container(web, http, admin)["env"]
    assert {"name": "PORT", "value": "79"} in container(web, admin)["env"]
