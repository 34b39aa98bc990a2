"""Where calls may go: a name is resolved, every address it has is judged, and the connection goes to a judged one.

Addresses are named by strangers too (dynamic registration, claims of a token), and a name may lead elsewhere at the
second look. So nobody connects by name: what was judged is what is dialled, at each new connection. Loopback is open
only where coplink itself runs there, private networks only for hosts an operator has named.

Source: reliability S36; RFC 6890 and the IANA special-purpose registries; WHATWG URL 3.5 ("ends in a number").
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from coplink.lti.patience import PATIENCE

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[..., socket.socket]

# A cloud's own services on an address that looks public (Azure's wire server).
_OF_THE_HOUSE = frozenset({ipaddress.ip_address("168.63.129.16")})
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
# What ``ipaddress`` still takes for public, or did until recently.
_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20", "5f00::/16"))
)
_INSTANCE_DATA = frozenset({ipaddress.ip_address("fd00:ec2::254")})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
MOST_ADDRESSES = 4


class Forbidden(OSError):
    """A host leads to a place that coplink does not call."""


def resolved(host: str, port: int) -> list[str]:
    """Every address of a host, as the machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Outside:
    """Which hosts may be called; ``resolve`` and ``dial`` are the machine's own unless a test plays the network.

    ``private_hosts`` are names an operator trusts although they lead into a private network.
    """

    loopback: bool = False
    private_hosts: frozenset[str] = frozenset()
    resolve: Resolve = resolved
    dial: Dial = create_connection

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be dialled; raises ``Forbidden`` if one of them may not.

        Numbers that are no plain address (decimal, octal, shortened) are refused before anybody resolves them.
        """
        host = host.strip("[]").rstrip(".").lower()
        if _odd_number(host):
            raise Forbidden("an address in a form that hides it")
        found = list(dict.fromkeys(self.resolve(host, port)))
        if not found:
            raise Forbidden("a name without an address")
        for address in found:
            if not self._may_dial(host, address):
                raise Forbidden("an address that is not public")
        return found

    def _may_dial(self, host: str, address: str) -> bool:
        try:
            ip = _meant(ipaddress.ip_address(address))
        except ValueError:
            return False
        if ip.is_loopback:
            return self.loopback
        if host in self.private_hosts and any(
            ip in network for network in _PRIVATE if network.version == ip.version
        ):
            return ip not in _INSTANCE_DATA
        if ip in _OF_THE_HOUSE or any(
            ip in network for network in _NOT_PUBLIC if network.version == ip.version
        ):
            return False
        return ip.is_global and not (ip.is_multicast or ip.is_reserved)


LOOPBACK = Outside(loopback=True)
"""For what runs on this machine alone: the demo and the tests."""


def _meant(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one wraps (mapped, 6to4, Teredo, NAT64), else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    teredo = ip.teredo
    wrapped = ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)
    if wrapped is None and (ip in _NAT64 or (int(ip) >> 32 == 0 and int(ip) > 1)):
        wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return wrapped or ip


def _odd_number(host: str) -> bool:
    """Whether a host is read as a number by resolvers without being a plain address."""
    last = host.rpartition(".")[2]
    if not (last.isdigit() or last.startswith("0x")):
        return False
    try:
        return str(ipaddress.ip_address(host)) != host
    except ValueError:
        return True


def forbidden(error: BaseException) -> Forbidden | None:
    """The refusal behind an error of the library, if it was one."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    reason = error if isinstance(error, NewConnectionError) else reason
    cause = reason.__cause__ if isinstance(reason, NewConnectionError) else None
    return cause if isinstance(cause, Forbidden) else None


class _Judged(HTTPConnection):
    """A connection to a judged address; the name stays what the certificate and the ``Host`` header are about."""

    outside = Outside()
    _twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        try:
            addresses = self.outside.addresses(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except Forbidden as error:
            raise NewConnectionError(self, f"refused: {error}") from error
        last: OSError = OSError("no address")
        for address in addresses[:MOST_ADDRESSES]:
            try:
                made = self.outside.dial(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as error:
                last = error
                continue
            self._twin = made.dup()  # TLS takes the socket itself over
            PATIENCE.mind(self._twin)
            return made
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, "connecting took too long") from last
        raise NewConnectionError(self, "cannot connect") from last

    def request(self, *args: Any, **more: Any) -> None:
        """Send a request; a connection that is used again is minded again."""
        if self._twin is not None and self.sock is not None:
            PATIENCE.mind(self._twin)
        super().request(*args, **more)

    def close(self) -> None:
        """End the connection."""
        super().close()
        if self._twin is not None:
            PATIENCE.done_with(self._twin)
            self._twin = None


class _JudgedTls(_Judged, HTTPSConnection):
    """The same over TLS."""


class PinnedAdapter(HTTPAdapter):
    """Carries the calls of a session: every connection it makes goes to addresses that ``outside`` has judged."""

    def __init__(self, outside: Outside, **more: Any) -> None:
        self._outside = outside
        super().__init__(**more)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Build the pools of this session around our connections."""
        super().init_poolmanager(*args, **more)
        given = {"outside": self._outside}
        plain = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": type("Plain", (_Judged,), given)})
        safe = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": type("Safe", (_JudgedTls,), given)})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": safe}
