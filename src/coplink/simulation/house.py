"""The database and the services of one world; the services are thrown away by a crash and made anew on what is left."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from coplink import registry
from coplink.jobs.inline import InlineJobs
from coplink.ports.integration import Integration
from coplink.ports.rosters import RosterSource
from coplink.settings import Settings, load
from coplink.storage.backup import know_less
from coplink.storage.database import make_engine, upgrade
from coplink.storage.unit_of_work import SqlStorage, SqlUnitOfWork
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker

MASTER_KEY = "c2ltdWxhdGVkIHdvcmxkcyBob2xkIG5vIHNlY3JldHM="
FAST = Path("/dev/shm")  # noqa: S108  (a folder of its own is made in it)

_BEGINNING: list[str] = []  # the empty database of whoever began this process
_OBSERVERS: list[sqlite3.Connection] = []  # of this process's world; one world at a time


class MovedClock:
    """The world's clock, in UTC."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The present moment."""
        return self.at

    def advance(self, to: datetime) -> None:
        """Go on to a moment that has not come yet."""
        self.at = max(self.at, to)

    def pass_by(self, **time_gone: float) -> None:
        """Let time pass, or jump back."""
        self.at += timedelta(**time_gone)


class Storage(SqlStorage):
    """The real storage; ``dies`` is asked before and after each commit whether the process ends there."""

    dies: Callable[[str], None] = staticmethod(lambda _: None)

    @contextmanager
    def begin(self, lasting: bool = True, single: bool = False) -> Iterator[SqlUnitOfWork]:
        """A unit of work; nothing here waits for a disk."""
        with super().begin(lasting=False, single=single) as uow:
            commit = uow.commit

            def commit_or_die() -> None:
                self.dies("before commit")
                commit()
                self.dies("after commit")

            uow.commit = commit_or_die  # type: ignore[method-assign]
            yield uow

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._turn is not None and self._turn.locked()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return fast_folder("coplink-sim-")


def fast_folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """A folder of its own, in memory where the machine has such; gone with the process."""
    return tempfile.TemporaryDirectory(
        prefix=prefix, dir=FAST if FAST.is_dir() else None, ignore_cleanup_errors=True
    )


@cache
def _settings() -> Settings:
    return settings_in(Path(_folder().name), "world.sqlite")


def settings_in(folder: Path, file: str) -> Settings:
    """Of a house that keeps everything in one folder and holds no secrets."""
    return load(
        env_file=None,
        base_url="http://127.0.0.1:8080",
        loopback=True,
        data_dir=folder,
        database_url=f"sqlite:///{folder / file}",
        master_keys=MASTER_KEY,
    )


@cache
def _engine() -> Any:
    """One for all worlds of this process, one after the other: what it has compiled stays compiled."""
    empty_database()
    return make_engine(_settings().database_url)


def _file() -> Path:
    return Path(_folder().name) / "world.sqlite"


@cache
def empty_database() -> str:
    """The file of a database with every table and no row, made once for all processes that live worlds."""
    if _BEGINNING:
        return _BEGINNING[0]
    made, copied = Path(_folder().name) / "made.sqlite", Path(_folder().name) / "empty.sqlite"
    engine = make_engine(f"sqlite:///{made}")
    upgrade(engine)
    engine.dispose()
    with closing(sqlite3.connect(made)) as full, closing(sqlite3.connect(copied)) as copy:
        full.backup(copy)
    return str(copied)


def begin_with(empty: str) -> None:
    """Take the database another process has made."""
    _BEGINNING[:] = [empty]


class House:
    """What runs coplink in one world. ``restart`` is what a crash, or somebody, does."""

    def __init__(
        self,
        clock: MovedClock,
        integrations: Mapping[str, Integration],
        rosters: RosterSource,
        fresh: Callable[[], str],
        dies: Callable[[str], None],
        began: Callable[[str, str], None],
        ended: Callable[[str, str], None],
    ) -> None:
        self.clock = clock
        self._integrations, self._rosters, self._fresh = integrations, rosters, fresh
        self._dies, self._began, self._ended = dies, began, ended
        self._empty()
        self.restart()

    def _empty(self) -> None:
        engine = _engine()
        while _OBSERVERS:
            _OBSERVERS.pop().close()
        engine.dispose()
        for old in _file().parent.glob(f"{_file().name}-*"):
            old.unlink()
        shutil.copy(empty_database(), _file())
        self._observer = sqlite3.connect(_file(), isolation_level=None)
        _OBSERVERS.append(self._observer)

    def restart(self) -> None:
        """Forget what only the process knew: open connections, jobs waiting."""
        self.services: Services = build(_settings(), self.clock, registry.Found(self._integrations, ()))
        services = self.services
        self.storage = Storage(_engine(), services.sealer, services.enqueue_marked, self._fresh)
        self.storage.dies = self._dies
        services.storage = self.storage
        services.rosters = self._rosters
        worker = Worker(services)

        def perform(name: str, target: str, attempt: int) -> float | None:
            self._began(name, target)
            waits = worker.perform(name, target, attempt)
            self._ended(name, target)
            return waits

        self.jobs = InlineJobs(perform, self.clock)
        services.jobs = self.jobs

    def sql(self, words: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database beside everything else, as an observer does."""
        return self._observer.execute(words, values).fetchall()

    def know_less(self) -> None:
        """What a restored copy goes through before it is used."""
        with _engine().begin() as connection:
            know_less(connection, self.clock.now())

    def change(self, words: str, *values: object) -> None:
        """Change the database behind coplink's back."""
        self._observer.execute(words, values)
