"""A world in which a scenario is played: one community, few people, and what they and the machines do, one by one."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random

from coplink.campus.rooms import Rooms
from coplink.campus.weather import Crash
from coplink.core.arrival import Context
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotAllowed, NotFound
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.roster import Listed
from coplink.core.spaces import Space
from coplink.core.work import Kind
from coplink.engine import connect, found
from coplink.ports.jobs import Job
from coplink.ports.storage import UnitOfWork
from coplink.simulation.every.injector import Injector
from coplink.simulation.every.memory import MemoryHouse
from coplink.simulation.every.states import Seen, number_of
from coplink.simulation.truth import Human, Word
from coplink.simulation.world import START, SUITES, ZONE, World

Places = tuple[tuple[str, str], ...]
HOME = "north"
REFUSALS = (DomainError, NotAllowed, NotFound)


class Merged(BaseException):
    """Somebody was exactly here before. No handler may swallow it, hence no ``Exception``."""


@dataclass
class Expected:
    """What it must come to beyond the promises; ``but`` are sentences of the checks that are right here."""

    but: Counter[str] = field(default_factory=Counter)
    wrong: Callable[[Stage], Sequence[str]] = lambda _: ()


class Stage(World):
    """One institution's community in ``places``; nobody has founded it yet."""

    def __init__(
        self,
        places: Places,
        weather: Injector,
        seen: Seen | None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.places, self.injector, self.seen = places, weather, seen
        self.step, self.counting = 0, False
        self.until = START
        self.cycle = self.last = 0
        self.refused: list[str] = []
        self._ids = Random(0)  # noqa: S311  (no secrets)
        super().__init__(0, told, weather)
        self.house = MemoryHouse.of(self.house)

    # --- the world, with nothing drawn ----------------------------------------------------------------------------

    def _found(self, name: str) -> None:
        for house in SUITES:
            self.courses.listed[f"course of {house}"] = [
                Listed(Human(house, n).subject, f"P{n}", Human(house, n).email, n == 0) for n in range(4)
            ]

    def _fresh(self) -> str:
        return uuid.UUID(int=self._ids.getrandbits(128), version=4).hex

    def _dies(self, where: str) -> None:
        if self.counting:
            self.injector.commit(where, self.doing)

    @property
    def doing(self) -> str:
        """What a commit belongs to: the kind of work, or what people and machines do beside it."""
        return (self.house.jobs._running or "page or sweep").partition(":")[0]

    # --- work, and being here for the second time -----------------------------------------------------------------

    def work(self) -> None:
        """What is due now is done; after a crash coplink is started again at once."""
        while True:
            self.rest()
            before, self.counting = self.crashes, True
            super().work()
            self.counting = False
            if self.crashes == before:
                return

    def work_until_quiet(self, until: datetime) -> None:
        """So long; then the clock stands at ``until``."""
        self.until = until
        super().work_until_quiet(until)

    def rest(self) -> None:
        """Nothing is under way: raise ``Merged`` where this very state was gone on from before."""
        left = 0 if self.injector.fair else self.injector.left
        where = (self.step, self.until, left, self.cycle, self.last, len(self.refused))
        number = number_of(self, *where, faults=bool(left))
        if self.seen is not None and not self.truth.violations and not self.seen.first(number):
            raise Merged
        self._ids.seed(number)

    # --- what happens ---------------------------------------------------------------------------------------------

    def act(self, what: str, act: Callable[[UnitOfWork], object], *words: tuple[Human, Word]) -> None:
        """Somebody presses a button. Where the process dies at it they see that nothing was done, or that it was."""
        self.told(f"  {what}")
        for again in (False, True, True):
            self.counting = not self.injector.quiet
            try:
                with self.house.services.begin() as uow:
                    act(uow)
                    uow.commit()
            except Crash as crash:
                self.crashes += 1
                self.told(f"    the process dies: {crash}")
                self.house.restart()
                continue
            except REFUSALS as refusal:
                if not again:
                    self.refused.append(f"{what}: {refusal.message}")
                    return
            finally:
                self.counting = False
            break
        for human, word in words:
            self.truth.said(HOME, human, word)

    def wait(self, **time_gone: float) -> None:
        """So much time, in which coplink works."""
        self.step += 1
        self.work_until_quiet(self.clock.now() + timedelta(**time_gone))

    def marked(self, kind: Kind, suite: str = "") -> None:
        """Something calls: work is marked, in one suite or in all, and hinted at."""
        self.step += 1

        def mark(uow: UnitOfWork) -> None:
            targets = [context.id for context in uow.communities.contexts(self.key(HOME))]
            if kind is not Kind.READ_ROSTER:
                targets = [one.id for one in self.spaces(uow) if suite in ("", one.integration)]
            for target in targets:
                uow.work.mark(kind, target, self.key(HOME), urgent=False)
                hints.append(Job(f"hint:{kind}:{target}", kind, target, self.key(HOME)))

        hints: list[Job] = []
        self.act(f"{kind} is called for", mark)
        for hint in hints:
            self.house.jobs.hint(hint)

    def founded(self, human: Human) -> None:
        """The community is founded, in the places of this stage."""
        person = self.arrive(human, leads=True)
        context = Context("realm", "course", "Course")
        origin = found.Origin(context, {"url": f"course of {human.institution}"}, {})
        first = self.options.start.date()
        rhythm = Rhythm(
            ZONE, time(16), 45, first + timedelta(days=3), first + timedelta(days=150), Weekly(2, (2,))
        )
        made: list[Community] = []

        def founding(uow: UnitOfWork) -> None:
            manifests = self.house.services.manifests
            at = {
                (one.institution_name, one.title.lower()): one.connection
                for one in found.places(uow, person, origin, manifests)
            }
            chosen = tuple(at[place] for place in self.places)
            answers = found.Answers("form", f"Of {human.institution}", "About", "All", "", chosen, rhythm)
            made.append(found.found(uow, person, origin, answers, manifests, self.clock.now()))
            for space in uow.spaces.of(made[-1].id):
                self.guardian.communities[space.marker] = HOME

        self.act(f"{human} founds", founding, (human, Word.JOINED))
        self.truth.of(HOME, human).leads = True
        self.communities[HOME] = made[-1]

    def agreed(self, name: str) -> None:
        """The admin of another institution says that it takes part."""

        def agree(uow: UnitOfWork) -> None:
            connect.agree(uow, self.admins[name], self.key(HOME), self.clock.now())

        self.act(f"{name} agrees", agree)

    # --- what is there --------------------------------------------------------------------------------------------

    def spaces(self, uow: UnitOfWork) -> Sequence[Space]:
        """The places of the community."""
        return uow.spaces.of(self.key(HOME))

    def rooms(self) -> list[tuple[Rooms, str]]:
        """Where people sit: suite and id."""
        return [
            (suite, remote)
            for houses in self.suites.values()
            for suite in houses.values()
            for remote, _ in suite.boards()
        ]

    def room(self, key: str) -> tuple[Rooms, str]:
        """The one in a suite of this name."""
        return next((suite, remote) for suite, remote in self.rooms() if suite.key == key)

    def sits(self, human: Human, key: str) -> bool:
        """Whether somebody sits in the room of a suite."""
        suite, remote = self.room(key)
        return human.account in suite.rooms[remote].seats
