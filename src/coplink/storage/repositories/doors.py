"""Logins under way and visitors' sessions: what every launch and every page asks, hence ready statements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, bindparam, delete, func, select, update
from sqlalchemy.sql.dml import ReturningDelete

from coplink.core.people import InstitutionId, PersonId
from coplink.ports.records import Login, Session
from coplink.ports.sealing import Sealer
from coplink.storage.ready import Ready, Row
from coplink.storage.repositories.base import SWEEP, Repository, sql
from coplink.storage.sweeps import Sweeps
from coplink.storage.tables import IdentityRow, LoginRow, SessionRow
from coplink.storage.transaction import Transaction

LOGIN, SESSION = "login", "session"
MOST_LOGINS = 10_000
"""Logins kept for one registration or connection. Where a flood brings more, the oldest go: whoever really comes
needs seconds from login to launch, and is let in as long as the flood does not bring so many in that time."""

_logins, _sessions = sql(LoginRow), sql(SessionRow)
_expired_logins = select(_logins.c.state_hash).where(_logins.c.expires_at <= bindparam("now")).limit(SWEEP)
_expired_sessions = select(_sessions.c.id_hash).where(_sessions.c.expires_at <= bindparam("now")).limit(SWEEP)
# Used ones as well: whoever began a login can use it up with nonsense. What is held lives shorter and would always be
# the oldest; it goes through a door of its own, and so no flood reaches it.
_theirs = (_logins.c.about == bindparam("whose"), _logins.c.door == bindparam("at"))
_oldest = (
    select(_logins.c.state_hash).where(*_theirs).order_by(_logins.c.expires_at).limit(bindparam("excess"))
)
_of_login = (_logins.c.door, _logins.c.about, _logins.c.browser, _logins.c.kept, _logins.c.expires_at)
_of_session = (
    _sessions.c.person,
    _sessions.c.institution,
    _sessions.c.kept,
    _sessions.c.made_at,
    _sessions.c.seen_at,
    _sessions.c.expires_at,
)
_this_session = (_sessions.c.id_hash == bindparam("found"), _sessions.c.expires_at > bindparam("now"))


def _dropped(key: Column[Any], expires_at: Column[Any]) -> ReturningDelete[Any]:
    """Some expired rows, dropped by who has time: what a visitor is about to drop is left to that visitor."""
    expired = select(key).where(expires_at <= bindparam("now")).limit(SWEEP).with_for_update(skip_locked=True)
    return delete(key.table).where(key.in_(expired)).returning(key)


BEGIN_LOGIN = Ready(lambda insert: insert(_logins))
SWEEP_LOGINS = Ready(lambda _: delete(_logins).where(_logins.c.state_hash.in_(_expired_logins)))
DROP_EXPIRED_LOGINS = Ready(lambda _: _dropped(_logins.c.state_hash, _logins.c.expires_at))
COUNT_LOGINS = Ready(lambda _: select(func.count()).where(*_theirs))
DROP_OLDEST = Ready(lambda _: delete(_logins).where(_logins.c.state_hash.in_(_oldest)))
CONSUME = Ready(
    lambda _: (
        update(_logins)
        .where(
            _logins.c.state_hash == bindparam("found"),
            _logins.c.used_at.is_(None),
            _logins.c.expires_at > bindparam("now"),
        )
        .values(used_at=bindparam("now"))
        .returning(*_of_login)
    )
)
TAKE = Ready(
    lambda _: (
        delete(_logins)
        .where(
            _logins.c.state_hash == bindparam("found"),
            _logins.c.door == bindparam("at"),
            _logins.c.expires_at > bindparam("now"),
        )
        .returning(*_of_login)
    )
)
BEGIN_SESSION = Ready(lambda insert: insert(_sessions))
SWEEP_SESSIONS = Ready(lambda _: delete(_sessions).where(_sessions.c.id_hash.in_(_expired_sessions)))
DROP_EXPIRED_SESSIONS = Ready(lambda _: _dropped(_sessions.c.id_hash, _sessions.c.expires_at))
FIND_SESSION = Ready(lambda _: select(*_of_session).where(*_this_session))
END_SESSION = Ready(lambda _: delete(_sessions).where(*_this_session).returning(*_of_session))
DROP_SESSION = Ready(lambda _: delete(_sessions).where(_sessions.c.id_hash == bindparam("found")))


def digest(secret: str) -> str:
    """How a secret with enough randomness of its own is looked up: SHA-256, hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Passing(Repository):
    """What passes: a secret and small values, wrapped in one piece, and the sweep that goes with some writes."""

    def __init__(self, transaction: Transaction, sealer: Sealer, sweeps: Sweeps) -> None:
        super().__init__(transaction, sealer)
        self._sweeps = sweeps

    def _wrap(self, purpose: str, secret: str, values: Mapping[str, str]) -> str:
        return self._sealer.wrap(purpose, json.dumps([secret, dict(values)]))

    def _unwrap(self, purpose: str, kept: str) -> tuple[str, dict[str, str]] | None:
        """What is kept, unless its key is gone: then it has ended with it."""
        found = self._sealer.unwrap(purpose, kept)
        if found is None:
            return None
        secret, values = json.loads(found)
        return secret, values


