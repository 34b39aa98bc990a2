"""The guards that every other test stands on: they must themselves be seen to work."""

from __future__ import annotations

import datetime as dt
import socket
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coplink.testing import order
from coplink.testing.kept import Kept


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


def test_files_that_share_a_demo_stay_together_and_come_first() -> None:
    shared = ["tests/browser/test_cookies.py::test_a", "tests/browser/test_journey.py::test_b"]
    alone = ["tests/web/test_words.py::test_c", "tests/core/test_plan.py::test_d"]
    assert len({order.unit(order.file_of(one)) for one in shared}) == 1
    assert [order.unit(order.file_of(one)) for one in alone] == [order.file_of(one) for one in alone]
    assert sorted([*alone, *shared], key=lambda one: order.turn(order.file_of(one))) == [*shared, *alone]
    assert not order.is_last_of_unit(shared[0], shared[1])
    assert order.is_last_of_unit(shared[0], alone[0])
    assert order.is_last_of_unit(shared[0], None)


def test_what_is_kept_is_one_until_its_end_and_its_end_may_complain() -> None:
    ended = []

    @contextmanager
    def start() -> Iterator[object]:
        yield object()
        ended.append("well")
        assert len(ended) == 1

    kept: Kept[object] = Kept()
    first = kept.get(start)
    assert kept.get(start) is first
    kept.end()
    assert ended == ["well"]
    assert kept.get(start) is not first
    with pytest.raises(AssertionError):
        kept.end()
    kept.end()
