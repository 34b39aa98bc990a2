"""One transaction over everything, and the way to open one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from coplink.core.work import Dirty
from coplink.ports.sealing import Sealer
from coplink.ports.storage import AfterCommit
from coplink.storage.repositories.catalogue import SqlCatalogue
from coplink.storage.repositories.communities import SqlCommunities
from coplink.storage.repositories.copies import SqlCopies, SqlNoticeServices
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
from coplink.storage.sweeps import Sweeps
from coplink.storage.transaction import Transaction


class SqlUnitOfWork:
    """Every repository on one transaction; belongs to one thread."""

    def __init__(
        self, transaction: Transaction, sealer: Sealer, sweeps: Sweeps, after_commit: AfterCommit | None
    ) -> None:
        self._transaction = transaction
        self._after_commit = after_commit
        self._marked: dict[tuple[str, str], Dirty] = {}
        self.institutions = SqlInstitutions(transaction, sealer)
        self.platforms = SqlPlatforms(transaction, sealer)
        self.logins = SqlLogins(transaction, sealer, sweeps)
        self.sessions = SqlSessions(transaction, sealer, sweeps)
        self.links = SqlLinks(transaction, sealer)
        self.people = SqlPeople(transaction, sealer)
        self.communities = SqlCommunities(transaction, sealer)
        self.rosters = SqlRosters(transaction, sealer)
        self.copies = SqlCopies(transaction, sealer)
        self.notice_services = SqlNoticeServices(transaction, sealer)
        self.spaces = SqlSpaces(transaction, sealer)
        self.ledger = SqlLedger(transaction, sealer)
        self.journal = SqlJournal(transaction, sealer)
        self.meetings = SqlMeetings(transaction, sealer)
        self.catalogue = SqlCatalogue(transaction, sealer)
        self.watches = SqlWatches(transaction, sealer)
        self.work = SqlWork(transaction, sealer, self._mark)
        self.records = SqlRecords(transaction, sealer)

    @property
    def _session(self) -> Session:
        return self._transaction.session

    def new_id(self) -> str:
        """A fresh random id, 32 hex digits."""
        return uuid.uuid4().hex

    def commit(self) -> None:
        """Keep everything, then tell what was marked; what was marked twice is told once, as it stands now."""
        self._transaction.commit()
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
        self._sweeps = Sweeps()

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work; leaving the block without ``commit()`` takes everything back."""
        transaction = Transaction(self._engine)
        try:
            yield SqlUnitOfWork(transaction, self._sealer, self._sweeps, self._after_commit)
        finally:
            transaction.end()
