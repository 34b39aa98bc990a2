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


class Door(Protocol):
    """The way in of one institution's connection."""

    redirects: bool

    def begin(self, knock: Knock) -> Reply:
        """Where to send the browser; token doors raise ``LaunchError``."""
        ...

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        """Who came; raises a ``LaunchError`` when anything about the token or the answer is wrong."""
        ...
