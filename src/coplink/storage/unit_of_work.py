"""One transaction over everything, and the way to open one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from coplink.core.work import Dirty
from coplink.ports.sealing import Sealer
from coplink.ports.storage import AfterCommit
from coplink.storage.repositories.catalogue import SqlCatalogue
from coplink.storage.repositories.communities import SqlCommunities
from coplink.storage.repositories.doors import SqlLogins, SqlSessions
from coplink.storage.repositories.institutions import SqlInstitutions
from coplink.storage.repositories.journal import SqlJournal
from coplink.storage.repositories.ledger import SqlLedger
from coplink.storage.repositories.links import SqlLinks
from coplink.storage.repositories.meetings import SqlMeetings
from coplink.storage.repositories.people import SqlPeople
from coplink.storage.repositories.platforms import SqlPlatforms
from coplink.storage.repositories.records import SqlRecords
from coplink.storage.repositories.rosters import SqlRosters
from coplink.storage.repositories.spaces import SqlSpaces
from coplink.storage.repositories.watches import SqlWatches
from coplink.storage.repositories.work import SqlWork


class SqlUnitOfWork:
    """Every repository on one session; belongs to one thread."""

    def __init__(self, session: Session, sealer: Sealer, after_commit: AfterCommit | None) -> None:
        self._session = session
        self._after_commit = after_commit
        self._marked: dict[tuple[str, str], Dirty] = {}
        self.institutions = SqlInstitutions(session, sealer)
        self.platforms = SqlPlatforms(session, sealer)
        self.logins = SqlLogins(session, sealer)
        self.sessions = SqlSessions(session, sealer)
        self.links = SqlLinks(session, sealer)
        self.people = SqlPeople(session, sealer)
        self.communities = SqlCommunities(session, sealer)
        self.rosters = SqlRosters(session, sealer)
        self.spaces = SqlSpaces(session, sealer)
        self.ledger = SqlLedger(session, sealer)
        self.journal = SqlJournal(session, sealer)
        self.meetings = SqlMeetings(session, sealer)
        self.catalogue = SqlCatalogue(session, sealer)
        self.watches = SqlWatches(session, sealer)
        self.work = SqlWork(session, sealer, self._mark)
        self.records = SqlRecords(session, sealer)

    def new_id(self) -> str:
        """A fresh random id, 32 hex digits."""
        return uuid.uuid4().hex

    def commit(self) -> None:
        """Keep everything, then tell what was marked; what was marked twice is told once, as it stands now."""
        self._session.commit()
        marked, self._marked = list(self._marked.values()), {}
        if marked and self._after_commit is not None:
            self._after_commit(marked)

    def _mark(self, dirty: Dirty) -> None:
        self._marked[dirty.kind, dirty.target] = dirty


class SqlStorage:
    """Opens units of work on one engine; ``after_commit`` hears what each commit marked."""

    def __init__(self, engine: Engine, sealer: Sealer, after_commit: AfterCommit | None = None) -> None:
        self._engine = engine
        self._sealer = sealer
        self._after_commit = after_commit

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work; leaving the block without ``commit()`` takes everything back.

        Rows are read anew each time (``populate_existing``): repositories write statements, they do not change objects.
        """
        options = {"populate_existing": True, "synchronize_session": False}
        session = Session(self._engine, autoflush=False, execution_options=options)
        try:
            yield SqlUnitOfWork(session, self._sealer, self._after_commit)
        finally:
            _end(session)


def _end(session: Session) -> None:
    """Take back what was not committed and return the connection.

    A server that has gone away took it back by itself: that is no reason to hide what was read, or another error.
    """
    try:
        session.close()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session.invalidate()
