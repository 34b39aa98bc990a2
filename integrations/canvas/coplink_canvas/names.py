"""What a community's places are called in Canvas, and the address of a Canvas; needs no SDK."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Access:
    """What lets coplink into a Canvas: consent to a developer key, else an access token. Secrets are not shown."""

    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Access:
        """The access these settings give; raises ``Misconfigured`` for what cannot be one.

        A developer key may be stored before consent was given to it.
        """
        names = ("token", "client_id", "client_secret", "refresh_token")
        token, client_id, client_secret, refresh_token = (_as_sent(settings.get(name, "")) for name in names)
        if bool(client_id) != bool(client_secret) or (refresh_token and not client_id):
            raise Misconfigured(
                say("A developer key of Canvas has a client id and a secret; enter both."), ADMIN
            )
        if client_id and not re.fullmatch(r"\d{1,20}", client_id):
            raise Misconfigured(say("The client id of a developer key is a number."), ADMIN)
        if not token and not client_id:
            raise Misconfigured(say("The access token for Canvas is missing or cannot be one."), ADMIN)
        return cls(token, client_id, client_secret, refresh_token)


CATEGORY, GROUP, PAGE = "category", "group", "page"
COURSE_PAGE, MODULE = "course_page", "module"


@dataclass(frozen=True, slots=True)
class Choices:
    """How an institution wants its places in Canvas."""

    page_only: bool = False
    module: bool = False
    course_files: bool = True
    tells_course: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Choices:
        """These settings; raises ``Misconfigured`` for a word that is none of the choices."""
        place, module = _chosen(settings, "place", "group", "page"), _chosen(settings, "module", "no", "yes")
        return cls(
            place == "page",
            module == "yes",
            _chosen(settings, "catalogue", "course", "group") == "course",
            _chosen(settings, "announce", "group", "course") == "course",
        )


def steps(choices: Choices, made: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of a place in the order they are made; one that was begun is finished as it was begun."""
    page = COURSE_PAGE in made or (choices.page_only and CATEGORY not in made)
    parts: tuple[str, ...] = (COURSE_PAGE,) if page else (CATEGORY, GROUP, PAGE)
    return (*parts, MODULE) if choices.module or MODULE in made else parts


def _chosen(settings: Mapping[str, str], name: str, *words: str) -> str:
    given = settings.get(name, "").strip() or words[0]
    if given not in words:
        raise Misconfigured(say("“{name}” is one of: {words}.", name=name, words=", ".join(words)), ADMIN)
    return given


def _as_sent(given: str) -> str:
    """A credential as it is sent; raises ``Misconfigured`` for what cannot be one."""
    kept = given.strip()
    if kept and not (kept.isascii() and kept.isprintable() and " " not in kept):
        raise Misconfigured(say("The access token for Canvas is missing or cannot be one."), ADMIN)
    return kept
