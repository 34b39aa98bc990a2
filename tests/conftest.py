"""What holds for every test: no network but loopback, an odd time zone, none of the machine's own settings.

Shared test code lives in ``coplink.testing``, never here.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from coplink.testing import order


class Compiled(BytecodeCache):
    """Templates compiled once in a test process: every test has an application of its own."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (known := self.kept.get(bucket.key)) is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": Compiled()}


def _addresses_when_asked(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """Routes compile how their addresses are written when one is asked for: most never are in a test."""

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        made: list[Any] = []

        def build(self: Rule, **values: Any) -> Any:
            if not made:
                made.append(compile_builder(self, append_unknown))
            return made[0](self, **values)

        return build

    return later


Rule._compile_builder = _addresses_when_asked(Rule._compile_builder)  # type: ignore[method-assign]


def _checked_once(load: Callable[..., Any]) -> Callable[..., Any]:
    """A private key is checked once in a test process: checking takes longer than most tests; keys do not change."""
    known: dict[Any, Any] = {}

    def load_once(data: Any, password: Any = None, *more: Any, **named: Any) -> Any:
        key = bytes(data), password, more, tuple(named.items())
        if key not in known:
            known[key] = load(data, password, *more, **named)
        return known[key]

    return load_once


serialization.load_pem_private_key = _checked_once(serialization.load_pem_private_key)

# What went wrong is told in plain lines: drawing every variable of every frame costs half a second each time.
structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback

# A zone nobody develops in, a quarter of an hour off: code that leans on the machine's zone fails here.
os.environ["TZ"] = "Pacific/Chatham"
time.tzset()

# The machine's own settings and proxies have no say. Two names are switches of the tests themselves.
for _name in list(os.environ):
    ours = _name.startswith("COPLINK_") and _name != "COPLINK_REQUIRE_BROWSER"
    if ours or _name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
        del os.environ[_name]


class NetworkRefused(RuntimeError):
    """A test reached for the network. Not an OSError: code that forgives an unreachable platform must not hide it."""


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or not isinstance(host, str) or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback or host in ("0.0.0.0", "::")
    except ValueError:
        return False


class _Guard:
    """Stands before the calls that leave the machine, and remembers who tried."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.connect, self.connect_ex = socket.socket.connect, socket.socket.connect_ex
        self.sendto, self.getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def check(self, host: object) -> None:
        if not _is_loopback(host):
            self.refused.append(str(host))
            raise NetworkRefused(f"a test may not reach {host!s}: only loopback")

    def check_address(self, sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            self.check(address[0])

    def stand(self, patch: pytest.MonkeyPatch) -> None:
        def connect(sock: socket.socket, address: Any) -> None:
            self.check_address(sock, address)
            self.connect(sock, address)

        def connect_ex(sock: socket.socket, address: Any) -> int:
            self.check_address(sock, address)
            return self.connect_ex(sock, address)

        def sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
            self.check_address(sock, rest[-1])
            return self.sendto(sock, data, *rest)

        def getaddrinfo(host: Any, *args: Any, **named: Any) -> Any:
            self.check(host)
            return self.getaddrinfo(host, *args, **named)

        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket.socket, "sendto", sendto)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(scope="session", autouse=True)
def _guard() -> Iterator[_Guard]:
    guard = _Guard()
    with pytest.MonkeyPatch.context() as patch:
        guard.stand(patch)
        yield guard


@pytest.fixture(autouse=True)
def only_loopback(_guard: _Guard) -> Iterator[list[str]]:
    """Fail a test that reached for the network, even where the code under test swallowed the refusal."""
    _guard.refused.clear()
    yield _guard.refused
    assert not _guard.refused, f"reached for the network: {', '.join(sorted(set(_guard.refused)))}"


@pytest.fixture(scope="session")
def browser() -> Any:
    """Debian's Chromium, one for the whole test process; missing, it is a skip, or a failure where it is required."""
    from coplink.testing.chromium import chromium, the_browser

    path = chromium()
    if path is None:
        if os.environ.get("COPLINK_REQUIRE_BROWSER"):
            pytest.fail("chromium is missing")
        pytest.skip("chromium is missing: apt-get install chromium")
    return the_browser(path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares a demo comes first, then what takes long; a test's neighbours stay a matter of chance."""
    items.sort(key=lambda one: order.turn(order.file_of(one.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile``, files that share a demo go to one process."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    return order.by_units(LoadFileScheduling)(config, log)
