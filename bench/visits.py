"""People who open coplink from their course: a login, a signed answer, a launch, each over a connection of its own.

The answers are signed here, between the two phases, and not in a server under measurement.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from coplink.testing.platform import CORE, NRPS, LmsPlatform

HOST = "localhost"  # the platform of this bench is on loopback, which coplink calls from there alone
TOOL = f"https://{HOST}"
IN_FLIGHT = 8
RESERVED = (
    "x" * 800
)  # custom parameters and names as platforms send them: the token becomes as long as theirs


@dataclass
class Visitor:
    """Somebody at a browser: the platform's id for them, and the cookies each tool has set."""

    number: int
    jar: dict[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The platform's id."""
        return f"subject-{self.number}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, the address sent to, and the cookies set."""

    status: int
    location: str
    cookies: dict[str, str]
    body: str = field(repr=False)


def post(port: int, path: str, form: dict[str, str], jar: dict[str, str]) -> Answer:
    """One request as a reverse proxy passes it on, over a new connection."""
    body = urlencode(form).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.7\r\n"
        f"X-Forwarded-Proto: https\r\nX-Forwarded-Host: {HOST}\r\nOrigin: https://lms.example\r\n"
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36\r\n"
        "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.9\r\n"
        + (f"Cookie: {cookies}\r\n" if cookies else "")
        + f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        wire.sendall(head.encode() + body)
        pieces = []
        while piece := wire.recv(65536):
            pieces.append(piece)
    return _read(b"".join(pieces))


def _read(raw: bytes) -> Answer:
    head, _, body = raw.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    location, cookies = "", {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name.lower() == "location":
            location = value
        elif name.lower() == "set-cookie":
            cookie = value.partition(";")[0]
            cookies[cookie.partition("=")[0]] = cookie.partition("=")[2]
    return Answer(int(first.split(" ")[1]), location, cookies, body)


class Course:
    """A course on one platform: what it posts to a tool when somebody opens it."""

    def __init__(self, platform: LmsPlatform, target: str) -> None:
        self.platform, self.target = platform, target

    def login_form(self, visitor: Visitor) -> dict[str, str]:
        """The third-party login."""
        return self.platform.login_form(
            {
                "target_link_uri": self.target,
                "login_hint": f"hint-{visitor.number}",
                "lti_message_hint": "h" * 300,
                "lti_deployment_id": self.platform.deployment_id,
            }
        )

    def launch_form(self, visitor: Visitor, redirect_url: str) -> dict[str, str]:
        """The signed answer to a login."""
        return self.platform.launch_form(redirect_url, datetime.now(UTC), self._claims(visitor))

    def _claims(self, visitor: Visitor) -> dict[str, Any]:
        return {
            "sub": visitor.subject,
            "name": f"Teacher {visitor.number}",
            "given_name": "Teacher",
            "family_name": str(visitor.number),
            "email": f"teacher{visitor.number}@school.example",
            CORE + "target_link_uri": self.target,
            CORE + "resource_link": {"id": "course-1", "title": "coplink"},
            CORE + "context": {"id": "course-1", "title": "Literacy", "type": ["CourseOffering"]},
            CORE + "custom": {
                "canvas_user_id": str(1000 + visitor.number),
                "canvas_course_id": "101",
                "reserved": RESERVED,
            },
            CORE + "tool_platform": {"guid": "g" * 40, "name": "School", "product_family_code": "canvas"},
            NRPS: {"context_memberships_url": f"{self.platform.issuer}/members", "service_versions": ["2.0"]},
        }


def in_flight(work: Callable[[Any], Any], over: Iterable[Any]) -> list[Any]:
    """Eight at a time, in order."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return list(pool.map(work, over))
