"""What applying memberships to Canvas costs: the real engine and connector against the pretended Canvas.

Canvas takes one change a call, and two for a new facilitator, because it makes everybody a member first. What is
enforced is its bucket of costs: 700, of which ten leak a second, a write costing one and a page of a hundred rows a
little more; each call under way holds fifty. Refusals by our own pace are waited out as the worker does it: by
beginning anew, with a fresh reading. Ways of others are counted by models that write to nobody.
"""

from __future__ import annotations

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
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.unit_of_work import SqlStorage
from coplink_canvas import integration
from coplink_canvas.sandbox import CanvasSandbox, make

TITLE = "Canvas: members of a group"
PAGE, COURSE = 100, "101"
HERE, COMMUNITY, SPACE, CONNECTION = "riverbend", CommunityId("c"), SpaceId("s"), ConnectionId("k")
SECONDS_A_CALL = 0.15
UNBOUNDED = Policy(least=10**9, share_of_space=1.0, per_day=10**9, share_of_all=1.0)
LISTING = "GET /groups/:id/memberships"


class Rig:
    """One community with one group, in a database and over there."""

    def __init__(self, storage: SqlStorage, wire: CanvasSandbox, clock: Clock) -> None:
        self.storage, self.wire, self.clock = storage, wire, clock
        self.calls: list[Call] = []
        pacer = Pacer(clock=clock.time, wait=self._wait, jitter=lambda: 0.0)
        around = Surroundings(clock, self._note, timeout=60.0, pace=pacer.of(HERE, "canvas"))
        self.connection: Connection = integration.connect(wire.settings(HERE), around)
        self.wanted: dict[int, Role] = {}
        self.parts: dict[str, str] = {}

    def _note(self, call: Call) -> None:
        self.calls.append(call)

    def _wait(self, condition: threading.Condition, seconds: float) -> None:
        self.clock.sleep(seconds)

    def found(self, everybody: int) -> None:
        """Make the place, and let everybody who may ever belong be in the course and known."""
        spaces, now, here = self.connection.spaces, self.clock.now(), InstitutionId(HERE)
        assert spaces is not None
        wish = SpaceWish("Bench", "How many calls it takes.", "coplink:" + "0" * 32, {"course": COURSE})
        for step in spaces.steps(wish):
            self.parts[step] = spaces.ensure(step, wish, dict(self.parts), f"bench/{step}").remote
        with self.wire.store.change():
            for number in range(everybody):
                self.wire.enrol(COURSE, self.account(number))
        charter = Charter("How many", "Everybody", "less")
        space = Space(
            SPACE, COMMUNITY, here, CONNECTION, "canvas", SpaceKind.GROUP, "Bench", wish.marker,
            SpaceState.READY, dict(self.parts), {"course": COURSE},
        )  # fmt: skip
        with self.storage.begin() as uow:
            uow.institutions.add(Institution(here, "Riverbend"))
            uow.institutions.put_connection(Connected(CONNECTION, here, "canvas", {}, "realm", now))
            uow.communities.put(Community(COMMUNITY, here, "Bench", charter, Stage.FORMING, now))
            uow.spaces.put(space)
            for number in range(everybody):
                uow.people.put(Person(PersonId(f"p{number}"), here, f"Teacher {number}"))
                uow.people.put_account(
                    Account(here, "canvas", self.account(number), PersonId(f"p{number}"), Proof.PROVED)
                )
            uow.commit()

    @staticmethod
    def account(number: int) -> AccountId:
        """The account of one teacher."""
        return AccountId(str(500_000 + number))

    def want(self, roles: dict[int, Role | None]) -> None:
        """Let these belong in these roles, or not any more."""
        here, now = InstitutionId(HERE), self.clock.now()
        with self.storage.begin() as uow:
            for number, role in roles.items():
                standing = Standing.LEFT if role is None else Standing.JOINED
                kept = role or self.wanted.get(number, Role.MEMBER)
                person = PersonId(f"p{number}")
                uow.communities.put_membership(Membership(COMMUNITY, person, here, kept, standing, now))
                self.wanted.pop(number, None)
                if role is not None:
                    self.wanted[number] = role
            uow.commit()

    def fill(self) -> None:
        """Let those who are wanted sit there as by our own hand, without a call."""
        before = [Change(self.account(n), None, role) for n, role in self.wanted.items()]
        with self.wire.store.change():
            for number, role in self.wanted.items():
                self.wire.sit(self.parts["group"], self.account(number), role.leads)
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
        return Reach(self.connection, integration.manifest, timedelta(seconds=10))

    def wrong(self) -> int:
        """How many seats are not as wanted."""
        sitting = self.wire.sitting(self.parts["group"])
        have = {str(one["user_id"]): one["moderator"] for one in sitting}
        want = {str(self.account(number)): role.leads for number, role in self.wanted.items()}
        return sum(have.get(key) != want.get(key) for key in have.keys() | want.keys())


