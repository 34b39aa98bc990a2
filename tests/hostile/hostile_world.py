"""The world of the play: a clock that the test moves, names with public addresses, and servers of this process."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from coplink.lti.outside import Outside
from coplink.testing.https import Certificate, Secure

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class MovingClock:
    """A clock that the test moves; called, it is a stop-watch in seconds."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def __call__(self) -> float:
        return self.at.timestamp()

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


TOOL, NORTH, SOUTH, NEWCOMER = "coplink.example", "north.example", "south.example", "newcomer.example"
NAMES = (TOOL, NORTH, SOUTH, NEWCOMER)


class World:
    """The network of the play: every name has a public address, and behind it stands a server of this process."""

    def __init__(self) -> None:
        self._addresses: dict[str, list[str]] = {}
        self._ports: dict[str, int] = {}

    def put(self, name: str, port: int) -> None:
        """Let a name lead to a local port."""
        address = f"93.184.216.{len(self._addresses) + 1}"
        self._addresses[name], self._ports[address] = [address], port

    def point(self, name: str, *addresses: str) -> None:
        """Let a name lead to any addresses at all, as its owner can."""
        self._addresses[name] = list(addresses)

    def outside(self) -> Outside:
        """The world as coplink's own calls and the visitors' browsers see it; nothing of it is loopback."""
        return Outside(resolve=self._resolve, dial=self._dial)

    def _resolve(self, name: str, port: int) -> Sequence[str]:
        if name in self._addresses:
            return self._addresses[name]
        try:
            return [socket.inet_ntoa(socket.inet_aton(name))]  # a number stands for itself, in whatever form
        except OSError:
            raise socket.gaierror("no such name") from None

    def _dial(self, address: tuple[str, int], timeout: Any = None, **_: Any) -> socket.socket:
        if address[1] != 443 or address[0] not in self._ports:
            raise ConnectionRefusedError("nobody listens there")
        return socket.create_connection(("127.0.0.1", self._ports[address[0]]), timeout)


class Address:
    """A platform's host, which lasts for the whole run; each scene puts its own application there."""

    def __init__(self, name: str, world: World, certificate: Certificate) -> None:
        self.app: Any = None
        self.served = Secure(lambda environ, start: self.app(environ, start), certificate)
        self.url = f"https://{name}"
        world.put(name, self.served.port)
