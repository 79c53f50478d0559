from apps.contribution import ALL_PROCESSES, EnvFrom

GREETING = {"config": {"values": {"GREETING": "hello"}}}


def test_makes_an_immutable_map_for_every_process(contribute):
    given = contribute("config", {"values": {"B": "2", "A": "1"}})
    [made] = given.objects
    name = made.body["metadata"]["name"]
    assert made.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "immutable": True,
        "data": {"A": "1", "B": "2"},
    }
    assert given.processes[ALL_PROCESSES].env_from == (EnvFrom("configMapRef", name, ("A", "B")),)


def test_a_change_of_a_value_restarts_and_going_back_restores(rendered, web):
    before, after = rendered(web, GREETING), rendered(web, {"config": {"values": {"GREETING": "hi"}}})
    assert before["ConfigMap"]["metadata"]["name"] != after["ConfigMap"]["metadata"]["name"]
    assert before["Deployment"]["spec"]["template"] != after["Deployment"]["spec"]["template"]
    assert rendered(web, GREETING) == before


def test_one_process_has_its_own_map(contribute):
    own, common = (contribute("config", {"values": {"A": "1"}, "process": each}) for each in ("web", None))
    assert list(own.processes) == ["web"]
    assert own.objects[0].body["metadata"]["name"].startswith("hello-web-config-")
    assert common.objects[0].body["metadata"]["name"].startswith("hello-config-")


def test_the_order_of_the_values_does_not_matter(contribute):
    there, back = ({"values": dict(order)} for order in ([("A", "1"), ("B", "2")], [("B", "2"), ("A", "1")]))
    assert contribute("config", there) == contribute("config", back)
