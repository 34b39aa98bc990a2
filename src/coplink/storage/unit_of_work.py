"""One transaction over everything, and the way to open one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from coplink.core.work import Dirty
from coplink.ports.sealing import Sealer
from coplink.ports.storage import AfterCommit
from coplink.storage.repositories.announcements import SqlAnnounced
from coplink.storage.repositories.base import Repository
from coplink.storage.repositories.catalogue import SqlCatalogue
from coplink.storage.repositories.checks import SqlChecks
from coplink.storage.repositories.communities import SqlCommunities
from coplink.storage.repositories.copies import SqlCopies, SqlNoticeServices
from coplink.storage.repositories.doors import Passing, SqlLogins, SqlSessions
from coplink.storage.repositories.doorstep import SqlDoorstep
from coplink.storage.repositories.guests import SqlGuests
from coplink.storage.repositories.institutions import SqlInstitutions
from coplink.storage.repositories.journal import SqlJournal
from coplink.storage.repositories.ledger import SqlLedger
from coplink.storage.repositories.links import SqlLinks
from coplink.storage.repositories.mails import SqlMails
from coplink.storage.repositories.meetings import SqlMeetings
from coplink.storage.repositories.people import SqlPeople
from coplink.storage.repositories.plans import SqlPlans
from coplink.storage.repositories.platforms import SqlPlatforms
from coplink.storage.repositories.records import SqlRecords
from coplink.storage.repositories.rosters import SqlRosters
from coplink.storage.repositories.spaces import SqlSpaces
from coplink.storage.repositories.traces import SqlTraces
from coplink.storage.repositories.watches import SqlWatches
from coplink.storage.repositories.work import SqlWork
from coplink.storage.sweeps import Sweeps
from coplink.storage.transaction import Transaction

REPOSITORIES: dict[str, type[Repository]] = {
    "institutions": SqlInstitutions,
    "doorstep": SqlDoorstep,
    "platforms": SqlPlatforms,
    "logins": SqlLogins,
    "sessions": SqlSessions,
    "links": SqlLinks,
    "people": SqlPeople,
    "guests": SqlGuests,
    "communities": SqlCommunities,
    "rosters": SqlRosters,
    "copies": SqlCopies,
    "notice_services": SqlNoticeServices,
    "spaces": SqlSpaces,
    "ledger": SqlLedger,
    "plans": SqlPlans,
    "journal": SqlJournal,
    "meetings": SqlMeetings,
    "catalogue": SqlCatalogue,
    "watches": SqlWatches,
    "announced": SqlAnnounced,
    "checks": SqlChecks,
    "work": SqlWork,
    "records": SqlRecords,
    "traces": SqlTraces,
    "mails": SqlMails,
}


class SqlUnitOfWork:
    """Every repository on one transaction; belongs to one thread."""

    institutions: SqlInstitutions
    doorstep: SqlDoorstep
    platforms: SqlPlatforms
    logins: SqlLogins
    sessions: SqlSessions
    links: SqlLinks
    people: SqlPeople
    guests: SqlGuests
    communities: SqlCommunities
    rosters: SqlRosters
    copies: SqlCopies
    notice_services: SqlNoticeServices
    spaces: SqlSpaces
    ledger: SqlLedger
    plans: SqlPlans
    journal: SqlJournal
    meetings: SqlMeetings
    catalogue: SqlCatalogue
    watches: SqlWatches
    announced: SqlAnnounced
    checks: SqlChecks
    work: SqlWork
    records: SqlRecords
    traces: SqlTraces
    mails: SqlMails

    def __init__(
        self,
        transaction: Transaction,
        sealer: Sealer,
        sweeps: Sweeps,
        after_commit: AfterCommit | None,
        fresh: Callable[[], str],
    ) -> None:
        self._transaction = transaction
        self._sealer = sealer
        self._sweeps = sweeps
        self._after_commit = after_commit
        self._fresh = fresh
        self._marked: dict[tuple[str, str], Dirty] = {}

    def __getattr__(self, name: str) -> Any:
        """A repository is made when it is first asked for: a page needs two or three of them."""
        kind = REPOSITORIES.get(name)
        if kind is None:
            raise AttributeError(name)
        made: Repository
        if kind is SqlWork:
            made = SqlWork(self._transaction, self._sealer, self._mark)
        elif issubclass(kind, Passing):
            made = kind(self._transaction, self._sealer, self._sweeps)
        else:
            made = kind(self._transaction, self._sealer)
        setattr(self, name, made)
        return made

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *REPOSITORIES]

    @property
    def _session(self) -> Session:
        return self._transaction.session

    def new_id(self) -> str:
        """A fresh random id, 32 hex digits."""
        return self._fresh()

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

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        after_commit: AfterCommit | None = None,
        fresh: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._engine = engine
        self._fresh = fresh
        self._sealer = sealer
        self._after_commit = after_commit
        self._sweeps = Sweeps()
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def begin(self, lasting: bool = True, single: bool = False) -> Iterator[SqlUnitOfWork]:
        """A unit of work; leaving the block without ``commit()`` takes everything back.

        One that need not be lasting is not waited for until it is on SQLite's disk: a machine that loses its power may
        lose the last of these, whole, and nothing else. In a ``single`` one every statement is kept at once.
        """
        transaction = Transaction(self._engine, lasting, self._turn, single)
        try:
            yield SqlUnitOfWork(transaction, self._sealer, self._sweeps, self._after_commit, self._fresh)
        finally:
            transaction.end()
