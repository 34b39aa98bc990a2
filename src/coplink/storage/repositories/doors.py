"""Logins under way and visitors' sessions."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, select, update

from coplink.core.people import InstitutionId, PersonId
from coplink.ports.records import Login, Session
from coplink.storage.repositories.base import SERVER, Repository
from coplink.storage.tables import LoginRow, SessionRow

NONCE, LOGIN_VALUES = "login nonce", "login values"
FORM_SECRET, SESSION_VALUES = "session form secret", "session values"


def digest(secret: str) -> str:
    """How a secret with enough randomness of its own is looked up: SHA-256, hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SqlLogins(Repository):
    def begin(self, login: Login, now: datetime) -> None:
        self._drop_some(LoginRow, LoginRow.state_hash, LoginRow.expires_at <= now)
        # Added, never replaced: a state that was used must not become usable again.
        self._run(
            self._insert(LoginRow).values(
                state_hash=digest(login.state),
                nonce=self._sealer.seal(SERVER, NONCE, login.nonce),
                door=login.door,
                about=login.about,
                browser=login.browser,
                values=self._seal_map(SERVER, LOGIN_VALUES, login.values),
                expires_at=login.expires_at,
                used_at=None,
            )
        )

    def consume(self, state: str, now: datetime) -> Login | None:
        taken = self._session.scalars(
            update(LoginRow)
            .where(
                LoginRow.state_hash == digest(state),
                LoginRow.used_at.is_(None),
                LoginRow.expires_at > now,
            )
            .values(used_at=now)
            .returning(LoginRow)
        ).one_or_none()
        if taken is None:
            return None
        return Login(
            state=state,
            nonce=self._sealer.open(SERVER, NONCE, taken.nonce),
            door=taken.door,
            about=taken.about,
            browser=taken.browser,
            values=self._open_map(SERVER, LOGIN_VALUES, taken.values),
            expires_at=taken.expires_at,
        )


class SqlSessions(Repository):
    def put(self, session: Session) -> None:
        # Whoever visits takes expired sessions along: there is no cleaner, and none is needed.
        self._drop_some(SessionRow, SessionRow.id_hash, SessionRow.expires_at <= session.seen_at)
        self._put(
            SessionRow,
            id_hash=session.id_hash,
            person=session.person,
            institution=session.institution,
            csrf=self._sealer.seal(SERVER, FORM_SECRET, session.csrf),
            values=self._seal_map(SERVER, SESSION_VALUES, session.values),
            made_at=session.made_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
        )

    def get(self, id_hash: str, now: datetime) -> Session | None:
        row = self._one(select(SessionRow).where(SessionRow.id_hash == id_hash, SessionRow.expires_at > now))
        if row is None:
            return None
        return Session(
            id_hash=row.id_hash,
            person=row.person,
            institution=None if row.institution is None else InstitutionId(row.institution),
            csrf=self._sealer.open(SERVER, FORM_SECRET, row.csrf),
            values=self._open_map(SERVER, SESSION_VALUES, row.values),
            made_at=row.made_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
        )

    def drop(self, id_hash: str) -> None:
        self._run(delete(SessionRow).where(SessionRow.id_hash == id_hash))

    def drop_of(self, person: PersonId) -> None:
        self._run(delete(SessionRow).where(SessionRow.person == person))
