"""The real engine and a real connector over a sandbox with a moved clock: what every ``apply_<vendor>.py`` begins with.

A vendor's rig says how somebody sits over there, what was sent, and the least number of sub-requests there can be.
"""

from __future__ import annotations

import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from applied import Clock, Figures, split
from cryptography.fernet import Fernet
from sqlalchemy import Engine, insert

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import (
    AccountId,
    CommunityId,
    Institution,
    InstitutionId,
    Membership,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.core.plan import Change
from coplink.core.policy import Policy
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceKind, SpaceState
from coplink.core.work import Kind
from coplink.engine.outcome import Reach
from coplink.engine.reconcile import reconcile
from coplink.pace import Asks, Pacer, asking
from coplink.ports.errors import LimitReached, NotReadyYet, Throttled
from coplink.ports.integration import Call, Connection, Integration, Surroundings
from coplink.ports.records import Connected
from coplink.ports.seats import Done
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import Region, Resident
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import AccountRow, MembershipRow, PersonRow
from coplink.storage.unit_of_work import SqlStorage

COMMUNITY, SPACE, CONNECTION = CommunityId("c"), SpaceId("s"), ConnectionId("k")
UNBOUNDED = Policy(least=10**9, share_of_space=1.0, per_day=10**9, share_of_all=1.0)


class Sent(NamedTuple):
    """What was sent: calls that write, sub-requests in them that write, calls that read who sits there."""

    calls: int
    parts: int
    reads: int


class Rig(ABC):
    """One community with one place, in a database and over there. ``over_there`` is the vendor's sandbox."""

    key: ClassVar[str]
    here: ClassVar[str]
    kind: ClassVar[SpaceKind]
    page: ClassVar[int]  # rows of one listing
    lag: ClassVar[timedelta]
    asked: ClassVar[Mapping[str, str]] = {}
    founder = False  # sits there before anything is counted
    seconds_a_call = 0.0
    rest = 120.0  # seconds between the quiet look and what is counted

    def __init__(self, engine: Engine, over_there: Any, clock: Clock) -> None:
        self.storage = SqlStorage(engine, FernetSealer([Fernet.generate_key().decode()]))
        self.engine, self.over_there, self.clock = engine, over_there, clock
        self.calls: list[Call] = []
        pacer = Pacer(clock=clock.time, wait=self._wait, jitter=lambda: 0.0)
        around = Surroundings(clock, self._note, timeout=60.0, pace=pacer.of(self.here, self.key))
        self.connection: Connection = self.integration().connect(self.settings(), around)
        self.wanted: dict[int, Role] = {}
        self.parts: dict[str, str] = {}

    # --- what a vendor's rig says ---------------------------------------------------------------------------------

    @abstractmethod
    def integration(self) -> Integration:
        """The connector."""

    @abstractmethod
    def account(self, number: int) -> AccountId:
        """The account of one teacher."""

    @abstractmethod
    def sit(self, account: AccountId, number: int, leads: bool) -> None:
        """Let somebody sit there, without a call."""

    @abstractmethod
    def sitting(self) -> Mapping[str, bool]:
        """Who sits there, and whether they lead."""

    @abstractmethod
    def least(self, come: int, go: int, turn: int, leaders: int) -> int:
        """The least number of sub-requests for so many; ``leaders`` of those who come lead."""

    @abstractmethod
    def sent(self) -> Sent:
        """What was sent since counting began."""

    def settings(self) -> Mapping[str, str]:
        """The settings of the connection."""
        return self.over_there.settings(self.here)  # type: ignore[no-any-return]

    def address(self, number: int) -> str | None:
        """The address of one teacher, where it is known."""
        return None

    def prepare(self, everybody: int) -> None:  # noqa: B027  (most need nothing)
        """Before the place is made: what so many teachers need over there."""

    # --- what all have in common ----------------------------------------------------------------------------------

    def _note(self, call: Call) -> None:
        self.calls.append(call)
        self.clock.sleep(self.seconds_a_call)

    def _wait(self, condition: threading.Condition, seconds: float) -> None:
        self.clock.sleep(seconds)

    def found(self, everybody: int) -> None:
        """Make the place, and let everybody who may ever belong be known."""
        self.prepare(everybody)
        now, here = self.clock.now(), InstitutionId(self.here)
        wish = SpaceWish("Bench", "How many calls it takes.", "coplink:" + "0" * 32, self.asked)
        self._make(wish)
        space = Space(
            SPACE, COMMUNITY, here, CONNECTION, self.key, self.kind, "Bench", wish.marker, SpaceState.READY,
            dict(self.parts), dict(self.asked),
        )  # fmt: skip
        charter = Charter("How many", "Everybody", "less")
        with self.storage.begin() as uow:
            uow.institutions.add(Institution(here, "Bench"))
            uow.institutions.put_connection(Connected(CONNECTION, here, self.key, {}, "realm", now))
            uow.communities.put(Community(COMMUNITY, here, "Bench", charter, Stage.FORMING, now))
            uow.spaces.put(space)
            uow.commit()
        nobody = {"institution": here, "email": None, "home": "", "zone": "", "admin": False}
        own = {"institution": here, "integration": self.key, "proof": Proof.PROVED.value}
        people = [{**nobody, "id": f"p{n}", "name": f"p{n}"} for n in range(everybody)]
        accounts = [
            {**own, "person": f"p{n}", "account": self.account(n), "address": self.address(n)}
            for n in range(everybody)
        ]
        with self.engine.begin() as rows:
            rows.execute(insert(PersonRow), people)
            rows.execute(insert(AccountRow), accounts)

    def _make(self, wish: SpaceWish) -> None:
        spaces = self.connection.spaces
        assert spaces is not None
        for step in spaces.steps(wish):
            while step not in self.parts:
                try:
                    self.parts[step] = spaces.ensure(step, wish, dict(self.parts), f"bench/{step}").remote
                except NotReadyYet as slow:
                    self.clock.sleep(slow.retry_after or 60.0)

    def want(self, roles: Mapping[int, Role | None]) -> None:
        """Let these belong in these roles, or not any more."""
        here, now = InstitutionId(self.here), self.clock.now()
        new = {number: role for number, role in roles.items() if role and number not in self.wanted}
        own = {"community": COMMUNITY, "institution": here, "standing": Standing.JOINED.value}
        joined = [
            {**own, "changed_at": now, "person": f"p{n}", "role": role.value} for n, role in new.items()
        ]
        if joined:
            with self.engine.begin() as rows:
                rows.execute(insert(MembershipRow), joined)
        with self.storage.begin() as uow:
            for number in roles.keys() - new.keys():
                role = roles[number]
                kept = Membership(
                    COMMUNITY, PersonId(f"p{number}"), here, role or self.wanted[number],
                    Standing.JOINED if role else Standing.LEFT, now,
                )  # fmt: skip
                uow.communities.put_membership(kept)
            uow.commit()
        self.wanted = {number: role for number, role in {**self.wanted, **roles}.items() if role}

    def fill(self) -> None:
        """Let those who are wanted sit there as by our own hand, without a call, and be known as ours."""
        seats = [Change(self.account(n), None, role) for n, role in self.wanted.items()]
        with self.over_there.store.change():
            for number, role in self.wanted.items():
                self.sit(self.account(number), number, role.leads)
        with self.storage.begin() as uow:
            uow.ledger.intend(SPACE, seats, self.clock.now())
            uow.ledger.record_all(SPACE, [(seat, Done.CHANGED) for seat in seats], self.clock.now())
            uow.commit()
        self.clock.sleep(3600.0)
        self.bring_about()  # a quiet look

    def bring_about(self) -> str:
        """Reconcile, and begin anew after as long as a refusal of our own pace says; the sentence where it stops."""
        for _ in range(1_000):
            with self.storage.begin() as uow:
                uow.work.mark(Kind.RECONCILE, SPACE, COMMUNITY)
                turn = uow.work.begin(Kind.RECONCILE, SPACE, self.clock.now())
                uow.commit()
            assert turn is not None
            try:
                with asking(Asks.HOUSE):
                    reconcile(self.storage.begin, self._open, UNBOUNDED, turn, self.clock.now)
                return ""
            except LimitReached as full:
                return str(full.message)
            except Throttled as slow:
                self.clock.sleep(slow.retry_after or 60.0)
        raise RuntimeError("it does not come to an end")

    def _open(self, uow: object, key: object) -> Reach:
        return Reach(self.connection, self.integration().manifest, self.lag)

    def wrong(self) -> int:
        """How many seats are not as wanted."""
        have = self.sitting()
        want = {str(self.account(number)): role.leads for number, role in self.wanted.items()}
        return sum(have.get(key) != want.get(key) for key in have.keys() | want.keys())

    def measured(self, people: int, changes: int) -> Figures:
        """Fill an empty place with so many, or bring a full one of so many up to date."""
        come, go, turn = split(changes)
        before, down = int(self.founder), turn // 2
        members = range(before, before + people)
        self.found(before + people + come)
        roles: dict[int, Role | None] = dict.fromkeys(range(before + people), Role.MEMBER)
        roles[0] = Role.FACILITATOR
        if not changes:
            if self.founder:
                self.want({0: Role.FACILITATOR})
                self.fill()
            self.want(roles)
            return self._counted(people, 2 - before, self.least(people, 0, 0, 1 - before))
        self.want(roles | dict.fromkeys(range(1, 1 + down), Role.FACILITATOR))
        self.fill()
        half = before + people // 2
        after: dict[int, Role | None] = dict.fromkeys(range(1, 1 + down), Role.MEMBER)
        after |= dict.fromkeys(members[people - turn + down :], Role.FACILITATOR)
        after |= dict.fromkeys(range(half, half + go), None)
        self.want(after | dict.fromkeys(range(before + people, before + people + come), Role.MEMBER))
        phases = sum(map(bool, (turn - down, come, go, down)))
        return self._counted(people, phases, self.least(come, go, turn, 0))

    def _counted(self, people: int, phases: int, formula: int) -> Figures:
        self.clock.sleep(self.rest)
        self.over_there.enforce_limits = True
        self.calls.clear()
        self.over_there.calls.clear()
        began = self.clock.time()
        stopped = self.bring_about()
        sent = self.sent()
        return Figures(
            calls=sent.calls, parts=sent.parts, formula=formula, phases=phases, reads=sent.reads,
            reads_most=max(1, -(-people // self.page)), looks=len(self.calls) - sent.calls - sent.reads,
            throttled=self.over_there.throttled, seconds=self.clock.time() - began,
            wrong=0 if stopped else self.wrong(), stopped=stopped,
        )  # fmt: skip


@contextmanager
def standing(
    rig: Callable[[Engine, Any, Clock], Rig], make: Callable[..., Any], region: Any
) -> Iterator[Rig]:
    """A rig over the sandbox that ``make`` makes of a region, with a database of its own."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        upgrade(engine)
        over_there = make(region, Store(), clock.time)
        served = serve(over_there)
        try:
            yield rig(engine, over_there, clock)
        finally:
            served.stop()
            engine.dispose()


def crowd(start: Region, here: str, people: int, account: Callable[[int], Mapping[str, Any]]) -> Region:
    """A pretend district with so many teachers more, ``teacher0`` and so on, with their accounts."""
    keys = [f"teacher{number}" for number in range(people)]
    more = {
        key: Resident(key, key, here, f"{key}@{here}.example", key, key, **account(number))
        for number, key in enumerate(keys)
    }
    return replace(start, residents={**start.residents, **more})
