"""Which addresses may be called: every odd form of an inner address is refused, before anybody connects."""

from __future__ import annotations

import pytest

from coplink.lti.outside import LOOPBACK, Forbidden, Outside


def leads(*addresses):
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_may_be_called(address):
    assert Outside(resolve=leads(address)).addresses("lms.example", 443) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16",
        "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:0:53aa:64c:0:fbff:80ff:fffe", "nonsense", "",
        "fec0::1", "192.0.0.8", "192.88.99.1", "3fff::1",
    ],
)  # fmt: skip
def test_no_other_is(address):
    with pytest.raises(Forbidden):
        Outside(resolve=leads(address)).addresses("lms.example", 443)


def test_one_bad_address_among_good_ones_spoils_the_name():
    with pytest.raises(Forbidden):
        Outside(resolve=leads("93.184.216.34", "10.0.0.1")).addresses("lms.example", 443)
    with pytest.raises(Forbidden):
        Outside(resolve=leads()).addresses("lms.example", 443)


@pytest.mark.parametrize(
    "host", ["2130706433", "0177.0.0.1", "0x7f000001", "127.1", "0x7f.1", "1.2.3", "08.8.8.8", "8.8.8.0x8", "21307."]
)  # fmt: skip
def test_numbers_that_hide_an_address_are_refused_unresolved(host):
    asked = []
    with pytest.raises(Forbidden):
        Outside(resolve=lambda *where: asked.append(where) or ["93.184.216.34"]).addresses(host, 443)
    assert asked == []


def test_loopback_is_open_to_who_runs_there_and_opens_nothing_else():
    near = Outside(loopback=True, resolve=leads("127.0.0.1", "::1"))
    assert near.addresses("localhost", 80) == ["127.0.0.1", "::1"]
    with pytest.raises(Forbidden):
        Outside(loopback=True, resolve=leads("10.0.0.1")).addresses("localhost", 80)
    assert LOOPBACK.loopback
    assert not Outside().loopback


@pytest.mark.parametrize(
    ("address", "fine"),
    [("10.0.0.7", True), ("192.168.3.4", True), ("fd12::1", True), ("93.184.216.34", True),
     ("169.254.169.254", False), ("127.0.0.1", False), ("fd00:ec2::254", False), ("100.64.0.1", False)],
)  # fmt: skip
def test_a_host_that_the_operator_named_may_be_private_but_not_everything(address, fine):
    outside = Outside(private_hosts=frozenset({"moodle.school.lan"}), resolve=leads(address))
    if fine:
        assert outside.addresses("MOODLE.school.lan", 443) == [address]
    else:
        with pytest.raises(Forbidden):
            outside.addresses("moodle.school.lan", 443)


def test_another_host_in_the_same_network_stays_closed():
    with pytest.raises(Forbidden):
        Outside(private_hosts=frozenset({"moodle.school.lan"}), resolve=leads("10.0.0.7")).addresses(
            "db.school.lan", 443
        )