class SqlLogins(Passing):
    def begin(self, login: Login, now: datetime) -> None:
        if self._sweeps.due(LOGIN, now):
            self._run_ready(SWEEP_LOGINS, now=now)
            self._keep_most(login)
        self._add(login)

    def hold(self, held: Login, now: datetime) -> None:
        if self._sweeps.due(LOGIN, now):
            self._run_ready(SWEEP_LOGINS, now=now)
        self._add(held)

    def consume(self, state: str, now: datetime) -> Login | None:
        return self._login_of(state, self._transaction.first(CONSUME, found=digest(state), now=now))

    def take(self, code: str, door: str, now: datetime) -> Login | None:
        return self._login_of(code, self._transaction.first(TAKE, found=digest(code), at=door, now=now))

    def drop_expired(self, now: datetime) -> int:
        return len(self._run_ready(DROP_EXPIRED_LOGINS, now=now))

    def _add(self, login: Login) -> None:
        # Added, never replaced: a state that was used must not become usable again.
        self._run_ready(
            BEGIN_LOGIN,
            state_hash=digest(login.state),
            door=login.door,
            about=login.about,
            browser=login.browser,
            kept=self._wrap(LOGIN, login.nonce, login.values),
            expires_at=login.expires_at,
            used_at=None,
        )

    def _login_of(self, state: str, taken: Row | None) -> Login | None:
        if taken is None:
            return None
        door, about, browser, kept, expires_at = taken
        found = self._unwrap(LOGIN, kept)
        if found is None:
            return None
        nonce, values = found
        return Login(state, nonce, door, about, browser, values, expires_at)

    def _keep_most(self, login: Login) -> None:
        found = self._run_ready(COUNT_LOGINS, whose=login.about, at=login.door)
        excess = found[0][0] - MOST_LOGINS
        if excess > 0:
            self._run_ready(DROP_OLDEST, whose=login.about, at=login.door, excess=excess)


class SqlSessions(Passing):
    def begin(self, session: Session) -> None:
        # Whoever visits takes expired sessions along; the worker's round finds what nobody came to take.
        if self._sweeps.due(SESSION, session.seen_at):
            self._run_ready(SWEEP_SESSIONS, now=session.seen_at)
        self._run_ready(BEGIN_SESSION, **self._columns(session))

    def put(self, session: Session) -> None:
        self._put(SessionRow, **self._columns(session))

    def get(self, id_hash: str, now: datetime) -> Session | None:
        return self._session_of(id_hash, self._transaction.first(FIND_SESSION, found=id_hash, now=now))

    def end(self, id_hash: str, now: datetime) -> Session | None:
        return self._session_of(id_hash, self._transaction.first(END_SESSION, found=id_hash, now=now))

    def drop_expired(self, now: datetime) -> int:
        return len(self._run_ready(DROP_EXPIRED_SESSIONS, now=now))

    def drop(self, id_hash: str) -> None:
        self._run_ready(DROP_SESSION, found=id_hash)

    def drop_of(self, person: PersonId) -> None:
        self._run(delete(SessionRow).where(SessionRow.person == person))

    def drop_by_door(self, institution: InstitutionId, door: str, spared: str = "") -> int:
        came = select(IdentityRow.person).where(
            IdentityRow.institution == institution, IdentityRow.door == door
        )
        return self._run(delete(SessionRow).where(SessionRow.person.in_(came), SessionRow.id_hash != spared))

    def _columns(self, session: Session) -> dict[str, object]:
        return {
            "id_hash": session.id_hash,
            "person": session.person,
            "institution": session.institution,
            "kept": self._wrap(SESSION, session.csrf, session.values),
            "made_at": session.made_at,
            "seen_at": session.seen_at,
            "expires_at": session.expires_at,
        }

    def _session_of(self, id_hash: str, found: Row | None) -> Session | None:
        if found is None:
            return None
        person, institution, kept, made_at, seen_at, expires_at = found
        opened = self._unwrap(SESSION, kept)
        if opened is None:
            return None
        csrf, values = opened
        known = None if institution is None else InstitutionId(institution)
        return Session(id_hash, person, known, csrf, values, made_at, seen_at, expires_at)
