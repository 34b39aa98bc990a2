"""Addresses that strangers name: nobody aims coplink at its own network, not even at the second look."""

from __future__ import annotations

import json

import pytest
from registering_play import (
    HOST,
    clock_of,
    invitation,
    is_refused,
    open_page,
    outside,
    press,
    registrations,
)
from werkzeug.wrappers import Response

from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.sandbox.registering import MoodleSite
from coplink.ports.errors import IntegrationError

AIMED = {
    "plain http": "http://lms.example/configuration",
    "loopback": "https://127.0.0.1/configuration",
    "loopback by name": "https://localhost/configuration",
    "private": "https://10.0.0.7/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "shared (CGNAT)": "https://100.64.0.1/",
    "decimal": "https://2130706433/",
    "octal": "https://0177.0.0.1/",
    "hexadecimal": "https://0x7f.1/",
    "shortened": "https://127.1/",
    "zero": "https://0.0.0.0/",
    "IPv6 loopback": "https://[::1]/",
    "mapped": "https://[::ffff:127.0.0.1]/",
    "mapped, metadata": "https://[::ffff:a9fe:a9fe]/",
    "6to4 of a private one": "https://[2002:0a00:0007::1]/",
    "NAT64 of metadata": "https://[64:ff9b::a9fe:a9fe]/",
    "unique local": "https://[fd00:ec2::254]/",
    "link-local": "https://[fe80::1]/",
    "a name that leads inside": "https://inside.example/configuration",
    "a name that leads to both": "https://both.example/configuration",
    "a name nobody knows": "https://nowhere.example/",
    "credentials": "https://lms.example:443@127.0.0.1/",
    "a file": "file:///etc/passwd",
    "nothing": "https:///",
    "a fragment": "https://lms.example/configuration#x",
    "blanks": "https://lms.example/ configuration",
    "a backslash": "https://lms.example\\@127.0.0.1/",
}


@pytest.mark.parametrize("address", AIMED.values(), ids=AIMED)
def test_nobody_aims_coplink_at_its_own_network(desk, net, mean, address):
    net.names |= {"inside.example": ["192.168.1.1"], "both.example": ["93.184.216.1", "10.0.0.1"]}
    net.names |= {"localhost": ["127.0.0.1"]}
    token = invitation(desk)
    told = {**mean.invite(), "openid_configuration": address}
    browser, page = open_page(desk, told, token)
    answer = press(browser) if page.status_code == 200 else page
    is_refused(desk, browser, answer, token)
    assert net.dialled == []
    assert mean.seen == []


def test_a_name_that_leads_elsewhere_at_the_second_look_leads_nowhere(desk, net, mean):
    """Rebinding: the answer to the first question is public, the next ones point inside."""

    def rebind(request):
        net.names["lms.example"] = ["169.254.169.254"]
        return Response(
            json.dumps(mean.configuration()), mimetype="application/json", headers={"Connection": "close"}
        )

    mean.raw["configuration"] = rebind
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    is_refused(desk, browser, press(browser), token)
    assert set(net.dialled) == {"93.184.216.1"}


def test_the_keys_and_services_of_a_registered_platform_are_judged_at_each_call(desk, net):
    moodle = MoodleSite(HOST, clock_of(desk))
    net.host("lms.example", moodle)
    browser, _ = open_page(desk, moodle.invite())
    press(browser)
    [kept] = registrations(desk).values()
    net.names["lms.example"] = ["10.0.0.7"]
    with pytest.raises(IntegrationError):
        KeysCache(Egress(outside=outside(net))).key(kept, moodle.kid)
    assert "10.0.0.7" not in net.dialled
    net.names["lms.example"] = ["93.184.216.1"]
    assert KeysCache(Egress(outside=outside(net))).key(kept, moodle.kid) is not None
