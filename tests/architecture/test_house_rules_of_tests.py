"""The guards that every other test stands on: they must themselves be seen to work."""

from __future__ import annotations

import datetime as dt
import socket
import time
import urllib.request
import warnings

import pytest


def _send_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("192.0.2.1", 53))


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 443), timeout=1),
        lambda: socket.getaddrinfo("graph.example", 443),
        lambda: urllib.request.urlopen("http://canvas.example/", timeout=1),
        _send_a_datagram,
    ],
    ids=["an address", "a name", "a page", "a datagram"],
)
def test_the_network_is_refused(reach, only_loopback):
    with pytest.raises(RuntimeError, match="only loopback"):
        reach()
    assert only_loopback, "the attempt must be remembered even if the caller swallows the error"
    only_loopback.clear()


def test_loopback_is_reachable():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=2) as here,
    ):
        there, _ = server.accept()
        with there:
            there.sendall(b"yes")
        assert here.recv(3) == b"yes"


def test_the_machine_is_in_a_zone_that_shows_naive_times():
    assert time.localtime().tm_gmtoff % 3600 == 45 * 60
    assert dt.datetime.now(dt.UTC).astimezone().utcoffset() in (
        dt.timedelta(hours=12, minutes=45),
        dt.timedelta(hours=13, minutes=45),
    )


def test_warnings_are_errors():
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
