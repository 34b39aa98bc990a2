"""A school with a pin board, a real database in memory, and jobs that run when told to."""

from __future__ import annotations

import functools
import itertools
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from tests.letters import sent_by

from coplink import registry
from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.community import Community
from coplink.core.people import AccountId, Institution, InstitutionId, Membership, Person, Role
from coplink.core.rhythm import Break, Rhythm, Weekly
from coplink.core.spaces import Space
from coplink.core.work import Kind
from coplink.engine import connect, disclosures, found, join
from coplink.engine.arrive import Welcome, arrive
from coplink.engine.sweep import sweep
from coplink.jobs.inline import InlineJobs
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.beginnings import PlayedByHand, Untouched, once
from coplink.testing.databases import sqlite_url
from coplink.testing.pinboard import Board, PinBoard
from coplink.testing.rosters import PaperRoster
from coplink.testing.smtp import MailServer
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker


@dataclass
class MovingClock:
    """A clock that the test moves."""

    at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, to: datetime) -> None:
        self.at = max(self.at, to)

    def pass_by(self, **time_gone: float) -> None:
        self.at += timedelta(**time_gone)


@dataclass
class School(PlayedByHand):
    """Everything a test of the engine touches."""

    own = ("counter", "here", "there")

    services: Services
    clock: MovingClock
    jobs: InlineJobs
    here: Institution
    there: Institution
    boards: dict[str, Board]
    roster: PaperRoster
    untouched: Untouched | bool = False
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def arrive(
        self,
        subject: str,
        name: str = "",
        leads: bool = False,
        account: str | None = None,
        institution: Institution | None = None,
        door: str = "lti",
        course: bool = True,
    ) -> Welcome:
        """Someone comes through a door; ``account`` is proved by it."""
        proved = (
            (ProvedAccount("pinboard", AccountId(account), f"{account}@school.example"),) if account else ()
        )
        arrival = Arrival(
            door,
            (institution or self.here).id,
            "realm",
            subject,
            name or subject.title(),
            f"{subject}@school.example",
            context=Context("realm", "course-1", "Course") if course else None,
            leads_context=leads,
            accounts=proved,
            roster=RosterSourceAddress("realm", {"url": "x"}) if course else None,
        )
        with self.services.begin() as uow:
            welcome = arrive(uow, arrival, self.clock.now())
            uow.commit()
        return welcome

    def found(self, founder: Person, places: int = 1, name: str = "Literacy") -> Community:
        """Found a community in the first places that can be chosen."""
        origin = found.Origin(Context("realm", "course-1", "Course"), {"url": "x"}, {})
        with self.services.begin() as uow:
            possible = found.places(uow, founder, origin, self.services.manifests)
            answers = found.Answers(
                f"form-{name}",
                name,
                "Reading in every subject",
                "Teachers of Riverbend",
                "",
                tuple(place.connection for place in possible[:places]),
                RHYTHM,
            )
            community = found.found(uow, founder, origin, answers, self.services.manifests, self.clock.now())
            uow.commit()
        return community

    def join(self, community: Community, person: Person, told: bool = True) -> Membership:
        """The person's own act; ``told`` that platforms of other schools get their address."""
        with self.services.begin() as uow:
            membership = join.accept(uow, self.services.sealer, community, person, self.clock.now())
            if told:
                schools = [one.id for one in disclosures.elsewhere(uow, community.id, person)]
                disclosures.told(uow, community.id, person, schools, self.clock.now())
            uow.commit()
        return membership

    def work(self, patience: float = 3600) -> None:
        """Run jobs until nothing is due within so many seconds; the clock goes on to whatever is due by itself."""
        ends = self.clock.now() + timedelta(seconds=patience)
        while True:
            self.jobs.run_until_idle()
            with self.services.begin() as uow:
                waits = [s.not_before for s in uow.work.all() if not s.done and s.not_before]
            due = [moment for moment in waits if moment <= ends]
            if not due:
                return
            self.clock.advance(min(due))
            sweep(self.services.begin, self.jobs, self.clock.now())

    def mark(self, community: Community, kind: Kind) -> None:
        """Ask for one kind of work in every space of a community."""
        with self.services.begin() as uow:
            for space in uow.spaces.of(community.id):
                uow.work.mark(kind, space.id, community.id)
            uow.commit()

    def spaces(self, community: Community) -> list[Space]:
        with self.services.begin() as uow:
            return list(uow.spaces.of(community.id))

    @property
    def fixed(self) -> Mapping[str, Any]:
        """Nothing needs a name."""
        return {}

    @property
    def board(self) -> Board:
        """The board of our own staff room, whether or not anybody was there yet."""
        return self.boards.setdefault("here", Board())


RHYTHM = Rhythm(
    "America/Los_Angeles",
    time(16),
    45,
    date(2026, 12, 2),
    date(2027, 6, 1),
    Weekly(2, (2,)),
    (Break(date(2026, 12, 21), date(2027, 1, 1), "Winter break"),),
)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    engine = make_engine(sqlite_url(folder))
    upgrade(engine)
    engine.dispose()
    return folder / "test.sqlite"


@functools.cache
def master_key() -> str:
    """One for the whole test process, or no school could read what another has sealed."""
    return Fernet.generate_key().decode()


@pytest.fixture
def school(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path) -> School:
    shutil.copy(empty_database, tmp_path)
    clock = MovingClock()
    settings = load(
        env_file=None,
        base_url="http://127.0.0.1:8080",
        loopback=True,
        data_dir=tmp_path,
        database_url=sqlite_url(tmp_path),
        master_keys=master_key(),
    )
    services = build(settings, clock)
    pinboard = PinBoard()
    services.installed = registry.Found({"pinboard": pinboard}, ())
    roster = PaperRoster()
    services.rosters = roster
    jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    services.jobs = jobs
    nowhere = Institution(InstitutionId(""), "")
    untouched = Untouched(services, request.fixturenames)
    school = School(services, clock, jobs, nowhere, nowhere, pinboard.rooms, roster, untouched)
    school.here, school.there = two_institutions(school)
    return school


@once
def two_institutions(school: School) -> tuple[Institution, Institution]:
    """Riverbend and Lakeside, with a staff room each."""
    services, clock = school.services, school.clock
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend")
        there = connect.add_institution(uow, "Lakeside", listed=True)
        for institution, room in ((here, "here"), (there, "there")):
            connect.connect(
                uow,
                institution.id,
                services.manifests["pinboard"],
                {"room": room, "key": "cupboard"},
                lambda values: services.look_over("pinboard", values),
                clock.now(),
            )
        uow.commit()
    return here, there


@pytest.fixture
def server(school: School) -> Iterator[MailServer]:
    """What takes the letters of this school's coplink."""
    with sent_by(school.services, school.clock, timeout=0.5) as made:
        yield made


@pytest.fixture
@once
def ana(school: School) -> Person:
    """Somebody who leads, with a proved account."""
    return school.arrive("ana", leads=True, account="1").person


@pytest.fixture
@once
def community(school: School, ana: Person) -> Community:
    """A community of Ana's that Bo has joined; everything is done."""
    made = school.found(ana)
    bo = school.arrive("bo", account="2").person
    with school.services.begin() as uow:
        join.offer(uow, made.id, bo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(made, bo)
    school.work()
    return made