@contextmanager
def rig() -> Iterator[Rig]:
    """A pretend Canvas and a database."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        upgrade(engine)
        wire = make(region(), Store(), clock.time)
        served = serve(wire)
        try:
            yield Rig(SqlStorage(engine, FernetSealer([Fernet.generate_key().decode()])), wire, clock)
        finally:
            served.stop()
            engine.dispose()


def coplink(people: int, changes: int) -> Figures:
    """Fill an empty group, or bring a full one up to date."""
    come, go, turn = split(changes)
    with rig() as bench:
        bench.found(people + come)
        start: dict[int, Role | None] = {0: Role.FACILITATOR}
        start |= dict.fromkeys(range(1, 1 + turn // 2), Role.FACILITATOR)
        start |= dict.fromkeys(range(len(start), people), Role.MEMBER)
        bench.want(start)
        # one call more for the facilitator who comes; who changes role is there already
        formula, phases = people + 1, 2
        if changes:
            bench.fill()
            bench.bring_about()  # a quiet look, so that the seats are known as ours
            down, up = range(1, 1 + turn // 2), range(people - turn + turn // 2, people)
            after: dict[int, Role | None] = dict.fromkeys(down, Role.MEMBER)
            after |= dict.fromkeys(up, Role.FACILITATOR)
            after |= dict.fromkeys(range(people, people + come), Role.MEMBER)
            after |= dict.fromkeys(range(people // 2, people // 2 + go), None)
            bench.want(after)
            formula, phases = come + go + turn, sum(map(bool, (len(up), come, go, len(down))))
        bench.clock.sleep(120.0)
        return _counted(bench, people, phases, formula)


def _counted(bench: Rig, people: int, phases: int, formula: int) -> Figures:
    bench.wire.enforce_limits, bench.wire.replacements = True, 0
    bench.calls.clear()
    began = bench.clock.time()
    bench.bring_about()
    asked = [call.operation for call in bench.calls]
    writes, reads = sum(not one.startswith("GET ") for one in asked), asked.count(LISTING)
    return Figures(
        calls=writes,
        parts=writes,
        formula=formula,
        phases=phases,
        reads=reads,
        reads_most=max(1, -(-people // PAGE)),
        looks=len(asked) - writes - reads,
        throttled=bench.wire.throttled,
        seconds=bench.clock.time() - began,
        # a list that was replaced is wrong, whoever sits there in the end
        wrong=bench.wrong() + bench.wire.replacements * 10**6,
    )


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change looked up and written by itself, moderators always with a second call; counted, not sent."""
    _, _, turn = split(changes)
    writes = changes + turn if changes else people + 1
    pages = -(-people // PAGE) if changes else 1
    looks = changes or people
    seconds = (pages + looks + writes) * SECONDS_A_CALL
    return Figures(writes, writes, changes or people + 1, 1, pages, pages, looks, 0, seconds, modelled=True)


def the_list_replaced(people: int, changes: int) -> Figures:
    """The whole list of members written anew (``members[]``) by lists of so many ids: what coplink never does, because
    whoever came meanwhile would lose the seat and everybody's contributions their home; counted, not sent."""
    pages = -(-people // PAGE) if changes else 1
    return Figures(
        1, 1, changes or people + 1, 1, pages, pages, 0, 0, (pages + 1) * SECONDS_A_CALL, modelled=True
    )


WAYS: dict[str, Measure] = {
    "coplink": coplink,
    "one call a person": one_call_a_person,
    "the list replaced": the_list_replaced,
}


if __name__ == "__main__":
    for how_many, changed in ((1_000, 0), (10_000, 0), (10_000, 10)):
        print(how_many, changed, coplink(how_many, changed))
