"""A visitor's session: kept on the server, found by a random secret in a cookie that survives a frame of another site.

The cookie (``__Host-``, Secure, HttpOnly, SameSite=None, Partitioned) works on plain loopback as well, because browsers
count that as secure. A second cookie names the browser and binds a login under way to it. The secret changes at every
arrival, so that an id planted before a sign-in is worth nothing after it.

Where the browser keeps no cookie in a frame at all, the page itself holds the secret, in a variable of our script, and
sends it in a header of each request: never in an address, a cookie or the history. Nothing but our own page can send
that header, because other origins would have to ask for it and are not answered (Fetch standard, CORS protocol).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Request, Response

from coplink.core.people import Person, PersonId
from coplink.engine.secrets import fresh_token, hashed
from coplink.ports.records import Session
from coplink.ports.storage import UnitOfWork

COOKIE = "__Host-coplink"
BROWSER_COOKIE = "__Host-coplink-browser"
HEADER = "X-Coplink-Session"
GO = "X-Coplink-Go"
LIFE = timedelta(hours=8)
IDLE = timedelta(minutes=60)
TOUCH_AFTER = timedelta(seconds=60)
LONGEST_SECRET = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """Who makes this request: a session once there is one, a person once somebody came through a door."""

    session: Session | None = None
    person: Person | None = None

    @property
    def values(self) -> Mapping[str, str]:
        """What the session carries; empty without one."""
        return self.session.values if self.session else {}

    @property
    def csrf(self) -> str:
        """The secret that every form of this session carries; empty without a session."""
        return self.session.csrf if self.session else ""


def find(uow: UnitOfWork, secret: str, now: datetime) -> Visit:
    """The visit behind a cookie; an idle session (60 minutes) is dropped. Commits when it has changed anything."""
    if not secret or len(secret) > LONGEST_SECRET:
        return Visit()
    session = uow.sessions.get(hashed(secret), now)
    if session is None:
        return Visit()
    if now - session.seen_at > IDLE:
        uow.sessions.drop(session.id_hash)
        uow.commit()
        return Visit()
    person = uow.people.get(PersonId(session.person)) if session.person else None
    if session.person and person is None:
        return Visit()
    if now - session.seen_at > TOUCH_AFTER:  # not at every page: reading should not write
        session = replace(session, seen_at=now)
        uow.sessions.put(session)
        uow.commit()
    return Visit(session, person)


def end(uow: UnitOfWork, secret: str, now: datetime) -> Session | None:
    """End the session behind a cookie; what it was, unless it had gone idle."""
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    session = uow.sessions.end(hashed(secret), now)
    return session if session is not None and now - session.seen_at <= IDLE else None


def start(
    uow: UnitOfWork, person: Person | None, values: Mapping[str, str], now: datetime
) -> tuple[str, Session]:
    """A fresh session and its secret."""
    secret = fresh_token()
    session = Session(
        hashed(secret),
        person.id if person else None,
        person.institution if person else None,
        fresh_token(),
        dict(values),
        now,
        now,
        now + LIFE,
    )
    uow.sessions.begin(session)
    return secret, session


def cookie_of(request: Request) -> str:
    """The session's secret as the browser sent it."""
    return request.cookies.get(COOKIE, "")


def browser_of(request: Request) -> str:
    """The secret that names this browser; empty when it has none yet."""
    known = request.cookies.get(BROWSER_COOKIE, "")
    return known if 20 <= len(known) <= LONGEST_SECRET else ""


def cookie_line(name: str, value: str, life: timedelta = LIFE) -> str:
    """One of our cookies, with the flags that a frame of another site needs; ``value`` is a token of ours or empty."""
    return f"{name}={value}; Secure; HttpOnly; Max-Age={int(life.total_seconds())}; Path=/; SameSite=None; Partitioned"


def set_cookie(response: Response, name: str, value: str, life: timedelta = LIFE) -> None:
    """Set one of our cookies."""
    response.headers.add("Set-Cookie", cookie_line(name, value, life))


def tell_page(response: Response, secret: str) -> None:
    """Hand a page that holds its own session the new secret.

    Scripts do not see the headers of a redirect, so where to go becomes a header as well.
    """
    response.headers[HEADER] = secret
    if response.status_code == 303:
        response.headers[GO] = response.headers.pop("Location")
        response.status_code = 200


def drop_cookie(response: Response, name: str) -> None:
    """Forget one of our cookies; the flags must be the same for the browser to find it."""
    set_cookie(response, name, "", timedelta(0))
