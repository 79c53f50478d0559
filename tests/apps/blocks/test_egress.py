import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError
from apps.render import render

DATABASE = {"process": "web", "cidrs": ["192.0.2.0/24", "198.51.100.7/32"], "ports": [5432]}
OPEN_TO_ALL = [
    {
        "to": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    },
    {"to": [{"podSelector": {}}]},
]


def test_allows_dns_the_application_and_what_is_named(rendered, web):
    assert rendered(web, {"egress": DATABASE})["NetworkPolicy"]["spec"] == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/component": "web"}},
        "policyTypes": ["Egress"],
        "egress": [
            *OPEN_TO_ALL,
            {
                "to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}, {"ipBlock": {"cidr": "198.51.100.7/32"}}],
                "ports": [{"protocol": "TCP", "port": 5432}],
            },
        ],
    }


def test_without_addresses_nothing_outside_is_reached(rendered, web):
    assert rendered(web, {"egress": {"process": "web"}})["NetworkPolicy"]["spec"]["egress"] == OPEN_TO_ALL


def test_ports_of_no_address_are_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("egress", {"process": "web", "ports": [443]})
    assert (refused.value.code, refused.value.path) == ("cidrs_missing", "ports")


def test_several_add_up(make_app, target, web):
    other = {"process": "web", "name": "mail", "cidrs": ["203.0.113.0/24"]}
    found = render(make_app(web, {"egress": DATABASE}, {"egress": other}), target).manifests
    assert sum(each.id.kind == "NetworkPolicy" for each in found) == 2


def test_the_process_is_not_restarted(rendered, web):
    assert rendered(web, {"egress": DATABASE})["Deployment"] == rendered(web)["Deployment"]


@pytest.mark.parametrize("cidr", ["192.0.2.1/24", "192.0.2.0", "192.0.2.0/33", "2001:DB8::/32", "x/8"])
def test_what_is_no_network_is_refused(contribute, cidr):
    with pytest.raises(ProblemsError):
        contribute("egress", {"process": "web", "cidrs": [cidr]})


def test_a_process_that_is_not_there_is_refused(make_app, target, web):
    with pytest.raises(RenderError) as refused:
        render(make_app(web, {"egress": {**DATABASE, "process": "worker"}}), target)
    assert refused.value.code == "unknown_process"
