from dataclasses import replace

import pytest

from apps.render import render

ROUTE = {"route": {"process": "web", "host": "hello.example", "path": "/shop"}}


@pytest.fixture
def routed(make_app, web, http):
    return make_app(web, http, ROUTE)


def test_leads_from_the_gateway_to_the_service(rendered, web, http):
    assert rendered(web, http, ROUTE)["HTTPRoute"]["spec"] == {
        "parentRefs": [{"name": "public", "namespace": "dougong-gateway"}],
        "hostnames": ["hello.example"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}],
                "backendRefs": [{"name": "hello-web", "port": 80}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("change", "lack"), [({"gateway": None}, "has no gateway"), ({"served": frozenset()}, "does not serve HTTPRoute")]
)
def test_is_left_out_with_a_note_where_it_cannot_be(routed, target, change, lack):
    found = render(routed, replace(target, **change))
    assert "HTTPRoute" not in {each.id.kind for each in found.manifests}
    assert found.notes == (f"hello.example/shop is left out: cluster east {lack}",)


def test_each_host_and_path_is_an_object_of_its_own(contribute):
    names = {
        contribute("route", {"process": "web", "host": host, "path": path}).objects[0].body["metadata"]["name"]
        for host in ("a.example", "b.example")
        for path in ("/", "/api")
    }
    assert len(names) == 4
