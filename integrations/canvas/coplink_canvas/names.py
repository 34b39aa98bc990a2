"""What a community's places are called in Canvas, and the address of a Canvas; needs no SDK."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from coplink.core.words import say
from coplink.ports.errors import Misconfigured
from coplink_canvas import ADMIN

LONGEST_NAME = 255


def fitted(name: str, room: int = LONGEST_NAME) -> str:
    """One line that Canvas takes: control and direction characters out, spaces single, cut with an ellipsis."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in name)
    kept = "".join(
        c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn") or c == "\u200d"
    )
    line = " ".join(kept.split()) or "Community"
    return line if len(line) <= room else line[: room - 1].rstrip() + "…"


def address(base_url: str) -> str:
    """The address of a Canvas: https, or http on loopback, without a path. Raises ``Misconfigured``."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise Misconfigured(say("The address of Canvas cannot be read."), ADMIN) from None
    host = parts.hostname or ""
    loopback = host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    if (
        not host
        or parts.username
        or parts.password
        or parts.query
        or parts.fragment
        or parts.path not in ("", "/")
    ):
        raise Misconfigured(
            say("The address of Canvas looks like https://district.instructure.com, no more."), ADMIN
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise Misconfigured(say("The address of Canvas must begin with https://."), ADMIN)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def host(base_url: str) -> str:
    """The host of a Canvas, which is the realm of its connection; raises ``Misconfigured``."""
    return urlsplit(address(base_url)).hostname or ""


def token_as_sent(given: str) -> str:
    """An access token as it is sent; raises ``Misconfigured`` for what cannot be one."""
    kept = given.strip()
    if not kept or not kept.isascii() or not kept.isprintable():
        raise Misconfigured(say("The access token for Canvas is missing or cannot be one."), ADMIN)
    return kept
