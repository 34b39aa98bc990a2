"""A site whose internet is played, with real HTTPS in it, and a mean platform out there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the play beside the tests

from registering_play import HOST, clock_of, outside

from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.sandbox.registering import MeanSite
from coplink.testing.network import Network


@pytest.fixture
def net(tmp_path, monkeypatch):
    net = Network(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", net.trusted)
    yield net
    net.stop()


@pytest.fixture
def desk(site, net):
    """The site with this network as its internet."""
    site.services.egress = Egress(read=2.0, whole=4.0, outside=outside(net))
    site.services.platform_keys = KeysCache(Egress(outside=outside(net)))
    return site


@pytest.fixture
def mean(desk, net):
    made = MeanSite(HOST, clock_of(desk))
    net.host("lms.example", made)
    return made
