"""Where the machines play: the real engine over a real SQLite file, two schools with equal ids and addresses."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from coplink import registry
from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.errors import CoplinkError
from coplink.core.people import AccountId, InstitutionId, Person
from coplink.engine import connect
from coplink.engine.arrive import Welcome, arrive
from coplink.engine.sweep import sweep
from coplink.jobs.inline import InlineJobs
from coplink.ports.mail import Handed, Letter
from coplink.settings import Settings
from coplink.simulation.house import fast_folder, settings_in
from coplink.storage.database import make_engine, upgrade
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.board import Board
from coplink.testing.pinboard import PinBoard
from coplink.testing.rosters import PaperRoster
from coplink.wiring import build
from coplink.worker.handlers import Worker

_OBSERVERS: list[sqlite3.Connection] = []  # of the run under way; one run at a time
LONG_AGO = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A clock that the machine moves."""

    def __init__(self) -> None:
        self.at = LONG_AGO

    def now(self) -> datetime:
        return self.at

    def advance(self, to: datetime) -> None:
        self.at = max(self.at, to)


class PaperMail:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []

    @contextmanager
    def open(self) -> Iterator[PaperMail]:
        yield self

    def hand_over(self, letter: Letter) -> Handed:
        self.sent.append(letter)
        return Handed.TAKEN


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return fast_folder("coplink-machines-")


@cache
def _settings() -> Settings:
    return settings_in(Path(_folder().name), _file().name)


@cache
def _engine() -> tuple[Engine, bytes]:
    """One for all runs of this process, one after the other; and the file when nobody is in it."""
    engine = make_engine(_settings().database_url)
    upgrade(engine)
    engine.dispose()
    return engine, _file().read_bytes()


def _file() -> Path:
    return Path(_folder().name) / "machines.sqlite"


@dataclass(frozen=True)
class Begun:
    """A stage as it stands once everything is set up."""

    disk: bytes
    rooms: dict[str, Board]
    counter: int
    at: datetime
    schools: tuple[tuple[InstitutionId, ...], dict[InstitutionId, Person]]


class Stage:
    """Two schools, each with a staff room; whoever tries something is told whether it was refused."""

    def __init__(self, begun: Begun | None = None) -> None:
        engine, empty = _engine()
        engine.dispose()
        while _OBSERVERS:
            _OBSERVERS.pop().close()
        for old in _file().parent.glob(f"{_file().name}*"):
            old.unlink()
        _file().write_bytes(begun.disk if begun else empty)
        self.disk = sqlite3.connect(_file(), isolation_level=None)
        _OBSERVERS.append(self.disk)
        self.clock, self.mail, self.roster = Clock(), PaperMail(), PaperRoster()
        self.services = services = build(_settings(), self.clock)
        self.counter = begun.counter if begun else 1
        services.storage = SqlStorage(engine, services.sealer, services.enqueue_marked, self._fresh)
        pinboard = PinBoard()
        if begun:
            self.clock.at = begun.at
            pinboard.rooms.update(deepcopy(begun.rooms))
        self.boards = pinboard.rooms
        self.services.installed = registry.Found({"pinboard": pinboard}, ())
        self.services.rosters, self.services.mail = self.roster, self.mail
        self.jobs = InlineJobs(Worker(self.services).perform, self.clock, advance=self.clock.advance)
        self.services.jobs = self.jobs
        self.sealer, self.manifests = self.services.sealer, self.services.manifests
        self.refusal = ""
        self.schools, self.admins = begun.schools if begun else self.act(self._two_schools)

    def begun(self) -> Begun:
        """How it stands, to begin another run from."""
        return Begun(
            self.disk.serialize(),
            deepcopy(dict(self.boards)),
            self.counter,
            self.now,
            (self.schools, self.admins),
        )

    def _fresh(self) -> str:
        self.counter += 1
        return f"{self.counter:032x}"

    def _two_schools(self, uow: Any) -> tuple[tuple[InstitutionId, ...], dict[InstitutionId, Any]]:
        schools, admins = [], {}
        for name, room in (("Riverbend", "here"), ("Lakeside", "there")):
            school = connect.add_institution(uow, name, listed=True)
            connect.connect(
                uow,
                school.id,
                self.manifests["pinboard"],
                {"room": room, "key": "cupboard"},
                lambda values: self.services.look_over("pinboard", values),
                self.now,
            )
            invited = connect.invite_admin(uow, school, "Kim", self.now)
            admins[school.id] = connect.admin_of(uow, invited.token, self.now)
            schools.append(school.id)
        return tuple(schools), admins

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def act(self, verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """One act, kept at once."""
        with self.services.begin() as uow:
            done = verb(uow, *args, **named)
            uow.commit()
        return done

    def look(self, verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Something read, and nothing kept."""
        with self.services.begin() as uow:
            return verb(uow, *args, **named)

    def tries(self, verb: Callable[..., Any], *args: Any, **named: Any) -> bool:
        """An act that may be refused; whether it was done."""
        self.refusal = ""
        try:
            self.act(verb, *args, **named)
        except CoplinkError as refused:
            self.refusal = f"{refused.message} {refused.detail}"
            return False
        return True

    def come(
        self,
        school: InstitutionId,
        subject: str,
        *,
        door: str = "lti",
        realm: str = "realm",
        accounts: tuple[tuple[str, str], ...] = (),
        course: bool = False,
        leads: bool = False,
    ) -> Welcome:
        """Somebody comes through a door; at both schools people of one number have one address."""
        arrival = Arrival(
            door,
            school,
            realm,
            subject,
            subject.title(),
            f"{subject}@school.example",
            context=Context("realm", "course-1", "Course") if course else None,
            leads_context=leads,
            accounts=tuple(
                ProvedAccount(on, AccountId(one), f"{one}@school.example") for on, one in accounts
            ),
            roster=RosterSourceAddress("realm", {"url": "x"}) if course else None,
        )
        return self.act(arrive, arrival, self.now)

    def work(self, patience: float = 3600) -> None:
        """Run jobs until nothing is due within so many seconds."""
        ends = self.now + timedelta(seconds=patience)
        while True:
            self.jobs.run_until_idle()
            with self.services.begin() as uow:
                waits = [one.not_before for one in uow.work.all() if not one.done and one.not_before]
            due = [moment for moment in waits if moment <= ends]
            if not due:
                return
            self.clock.advance(min(due))
            sweep(self.services.begin, self.jobs, self.now)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What lies on the disk."""
        return self.disk.execute(query).fetchall()

    def tables(self, *but: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, as it lies on the disk."""
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(map(repr, self.rows(f"SELECT * FROM {name}")))
            for (name,) in names
            if name not in but
        }
