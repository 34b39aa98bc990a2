"""Doors: the ways in. A door verifies who knocks and answers with an ``Arrival``.

Doors see plain values, never Flask. Two shapes exist: a *redirecting* door (OpenID Connect sign-in) where ``begin``
sends the browser away and ``open`` takes what it brings back, and a *token* door (a tab inside a suite) where the page
itself posts a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from coplink.core.arrival import Arrival


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """What came in: header names in lower case; ``form`` and ``query`` hold the first value of each name."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to give as it is."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Knock:
    """One login under way, as stored by the web before the browser is sent off; each value is used once.

    ``verifier`` is the PKCE code verifier (RFC 7636); ``return_url`` is our own fixed address for this door.
    """

    state: str
    nonce: str
    verifier: str
    return_url: str


@dataclass(frozen=True, slots=True)
class TokenPage:
    """What the page of a token door needs: script files by name, and values they read from ``data-`` attributes.

    The first script fetches the token inside the suite, puts it into the field ``token`` of the page's only form and
    submits it; it also sets ``data-theme`` (light, dark, contrast) on the root element where the suite tells it.

    ``choosing`` are the scripts of the page on which somebody sets up a tab by hand, where a suite has that: they tell
    it the ``data-content``, ``data-website`` and ``data-name`` of the radio button ``community`` that is chosen.
    """

    assets: Mapping[str, bytes]
    data: Mapping[str, str] = field(default_factory=dict)
    choosing: Mapping[str, bytes] = field(default_factory=dict)


class Door(Protocol):
    """The way in of one institution's connection.

    ``page`` is None for redirecting doors. ``frame_ancestors`` are the origins that may frame our pages (CSP source
    expressions); empty where the suite never frames us.
    """

    @property
    def page(self) -> TokenPage | None: ...

    @property
    def frame_ancestors(self) -> tuple[str, ...]: ...

    def begin(self, knock: Knock) -> Reply:
        """Where to send the browser; token doors raise ``LaunchError``."""
        ...

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        """Who came; raises a ``LaunchError`` when anything about the token or the answer is wrong."""
        ...
