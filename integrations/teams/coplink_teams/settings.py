"""A connection's settings, read once: defaults filled in, addresses checked."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from coplink.core.words import say
from coplink.ports.errors import Misconfigured
from coplink_teams import ADMIN, CHANNEL, FRAME_ORIGINS, GRAPH_URL, LOGIN_URL, MODES, NO, TEAM, YES

NEEDED = ("tenant_id", "client_id", "client_secret", "mailbox")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one institution's admin entered; the addresses end without a slash.

    ``mode`` says where new communities get their place: ``channel`` in the host team, or a ``team`` of their own.
    ``team_id`` may be empty in the latter, ``app_id`` in the former. ``guests``: people of elsewhere may be let in.
    """

    tenant_id: str
    client_id: str
    client_secret: str
    mode: str
    team_id: str
    mailbox: str
    app_id: str
    guests: bool
    calls_per_second: float
    graph_url: str
    login_url: str
    frame_origins: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Settings(tenant_id={self.tenant_id!r}, client_id={self.client_id!r})"


def read_settings(values: Mapping[str, str]) -> Settings:
    """The settings as one value; raises ``Misconfigured`` naming the field that is missing or wrong."""
    mode = (values.get("mode") or CHANNEL).strip().casefold()
    if mode not in MODES:
        raise Misconfigured(say("The mode of the Teams connection is “channel” or “team”."), ADMIN)
    given = {name: (values.get(name) or "").strip() for name in (*NEEDED, "team_id", "app_id")}
    for name in (*NEEDED, "app_id" if mode == TEAM else "team_id"):
        if not given[name]:
            raise Misconfigured(say("The setting {name} of the Teams connection is empty.", name=name), ADMIN)
    return Settings(
        **given,
        mode=mode,
        guests=_switch("guests", values.get("guests") or NO),
        calls_per_second=_rate(values.get("calls_per_second") or "4"),
        graph_url=_address("graph_url", values.get("graph_url") or GRAPH_URL),
        login_url=_address("login_url", values.get("login_url") or LOGIN_URL),
        frame_origins=tuple((values.get("frame_origins") or FRAME_ORIGINS).split()),
    )


def is_loopback(address: str) -> bool:
    """Whether an address names this machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(name: str, value: str) -> str:
    parts = urlsplit(value.strip())
    plain = parts.scheme == "http" and is_loopback(value)
    if (parts.scheme != "https" and not plain) or not parts.hostname or parts.query or parts.username:
        raise Misconfigured(
            say("The setting {name} of the Teams connection must be an https address.", name=name), ADMIN
        )
    return value.strip().rstrip("/")


def _switch(name: str, value: str) -> bool:
    word = value.strip().casefold()
    if word not in (YES, NO):
        raise Misconfigured(
            say("The setting {name} of the Teams connection is “yes” or “no”.", name=name), ADMIN
        )
    return word == YES


def _rate(value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1000:
        raise Misconfigured(
            say("The calls per second of the Teams connection must be a number above 0."), ADMIN
        )
    return rate
