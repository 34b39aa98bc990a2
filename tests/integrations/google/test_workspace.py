"""The way out: known origins only, proxies where they belong, and a clear word without the client."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest

from coplink.ports.pace import UNPACED
from coplink_google.options import is_loopback, origin
from coplink_google.quota import Quota
from coplink_google.transport import NotSent, Transport

TOKEN = "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/drive/v3/files",
        "http://www.googleapis.com/drive/v3/files",
        "https://www.googleapis.com.example/x",
        "https://googleapis.com/x",
        "http://127.0.0.1:8080/drive/v3/files",
        "//www.googleapis.com/x",
        "file:///etc/hostname",
    ],
)
def test_no_token_travels_to_an_address_that_is_not_google(address):
    with pytest.raises(NotSent, match="refused"):
        Transport(1.0, frozenset({"", origin(TOKEN)}), TOKEN, Quota(UNPACED)).request(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:2/x", "https://127.0.0.1:1/x", "https://www.googleapis.com/drive"]
)
def test_a_moved_connection_never_calls_anywhere_else(address):
    here = "http://127.0.0.1:1"
    with pytest.raises(NotSent, match="refused"):
        Transport(1.0, frozenset({here}), here + "/token", Quota(UNPACED)).request(address)


def test_a_schools_proxy_is_for_the_outside_only(campus, monkeypatch, wish, provision):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert provision(campus.connect(), wish())["drive"]
    outside = Transport(1.0, frozenset({"", origin(TOKEN)}), TOKEN, Quota(UNPACED))
    found = outside.proxy_info("https")
    assert (found.proxy_host, found.proxy_port) == ("127.0.0.1", 9)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.0.0.1.example", False),
        ("", False),
        (None, False),
    ],
)
def test_this_machine_is_known(host, expected):
    assert is_loopback(host) is expected


def test_without_googles_client_the_extra_is_named():
    code = (
        "import sys; sys.modules['googleapiclient'] = None\n"
        "from coplink_google import integration\n"
        "from coplink.core.errors import NotInstalled\n"
        "names = [f.name for f in integration.manifest.fields if f.default is None or f.secret]\n"
        "try: integration.connect({name: 'x' for name in names}, None)\n"
        "except NotInstalled as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "This needs: pip install 'coplink[google]'."


def test_no_thread_of_the_library_gets_a_copy_of_the_way_out():
    outside = Transport(1.0, frozenset({"", origin(TOKEN)}), TOKEN, Quota(UNPACED))
    with pytest.raises(TypeError):
        copy.deepcopy(outside)
