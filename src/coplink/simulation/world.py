"""One world: institutions, their people and suites, the communities, and what time does to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from coplink.campus.course import Courses
from coplink.campus.rooms import Rooms
from coplink.campus.suite import Suite, manifest_of
from coplink.campus.weather import Crash, Fault, Weather
from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.community import Community
from coplink.core.people import AccountId, CommunityId, Institution, Person, PersonId
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceKind
from coplink.core.work import Kind
from coplink.engine import connect, found
from coplink.engine.arrive import arrive
from coplink.engine.sweep import due_by_time, sweep
from coplink.ports.storage import UnitOfWork
from coplink.simulation.brakes import Brakes
from coplink.simulation.house import House, MovedClock
from coplink.simulation.truth import Guardian, Human, Truth, Word

START = datetime(2026, 9, 28, 15, tzinfo=UTC)
PEOPLE = 7
SUITES = {"north": ("canvas", "teams"), "south": ("canvas", "google")}
KINDS = {
    "canvas": (SpaceKind.GROUP, timedelta(seconds=10), 2),
    "teams": (SpaceKind.CHANNEL, timedelta(seconds=300), 5),
    "google": (SpaceKind.DRIVE, timedelta(seconds=60), 3),
}
ZONE = "America/Los_Angeles"
DAY = timedelta(days=1)
MOST_GOES = 4000


@dataclass(frozen=True)
class Options:
    """What a seed makes of a world, all of it drawn before anything happens."""

    seed: int
    storm: float
    crashes: float
    both: bool
    places: int
    hints: bool
    losses: bool
    start: datetime
    mixed_up: bool

    @classmethod
    def drawn(cls, seed: int, draw: Random) -> Options:
        """From the seed alone."""
        return cls(
            seed,
            storm=draw.choice((0.0, 0.05, 0.15, 0.35)),
            crashes=draw.choice((0.0, 0.0, 0.02, 0.06)),
            both=draw.random() < 0.35,
            places=draw.choice((2, 3, 3, 4)),
            hints=draw.random() < 0.9,
            losses=draw.random() < 0.25,
            start=START + timedelta(days=draw.randrange(170)),
            mixed_up=seed % 6 == 5,  # drawn from nothing: worlds that are kept stay what they were
        )


class World:
    """Everything that is there, and the hands that move it."""

    def __init__(
        self, seed: int, told: Callable[[str], None] = lambda _: None, weather: Weather | None = None
    ) -> None:
        self.draw = Random(seed)  # noqa: S311  (worlds, not secrets)
        self.options = Options.drawn(seed, self.draw)
        self.told = told
        self.clock = MovedClock(self.options.start)
        self.truth = Truth()
        self.guardian = Guardian(self.truth)
        self.weather = weather or Weather(self.draw, self._rates())
        self.weather.told = told
        self.truth.calls = lambda: len(self.weather.calls)
        self.courses = Courses(self.weather)
        self.suites: dict[str, dict[str, Rooms]] = {key: {} for key in KINDS}
        for institution, keys in SUITES.items():
            people = {Human(institution, n).account: Human(institution, n).email for n in range(PEOPLE)}
            for key in keys:
                rooms = Rooms(institution, key, self.clock, KINDS[key][1], self.guardian, people)
                rooms.told = told
                self.suites[key][institution] = rooms
        integrations = {
            key: Suite(manifest_of(key, *KINDS[key]), self.suites[key], self.weather) for key in KINDS
        }
        self.crashes = 0
        self.brakes = Brakes(self)
        self._running: tuple[str, str] | None = None
        self._troubles = 0
        self.house = House(
            self.clock, integrations, self.courses, self._fresh, self._dies, self._began, self._ended
        )
        self.guardian.journalled = self._journalled
        self.guardian.meant = self._meant
        self.guardian.undisturbed = lambda: sum(self.weather.reached.values()) == self._troubles
        self.guardian.leading = self._leading
        self.guardian.raised = lambda suite, room, account: self.seat_state(suite, room, account) == "raised"
        self.guardian.busy = lambda: self.house.storage.busy
        self.institutions: dict[str, Institution] = {}
        self.admins: dict[str, Person] = {}
        self.communities: dict[str, Community] = {}
        self._working = False
        self._settle_in()

    # --- beginnings -----------------------------------------------------------------------------------------------

    def _rates(self) -> dict[Fault, float]:
        rates = {fault: self.options.storm * self.draw.random() for fault in Fault}
        rates[Fault.CRASH_BEFORE] = rates[Fault.CRASH_AFTER] = self.options.crashes
        rates[Fault.SIGNED_OUT] *= 0.2
        return rates

    def _settle_in(self) -> None:
        """Institutions, connections, and who founds what; in fair weather."""
        self.weather.fair = True
        with self.house.services.begin() as uow:
            for name, keys in SUITES.items():
                made = connect.add_institution(uow, name, listed=True)
                self.institutions[name] = made
                for key in keys:
                    manifest = self.house.services.manifests[key]
                    connect.connect(
                        uow, made.id, manifest, {"house": name}, lambda _: "realm", self.clock.now()
                    )
                admin = Person(self._person_id(uow), made.id, f"admin of {name}", admin=True)
                uow.people.put(admin)
                self.admins[name] = admin
            uow.commit()
        for name in ("north", "south") if self.options.both else ("north",):
            self._found(name)
        self.weather.fair = False

    def _person_id(self, uow: UnitOfWork) -> PersonId:
        return PersonId(uow.new_id())

    def _found(self, name: str) -> None:
        founder = Human(name, 0)
        self.courses.listed[f"course of {name}"] = [self.listed(Human(name, n), n == 0) for n in range(4)]
        person = self.arrive(founder, leads=True)
        context = Context("realm", "course", "Course")
        origin = found.Origin(context, {"url": f"course of {name}"}, {})
        with self.house.services.begin() as uow:
            places = found.places(uow, person, origin, self.house.services.manifests)
            rhythm = Rhythm(
                ZONE,
                time(16),
                45,
                self.options.start.date() + timedelta(days=3),
                self.options.start.date() + timedelta(days=150),
                Weekly(2, (2,)),
            )
            chosen = [place.connection for place in places]
            self.draw.shuffle(chosen)
            del chosen[self.options.places :]
            answers = found.Answers("form", f"Of {name}", "About", "Everybody", "", tuple(chosen), rhythm)
            made = found.found(uow, person, origin, answers, self.house.services.manifests, self.clock.now())
            uow.commit()
        self.communities[name] = made
        self.truth.said(name, founder, Word.JOINED)
        self.truth.of(name, founder).leads = True
        with self.house.services.begin() as uow:
            for other, admin in self.admins.items():
                if other != name and uow.communities.participation(made.id, admin.institution):
                    connect.agree(uow, admin, made.id, self.clock.now())
            self.guardian.communities |= {space.marker: name for space in uow.spaces.of(made.id)}
            uow.commit()

    def listed(self, human: Human, leads: bool = False) -> Listed:
        """Somebody as a course lists them: where its platform mixes them up, with the next one's account in a suite."""
        accounts = None
        if self.options.mixed_up and not leads:
            account = Human(human.institution, (human.number + 1) % PEOPLE).account
            accounts = {key: account for key in SUITES[human.institution] if key != "canvas"}
        return Listed(human.subject, f"P{human.number}", human.email, leads, accounts)

    def _fresh(self) -> str:
        return uuid.UUID(int=self.draw.getrandbits(128), version=4).hex

    # --- people ---------------------------------------------------------------------------------------------------

    def arrive(self, human: Human, leads: bool = False, suite: str | None = None) -> Person:
        """Somebody comes through the course, or through the door of a suite, which proves their account there."""
        institution = self.institutions[human.institution]
        if suite is None:
            arrival = Arrival(
                "lti",
                institution.id,
                "realm",
                human.subject,
                f"P{human.number}",
                human.email,
                context=Context("realm", "course", "Course"),
                leads_context=leads,
                roster=RosterSourceAddress("realm", {"url": f"course of {human.institution}"}),
                accounts=tuple(ProvedAccount(key, human.account, human.email) for key in ("canvas",)),
            )
        else:
            arrival = Arrival(
                suite,
                institution.id,
                "realm",
                human.account,
                f"P{human.number}",
                human.email,
                accounts=(ProvedAccount(suite, AccountId(human.account), human.email),),
            )
        with self.house.services.begin() as uow:
            person = arrive(uow, arrival, self.clock.now()).person
            uow.commit()
        return person

    def person(self, uow: UnitOfWork, human: Human) -> Person | None:
        """Who they are to coplink, by the course's id."""
        institution = self.institutions[human.institution].id
        return uow.people.by_identity(institution, "lti", "realm", human.subject)

    def key(self, name: str) -> CommunityId:
        """A community's id."""
        return self.communities[name].id

    # --- time and machines ----------------------------------------------------------------------------------------

    def work(self) -> None:
        """What is due now is done, unless the process dies at it; then it starts again, and the rest waits."""
        self._working = True
        try:
            self._due()
        except Crash as crash:
            self.crashes += 1
            self.told(f"    the process dies: {crash}")
            if self._running is not None:
                self._ended(*self._running)
            for houses in self.suites.values():
                for suite in houses.values():
                    suite.forgotten()
            self.house.restart()
        finally:
            self._working = False
        for kind, target in self.house.sql("SELECT kind, target FROM work WHERE reason = 'failed'"):
            self.truth.broken("I15", f"{kind} of {target} ended in a mistake of our own")

    def aside(self, act: Callable[[], None]) -> None:
        """What people do while the worker is at work is done by another process, which does not die of that."""
        working, self._working = self._working, False
        try:
            act()
        finally:
            self._working = working

    def _due(self) -> None:
        sweep(self.house.services.begin, self.house.jobs, self.clock.now())
        self.house.jobs.run_due()

    def work_until_quiet(self, until: datetime) -> None:
        """Time passes as far as ``until``, and whatever is due by then is done."""
        for _ in range(MOST_GOES):
            self.work()
            moments = [
                moment
                for (moment,) in self.house.sql(
                    "SELECT not_before FROM work WHERE settled < generation AND not_before IS NOT NULL"
                )
            ]
            due = [at for at in map(_moment, moments) if at <= until]
            waiting = self.house.jobs._next_moment()
            if waiting is not None and waiting <= until:
                due.append(waiting)
            if not due:
                self.clock.advance(until)
                return
            soon = self.clock.now() + timedelta(milliseconds=1)
            # What is due already and was not done waits for its turn behind something that comes later.
            self.clock.advance(min((at for at in due if at >= soon), default=soon))
        self.truth.broken("I18", "work does not come to an end")

    def fair_weather(self) -> None:
        """No call fails from now on, everybody is signed in, and all rosters are whole."""
        self.weather.fair = True
        self.courses.empty.clear()
        for houses in self.suites.values():
            for suite in houses.values():
                suite.signed_out = False

    def a_day(self) -> None:
        """The daily round, and a day."""
        due_by_time(self.house.services.begin, self.clock.now(), timedelta(minutes=10), DAY)
        self.work_until_quiet(self.clock.now() + DAY + timedelta(seconds=1))

    def _began(self, name: str, target: str) -> None:
        self.truth.run += 1
        self._running, self._troubles = (name, target), sum(self.weather.reached.values())
        self.told(f"  [{self.truth.run}] {name} {target[:6]}")
        if name == Kind.RECONCILE:
            self.brakes.began(target)

    def _ended(self, name: str, target: str) -> None:
        self._running = None
        if name == Kind.RECONCILE:
            self.brakes.ended(target)

    def _dies(self, where: str) -> None:
        if self._working and not self.weather.fair and self.draw.random() < self.options.crashes / 4:
            raise Crash(where)

    def _journalled(self, marker: str) -> bool:
        rows = self.house.sql(
            "SELECT 1 FROM journal JOIN spaces ON spaces.id = journal.space"
            " WHERE spaces.marker = ? AND journal.closed_at IS NULL LIMIT 1",
            marker,
        )
        return bool(rows)

    def seat_state(self, suite: Rooms, remote: str, account: str) -> str | None:
        """What coplink's ledger says of a seat, if anything."""
        rows = self.house.sql(
            "SELECT ledger.state FROM ledger JOIN spaces ON spaces.id = ledger.space"
            " WHERE spaces.marker = ? AND ledger.account = ?",
            suite.rooms[remote].marker.partition("/")[2],
            account,
        )
        return str(rows[0][0]) if rows else None

    def _leading(self, marker: str) -> set[AccountId]:
        """The accounts by which those can lead a place who lead its community, as things stand."""
        rows = self.house.sql(
            "SELECT accounts.account FROM spaces"
            " JOIN memberships ON memberships.community = spaces.community AND memberships.standing = 'joined'"
            " JOIN accounts ON accounts.person = memberships.person AND accounts.proof = 'proved'"
            " AND accounts.institution = spaces.institution AND accounts.integration = spaces.integration"
            " WHERE spaces.marker = ? AND memberships.role IN ('facilitator', 'co-facilitator')",
            marker,
        )
        return {AccountId(str(account)) for (account,) in rows}

    def _meant(self, marker: str, account: str) -> bool:
        """Whether coplink ever meant to seat them there: what came of that it may never have heard."""
        rows = self.house.sql(
            "SELECT 1 FROM journal JOIN spaces ON spaces.id = journal.space WHERE spaces.marker = ?"
            " AND journal.what LIKE 'seat %' AND journal.what || ' ' LIKE ? LIMIT 1",
            marker,
            f"% {account} %",
        )
        return bool(rows)


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
