from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.addresses import AddressRefused, AddressRule, check, check_host

EVERYTHING = ["0.0.0.0/0", "::/0"]


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "::ffff:1.1.1.1"]
)
def test_public_addresses_pass(address):
    check([address], [])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fd20:ce::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("192.0.0.192", "metadata"),
        ("168.63.129.16", "metadata"),
        ("169.254.0.1", "link_local"),
        ("fe80::1", "link_local"),
        ("fec0::1", "link_local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("255.255.255.255", "broadcast"),
        ("127.0.0.1", "loopback"),
        ("127.255.0.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:7f00:1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "metadata"),
        ("64:ff9b::169.254.169.254", "metadata"),
        ("64:ff9b:1::169.254.169.254", "metadata"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:a9fe:a9fe::1", "metadata"),
        ("2002:7f00:1::", "loopback"),
        ("2001:0:a9fe:a9fe::1", "metadata"),
        ("2001:0:101:101::5601:5601", "metadata"),
        ("2001:db8::5efe:a9fe:a9fe", "metadata"),
        ("2a00:1::200:5efe:7f00:1", "loopback"),
    ],
)
def test_some_addresses_are_refused_whatever_is_allowed(address, code):
    for allowed in ([], EVERYTHING):
        with pytest.raises(AddressRefused) as refused:
            check([address], allowed)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("172.16.0.1", "172.16.0.1/32"),
        ("192.168.1.1", "192.168.0.0/16"),
        ("100.64.0.1", "100.64.0.0/10"),
        ("198.18.0.9", "198.18.0.0/15"),
        ("203.0.113.7", "203.0.113.0/24"),
        ("240.0.0.1", "0.0.0.0/0"),
        ("fd12::1", "fd12::/16"),
        ("2001:db8::1", "2001:db8::/32"),
        ("4000::1", "::/0"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("127.0.0.1", "127.0.0.1/32"),
        ("::1", "::1/128"),
    ],
)
def test_private_addresses_need_a_network_of_the_operator(address, network):
    with pytest.raises(AddressRefused):
        check([address], ["10.99.0.0/16", "fd99::/16"])
    check([address], ["10.99.0.0/16", network])


@pytest.mark.parametrize("address", ["2002:a00:1::1", "64:ff9b::10.0.0.1", "::10.0.0.1"])
def test_a_wrapped_private_address_needs_both_networks(address):
    for allowed in ([], ["10.0.0.0/8"] if not address.startswith("2002") else []):
        with pytest.raises(AddressRefused):
            check([address], allowed)
    check([address], ["10.0.0.0/8", "::/0"])


def test_one_bad_address_refuses_all():
    with pytest.raises(AddressRefused) as refused:
        check(["1.1.1.1", "169.254.169.254"], [])
    assert refused.value.code == "metadata"


def test_no_address_is_refused():
    with pytest.raises(AddressRefused) as refused:
        check([], EVERYTHING)
    assert refused.value.code == "no_address"


@pytest.mark.parametrize(
    "text", ["", "localhost", "1.1.1", "01.1.1.1", "1.1.1.1:443", "fe80::1%eth0", "[::1]", "1.1.1.1/32", " 1.1.1.1"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressRefused) as refused:
        check([text], EVERYTHING)
    assert refused.value.code == "not_an_address"


@pytest.mark.parametrize("cidr", ["", "10.0.0.1/8", "ten", "10.0.0.0/33"])
def test_a_network_that_is_none_is_an_error_of_the_operator(cidr):
    with pytest.raises(ValueError):
        AddressRule.of([cidr])


@pytest.mark.parametrize(
    "host", ["example.com", "a", "k8s-1.example", "1.1.1.1", "::1", "2606:4700::1111", "1password.com", "x.0a"]
)
def test_hosts(host):
    check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "a..b", "-a.com", "a-.com", "a_b.com", "a b", "a\n", "é.com", "example.com.", "x" * 64),
        "a." * 127 + "com",
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "1.1.1.1.1"),
        *("foo.0x7f", "foo.1", "0x", "[::1]", "fe80::1%eth0", "::ffff:1.1.1.256", "a:80", "256.1.1.1", "1.1.1.08"),
    ],
)
def test_hosts_in_odd_forms_are_refused(host):
    with pytest.raises(AddressRefused):
        check_host(host)


FORBIDDEN = [ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "0.0.0.0/8")]


@given(st.sampled_from(FORBIDDEN), st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_no_wrapping_hides_a_forbidden_address(network, offset, wrapping):
    inner = int(network.network_address) + offset % network.num_addresses
    wrapped = [
        str(IPv4Address(inner)),
        f"::ffff:{IPv4Address(inner)}",
        f"64:ff9b::{IPv4Address(inner)}",
        str(ip_address((0x2002 << 112) | (inner << 80) | 1)),
        str(ip_address((0x20010000 << 96) | (inner << 64) | 1)),
        str(ip_address((0x20010000 << 96) | (0x01010101 << 64) | (~inner & 0xFFFFFFFF))),
    ][wrapping]
    with pytest.raises(AddressRefused):
        check([wrapped], EVERYTHING)


@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**32 - 1))
def test_no_address_passes_that_the_standard_library_calls_private(number):
    address = ip_address(number)
    try:
        check([str(address)], [])
    except AddressRefused:
        return
    assert address.is_global
