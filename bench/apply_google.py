"""What applying memberships to Google Workspace costs: the real engine and connector against the pretended Google.

Limits are enforced on a clock that is moved: 2,400 Directory calls a minute and account, each part of a batch being a
call. Our own pace is waited for as in the worker, and a refusal of its would begin the run anew, with a fresh reading.
"""

from __future__ import annotations

import dataclasses
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from applied import Clock, Figures, Measure, split
from cryptography.fernet import Fernet

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import (
    Account,
    AccountId,
    CommunityId,
    Institution,
    InstitutionId,
    Membership,
    Person,
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
from coplink.ports.errors import Throttled
from coplink.ports.integration import Call, Connection, Surroundings
from coplink.ports.records import Connected
from coplink.ports.seats import Done
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import Region, Resident, region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.unit_of_work import SqlStorage
from coplink_google import integration
from coplink_google.sandbox import GoogleSandbox, make

TITLE = "Google Workspace: members of a group"
PAGE, BATCH = 200, 1_000
HERE, COMMUNITY, SPACE, CONNECTION = "lakeside", CommunityId("c"), SpaceId("s"), ConnectionId("k")
SECONDS_A_CALL, SECONDS_A_PERSON = 0.12, 0.002  # performance.md 3.4
UNBOUNDED = Policy(least=10**9, share_of_space=1.0, per_day=10**9, share_of_all=1.0)


def crowd(people: int) -> Region:
    """The pretend district with so many teachers more."""
    start = region()
    more = {
        key: Resident(key, key, HERE, None, key, key, google_id=str(3 * 10**20 + number))
        for number, key in enumerate(f"teacher{n}" for n in range(people))
    }
    return dataclasses.replace(start, residents={**start.residents, **more})


class Rig:
    """One community with one shared drive, in a database and over there."""

    def __init__(self, people: int, storage: SqlStorage, wire: GoogleSandbox, clock: Clock) -> None:
        self.people, self.storage, self.wire, self.clock = people, storage, wire, clock
        self.calls: list[Call] = []
        pacer = Pacer(clock=clock.time, wait=self._wait, jitter=lambda: 0.0)
        around = Surroundings(clock, self.calls.append, timeout=60.0, pace=pacer.of(HERE, "google"))
        self.connection: Connection = integration.connect(wire.settings(HERE), around)
        self.wanted: dict[int, Role] = {}

    def _wait(self, condition: threading.Condition, seconds: float) -> None:
        self.clock.sleep(seconds)

    def found(self, everybody: int) -> None:
        """Make the place, and let everybody who may ever belong be known."""
        spaces, now, here = self.connection.spaces, self.clock.now(), InstitutionId(HERE)
        assert spaces is not None
        wish = SpaceWish("Bench", "How many calls it takes.", "coplink:" + "0" * 32)
        parts: dict[str, str] = {}
        for step in spaces.steps(wish):
            parts[step] = spaces.ensure(step, wish, dict(parts), f"bench/{step}").remote
        charter = Charter("How many", "Everybody", "less")
        with self.storage.begin() as uow:
            uow.institutions.add(Institution(here, "Lakeside"))
            uow.institutions.put_connection(Connected(CONNECTION, here, "google", {}, "realm", now))
            uow.communities.put(Community(COMMUNITY, here, "Bench", charter, Stage.FORMING, now))
            uow.spaces.put(
                Space(
                    SPACE,
                    COMMUNITY,
                    here,
                    CONNECTION,
                    "google",
                    SpaceKind.DRIVE,
                    "Bench",
                    wish.marker,
                    SpaceState.READY,
                    parts,
                )
            )
            for number in range(everybody):
                key, address = PersonId(f"p{number}"), f"teacher{number}@lakeside.example"
                uow.people.put(Person(key, here, f"Teacher {number}"))
                uow.people.put_account(
                    Account(here, "google", self.account(number), key, Proof.PROVED, address)
                )
            uow.commit()

    def account(self, number: int) -> AccountId:
        """The account of one teacher."""
        return AccountId(str(3 * 10**20 + number))

    def want(self, roles: dict[int, Role | None]) -> None:
        """Let these belong in these roles, or not any more."""
        with self.storage.begin() as uow:
            for number, role in roles.items():
                standing = Standing.LEFT if role is None else Standing.JOINED
                kept = role or self.wanted.get(number, Role.MEMBER)
                uow.communities.put_membership(
                    Membership(
                        COMMUNITY,
                        PersonId(f"p{number}"),
                        InstitutionId(HERE),
                        kept,
                        standing,
                        self.clock.now(),
                    )
                )
                self.wanted.pop(number, None)
                if role is not None:
                    self.wanted[number] = role
            uow.commit()

    def fill(self) -> None:
        """Let those who are wanted sit there as by our own hand, without a call."""
        group = self.wire.directory.groups()[0]
        before = [Change(self.account(n), None, role) for n, role in self.wanted.items()]
        for number, role in self.wanted.items():
            name = "MANAGER" if role.leads else "MEMBER"
            self.wire.directory.seat(group, self.account(number), f"teacher{number}@lakeside.example", name)
        with self.storage.begin() as uow:
            uow.ledger.intend(SPACE, before, self.clock.now())
            uow.ledger.record_all(SPACE, [(change, Done.CHANGED) for change in before], self.clock.now())
            uow.commit()
        self.clock.sleep(600.0)

    def bring_about(self) -> None:
        """Reconcile, and begin anew after as long as a refusal of our own pace says."""
        for _ in range(1_000):
            with self.storage.begin() as uow:
                uow.work.mark(Kind.RECONCILE, SPACE, COMMUNITY)
                turn = uow.work.begin(Kind.RECONCILE, SPACE, self.clock.now())
                uow.commit()
            assert turn is not None
            try:
                with asking(Asks.HOUSE):
                    reconcile(self.storage.begin, self._open, UNBOUNDED, turn, self.clock.now)
                return
            except Throttled as slow:
                self.clock.sleep(slow.retry_after or 60.0)
        raise RuntimeError("it does not come to an end")

    def _open(self, uow: object, key: object) -> Reach:
        return Reach(self.connection, integration.manifest, timedelta(minutes=5))

    def wrong(self) -> int:
        """How many seats are not as wanted."""
        group = self.wire.directory.groups()[0]
        have = {one["id"]: one["role"] == "MANAGER" for one in self.wire.directory.members(group)}
        want = {self.account(number): role.leads for number, role in self.wanted.items()}
        return sum(have.get(key) != want.get(key) for key in have.keys() | want.keys())


@contextmanager
def rig(people: int) -> Iterator[Rig]:
    """A pretend Google with so many teachers, and a database."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        upgrade(engine)
        wire = make(crowd(people), Store(), clock.time)
        served = serve(wire)
        try:
            yield Rig(people, SqlStorage(engine, FernetSealer([Fernet.generate_key().decode()])), wire, clock)
        finally:
            served.stop()
            engine.dispose()


def coplink(people: int, changes: int) -> Figures:
    """Fill an empty group, or bring a full one up to date."""
    come, go, turn = split(changes)
    with rig(people + come) as bench:
        bench.found(people + come)
        start: dict[int, Role | None] = {0: Role.FACILITATOR}
        start |= dict.fromkeys(range(1, 1 + turn // 2), Role.FACILITATOR)
        start |= dict.fromkeys(range(len(start), people), Role.MEMBER)
        bench.want(start)
        phases, formula = 2, people
        if changes:
            bench.fill()
            bench.bring_about()  # a quiet look, so that the seats are known as ours
            down, up = range(1, 1 + turn // 2), range(people - turn + turn // 2, people)
            after: dict[int, Role | None] = dict.fromkeys(down, Role.MEMBER)
            after |= dict.fromkeys(up, Role.FACILITATOR)
            after |= dict.fromkeys(range(people, people + come), Role.MEMBER)
            after |= dict.fromkeys(range(people // 2, people // 2 + go), None)
            bench.want(after)
            phases, formula = sum(map(bool, (len(up), come, go, len(down)))), come + go + turn
        bench.clock.sleep(120.0)
        return _counted(bench, people, phases, formula)


def _counted(bench: Rig, people: int, phases: int, formula: int) -> Figures:
    bench.wire.enforce_limits = True
    bench.calls.clear()
    bench.wire.calls.clear()
    began = bench.clock.time()
    bench.bring_about()
    asked = [call.operation for call in bench.calls]
    writing = (
        "directory.batch",
        "directory.members.insert",
        "directory.members.patch",
        "directory.members.delete",
    )
    calls, reads = sum(one in writing for one in asked), asked.count("directory.members.list")
    return Figures(
        calls=calls,
        parts=sum(call.write for call in bench.wire.calls),
        formula=formula,
        phases=phases,
        reads=reads,
        reads_most=max(1, -(-people // PAGE)),
        looks=len(asked) - calls - reads,
        throttled=bench.wire.throttled,
        seconds=bench.clock.time() - began,
        wrong=bench.wrong(),
    )


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change looked up and written by itself, one after the other, as most scripts do; counted, not sent."""
    writes = changes or people
    pages = -(-people // PAGE) if changes else 1
    seconds = (pages + 2 * writes) * (SECONDS_A_CALL + SECONDS_A_PERSON)
    return Figures(writes, writes, writes, 1, pages, pages, writes, 0, seconds, modelled=True)


WAYS: dict[str, Measure] = {"coplink": coplink, "one call a person": one_call_a_person}


if __name__ == "__main__":
    for how_many, changed in ((1_000, 0), (10_000, 0), (10_000, 10)):
        print(how_many, changed, coplink(how_many, changed))
