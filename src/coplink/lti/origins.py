"""Which addresses coplink trusts: its own pages as targets, and a platform's own hosts for service calls.

A service address arrives inside a token and receives our access token later; it must lie on a host the registration
itself names. An address without encryption is accepted on loopback only.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from coplink.ports.records import Registration

# The hosted Canvas serves every school on a host of its own below one domain, under one shared issuer.
_HOSTED_CANVAS = frozenset(
    {
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
        "https://canvas.test.instructure.com",
    }
)
_CANVAS_DOMAIN = ".instructure.com"
SERVICE_HOSTS = "service:hosts"
_HOST = re.compile(r"[a-z0-9.-]+", re.IGNORECASE)
REMEMBERED = 256
"""How many addresses are remembered once judged: a platform sends the same ones at every launch."""


@lru_cache(maxsize=REMEMBERED)
def split(address: str) -> SplitResult | None:
    """The parts of an absolute web address that is safe to use, or None.

    Refused: control characters, blanks and backslashes (browsers and libraries read them differently), credentials,
    other schemes than https, plain http beyond loopback, and hosts that are none: ``*`` or ``;`` would mean something
    else in a policy (CSP 3, 2.3.1).
    """
    if not address.isprintable() or not address.isascii() or " " in address or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or not is_host(host) or ("[" in parts.netloc) != (":" in host) or port == 0:
        return None
    if parts.username is not None or parts.password is not None:
        return None
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return parts
    return None


def is_host(host: str) -> bool:
    """Whether this is a host's name, international ones in their ASCII form (RFC 5890), or an address."""
    if ":" not in host:
        return _HOST.fullmatch(host) is not None
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=REMEMBERED)
def origin(address: str) -> str | None:
    """``scheme://host[:port]`` with the default port left out, or None for an address that must not be used."""
    parts = split(address)
    if parts is None or parts.hostname is None:
        return None
    default = 443 if parts.scheme == "https" else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, default) else "")


def target_path(target: str, tool_url: str) -> str | None:
    """The path and query of a target on our own site, or None when it is not ours (an open redirect otherwise)."""
    parts, base = split(target), split(tool_url)
    if parts is None or base is None or parts.fragment or origin(target) != origin(tool_url):
        return None
    path, root = parts.path or "/", base.path.rstrip("/")
    if path.startswith("//") or not f"{path}/".startswith(f"{root}/"):
        return None
    if any(part in (".", "..") for part in path.replace("%2e", ".").replace("%2E", ".").split("/")):
        return None
    return path + (f"?{parts.query}" if parts.query else "")


def may_serve(address: str, registration: Registration) -> bool:
    """Whether a service address lies on one of the platform's own hosts.

    Its own hosts are those of the registered addresses, every school's host for the hosted Canvas, and hosts an admin
    named in the registration's claims under ``service:hosts`` (separated by blanks).
    """
    where, parts = origin(address), split(address)
    if where is None or parts is None or parts.hostname is None:
        return False
    registered = (
        registration.issuer,
        registration.authorization_url,
        registration.token_url,
        registration.jwks_url,
        registration.audience,
    )
    if where in {origin(one) for one in registered}:
        return True
    if parts.scheme != "https" or parts.port not in (None, 443):
        return False
    if registration.issuer in _HOSTED_CANVAS and parts.hostname.endswith(_CANVAS_DOMAIN):
        return True
    return parts.hostname in registration.claims.get(SERVICE_HOSTS, "").split()
