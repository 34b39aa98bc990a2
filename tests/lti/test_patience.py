"""An end to every call: an answer that drips, in its first line or in its body, is cut; a good one is left alone."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from coplink.lti.egress import Egress
from coplink.lti.outside import LOOPBACK
from coplink.ports.errors import Unavailable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


class Dripping:
    """A server that sends a beginning at once and then one byte every twentieth of a second, for as long as it may."""

    def __init__(self, beginning: bytes, drop: bytes) -> None:
        self._beginning, self._drop = beginning, drop
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/"
        self.cut = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._server.accept()
            with connection:
                connection.recv(10_000)
                try:
                    connection.sendall(self._beginning)
                    for _ in range(200):
                        time.sleep(0.05)
                        connection.sendall(self._drop)
                except OSError:
                    self.cut.set()

    def stop(self) -> None:
        self._server.close()
        self._thread.join(timeout=15)


@pytest.fixture(
    params=[
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (HEAD + b"\r\n", b"x"),
        (HEAD + b"Connection: close\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", b"x"),
    ],
    ids=["first line", "header", "body", "body, last answer", "chunk"],
)
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    server = Dripping(*request.param)
    yield server
    server.stop()


@pytest.mark.parametrize("by_line", [False, True], ids=["call", "line"])
def test_an_answer_that_drips_is_cut(dripping: Dripping, by_line: bool) -> None:
    began, egress = time.monotonic(), Egress(read=2.0, whole=0.3, outside=LOOPBACK)
    read = egress.line(dripping.url).get if by_line else egress.get
    with pytest.raises(Unavailable):
        read(dripping.url, 1_000_000, {})
    assert time.monotonic() - began < 3, "two seconds between two bytes never passed"
    assert dripping.cut.wait(5)


def test_calls_that_are_in_time_share_a_connection_and_are_left_alone() -> None:
    from werkzeug.wrappers import Response

    from coplink.sandbox.wire import Served

    served = Served(Response("fine"))
    egress = Egress(whole=0.4, outside=LOOPBACK)
    try:
        for _ in range(3):
            assert egress.get(served.url, 100).body == b"fine"
            time.sleep(0.3)
    finally:
        served.stop()
