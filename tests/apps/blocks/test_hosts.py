import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError

HOSTS = {"hosts": {"process": "web", "addresses": {"192.0.2.10": ["database.example", "database"], "192.0.2.9": ["x"]}}}


def test_the_pod_knows_the_names(rendered, web):
    assert rendered(web, HOSTS)["Deployment"]["spec"]["template"]["spec"]["hostAliases"] == [
        {"ip": "192.0.2.10", "hostnames": ["database.example", "database"]},
        {"ip": "192.0.2.9", "hostnames": ["x"]},
    ]


@pytest.mark.parametrize(
    "address", ["192.0.2.256", "192.0.2.01", "192.0.2", "2001:DB8::1", "::ffff:192.0.2.1", "a.example"]
)
def test_what_is_no_address_in_its_usual_spelling_is_refused(contribute, address):
    with pytest.raises(ProblemsError):
        contribute("hosts", {"addresses": {address: ["a"]}})


def test_an_address_of_the_sixth_version_is_taken(contribute):
    [alias] = contribute("hosts", {"addresses": {"2001:db8::1": ["a"]}}).processes["*"].host_aliases
    assert alias.ip == "2001:db8::1"


@pytest.mark.parametrize(
    ("addresses", "code"),
    [
        ({"192.0.2.1": ["a"], "192.0.2.2": ["a"]}, "host_twice"),
        ({"192.0.2.1": ["a", "a"]}, "host_twice"),
        ({"192.0.2.1": []}, "host_missing"),
    ],
)
def test_names_that_would_be_found_at_two_places_or_none(contribute, addresses, code):
    with pytest.raises(RenderError) as refused:
        contribute("hosts", {"addresses": addresses})
    assert (refused.value.code, refused.value.path) == (code, "addresses")


def test_an_address_given_by_two_blocks_is_refused(rendered, web):
    for_all = {"hosts": {"addresses": {"192.0.2.9": ["y"]}}}
    with pytest.raises(RenderError) as refused:
        rendered(web, HOSTS, for_all)
    assert refused.value.code == "host_aliases_conflict"


def test_a_name_given_by_two_blocks_is_refused(rendered, web):
    for_all = {"hosts": {"addresses": {"192.0.2.11": ["database"]}}}
    with pytest.raises(RenderError) as refused:
        rendered(web, HOSTS, for_all)
    assert refused.value.code == "host_aliases_conflict"
