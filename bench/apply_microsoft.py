"""What applying memberships to Microsoft Teams costs: the real engine and connector against the pretended Graph.

Four requests a second on one team and 30 in all are enforced on a clock that is moved; the parts of a batch count one
by one. The founder sits there before the first measurement begins, beside the service account: who is added are all the
others. The ways of others are counted by models that write to nobody: one call a person by lists of 100, and Canvas'
algorithm as its source has it: people looked up by 15, lists by 999, added through the directory by 20 a PATCH, removed
in batches of 20.
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
from coplink.ports.integration import Call, Connection, Surroundings
from coplink.ports.records import Connected
from coplink.ports.seats import Done
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import Region, Resident, guid, region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import AccountRow, MembershipRow, PersonRow
from coplink.storage.unit_of_work import SqlStorage
from coplink_teams import integration, manifest
from coplink_teams.sandbox import TeamsSandbox, make

TITLE = "Microsoft Teams"
PAGE, ADDED, REMOVED = 999, 200, 20
HERE, COMMUNITY, SPACE, CONNECTION = "riverbend", CommunityId("c"), SpaceId("s"), ConnectionId("k")
SECONDS_A_CALL = 0.12
UNBOUNDED = Policy(least=10**9, share_of_space=1.0, per_day=10**9, share_of_all=1.0)
BULK = "TeamMember.ReadWrite.All"


def account(number: int) -> AccountId:
    """The account of one teacher."""
    return AccountId(guid("teacher", str(number)))


def crowd(people: int) -> Region:
    """The pretend district with so many teachers more."""
    start = region()
    more = {
        key: Resident(key, key, HERE, f"{key}@{HERE}.example", key, key, entra_id=account(number))
        for number, key in enumerate(f"teacher{n}" for n in range(people))
    }
    return dataclasses.replace(start, residents={**start.residents, **more})


class Rig:
    """One community with one place in Teams, in a database and over there."""

    def __init__(self, engine: Engine, wire: TeamsSandbox, clock: Clock, mode: str) -> None:
        self.storage = SqlStorage(engine, FernetSealer([Fernet.generate_key().decode()]))
        self.engine, self.wire, self.clock, self.mode = engine, wire, clock, mode
        self.calls: list[Call] = []
        pacer = Pacer(clock=clock.time, wait=self._wait, jitter=lambda: 0.0)
        around = Surroundings(clock, self._note, timeout=60.0, pace=pacer.of(HERE, "teams"))
        settings = {**wire.settings(HERE), "mode": mode, "calls_per_second": "4"}
        self.connection: Connection = integration.connect(settings, around)
        self.wanted: dict[int, Role] = {}
        self.place = ""

    def _wait(self, condition: threading.Condition, seconds: float) -> None:
        self.clock.sleep(seconds)

    def _note(self, call: Call) -> None:
        self.calls.append(call)
        self.clock.sleep(SECONDS_A_CALL)

    def found(self, everybody: int) -> None:
        """Make the place, and let everybody who may ever belong be known."""
        now, here = self.clock.now(), InstitutionId(HERE)
        granted = {scope.name for scope in manifest.scopes} | {BULK}
        self.wire.store.put("teams.consent", HERE, {"granted": sorted(granted)})
        wish = SpaceWish("Bench", "How many calls it takes.", "coplink:" + "0" * 32)
        parts = self._made(wish)
        self.place = parts.get("team") or parts["channel"].partition("/")[2]
        charter = Charter("How many", "Everybody", "less")
        with self.storage.begin() as uow:
            uow.institutions.add(Institution(here, "Riverbend"))
            uow.institutions.put_connection(Connected(CONNECTION, here, "teams", {}, "realm", now))
            uow.communities.put(Community(COMMUNITY, here, "Bench", charter, Stage.FORMING, now))
            uow.spaces.put(
                Space(
                    SPACE, COMMUNITY, here, CONNECTION, "teams", SpaceKind.CHANNEL, "Bench", wish.marker,
                    SpaceState.READY, parts,
                )
            )  # fmt: skip
            uow.commit()
        own = {"institution": here, "integration": "teams", "proof": Proof.PROVED.value, "address": None}
        nobody = {"institution": here, "email": None, "home": "", "zone": "", "admin": False}
        with self.engine.begin() as rows:
            keys = [(f"p{number}", number) for number in range(everybody)]
            rows.execute(insert(PersonRow), [{**nobody, "id": key, "name": key} for key, _ in keys])
            rows.execute(
                insert(AccountRow), [{**own, "person": key, "account": account(n)} for key, n in keys]
            )

    def _made(self, wish: SpaceWish) -> dict[str, str]:
        spaces, parts = self.connection.spaces, dict[str, str]()
        assert spaces is not None
        for step in spaces.steps(wish):
            while step not in parts:
                try:
                    parts[step] = spaces.ensure(step, wish, dict(parts), f"bench/{step}").remote
                except NotReadyYet as slow:
                    self.clock.sleep(slow.retry_after or 60.0)
        return parts

    def want(self, roles: dict[int, Role | None]) -> None:
        """Let these belong in these roles, or not any more."""
        here, now = InstitutionId(HERE), self.clock.now()
        new = {number: role for number, role in roles.items() if role and number not in self.wanted}
        own = {
            "community": COMMUNITY,
            "institution": HERE,
            "standing": Standing.JOINED.value,
            "changed_at": now,
        }
        with self.engine.begin() as rows:
            rows.execute(
                insert(MembershipRow),
                [{**own, "person": f"p{n}", "role": role.value} for n, role in new.items()],
            )
        with self.storage.begin() as uow:
            for number in roles.keys() - new.keys():
                role = roles[number]
                standing = Standing.JOINED if role else Standing.LEFT
                kept = Membership(
                    COMMUNITY, PersonId(f"p{number}"), here, role or self.wanted[number], standing, now
                )
                uow.communities.put_membership(kept)
            uow.commit()
        self.wanted = {number: role for number, role in {**self.wanted, **roles}.items() if role}

    def fill(self) -> None:
        """Let those who are wanted sit there as by our own hand, without a call."""
        with self.wire.store.change():
            for number, role in self.wanted.items():
                roles = ["owner"] if role.leads else []
                self.wire.members.seat(self.place, account(number), roles, self.clock.time())
        with self.storage.begin() as uow:
            ended = [
                (Change(account(n), None, role), Done.CHANGED) for n, role in self.wanted.items() if role
            ]
            uow.ledger.record_all(SPACE, ended, self.clock.now())
            uow.commit()
        self.clock.sleep(3600.0)
        self.bring_about()  # a quiet look, so that the seats are known as ours

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
        return Reach(self.connection, manifest, timedelta(minutes=15))

    def wrong(self) -> int:
        """How many seats are not as wanted."""
        own = self.wire.people.service_id
        sitting = self.wire.members.sitting(self.place)
        have = {one["account"]: "owner" in one["roles"] for one in sitting if one["account"] != own}
        want = {str(account(number)): role.leads for number, role in self.wanted.items() if role}
        return sum(have.get(key) != want.get(key) for key in have.keys() | want.keys())


@contextmanager
def rig(people: int, mode: str) -> Iterator[Rig]:
    """A pretend Microsoft 365 with so many teachers, and a database."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        upgrade(engine)
        wire = make(crowd(people), Store(), clock.time)
        assert isinstance(wire, TeamsSandbox)
        served = serve(wire)
        try:
            yield Rig(engine, wire, clock, mode)
        finally:
            served.stop()
            engine.dispose()


def coplink(mode: str) -> Measure:
    """Our way, with a team or a channel for the community."""

    def measure(people: int, changes: int) -> Figures:
        come, go, turn = split(changes)
        with rig(1 + people + come, mode) as bench:
            bench.found(1 + people + come)
            bench.want({0: Role.FACILITATOR})
            bench.fill()
            phases, formula = 1, -(-people // ADDED)
            members = range(1, 1 + people)
            if not changes:
                bench.want(dict.fromkeys(members, Role.MEMBER))
                return _counted(bench, people, phases, formula)
            up, down = turn - turn // 2, turn // 2
            start: dict[int, Role | None] = dict.fromkeys(members, Role.MEMBER)
            bench.want(start | dict.fromkeys(members[:down], Role.FACILITATOR))
            bench.fill()
            after: dict[int, Role | None] = dict.fromkeys(members[:down], Role.MEMBER)
            after |= dict.fromkeys(members[down : down + up], Role.FACILITATOR)
            after |= dict.fromkeys(members[down + up : down + up + go], None)
            bench.want(after | dict.fromkeys(range(1 + people, 1 + people + come), Role.MEMBER))
            phases = sum(map(bool, (up, come, go, down)))
            return _counted(bench, people, phases, -(-come // ADDED) - (-go // REMOVED) + turn)

    return measure


def _counted(bench: Rig, people: int, phases: int, formula: int) -> Figures:
    bench.wire.enforce_limits = True
    bench.calls.clear()
    bench.wire.calls.clear()
    began = bench.clock.time()
    stopped = bench.bring_about()
    asked = [call.operation for call in bench.calls]
    writes = [one for one in bench.wire.calls if one.write and "/members" in one.path]
    calls = sum(
        ("members" in name and not name.startswith("GET")) or name == "POST /$batch" for name in asked
    )
    reads = sum(name.startswith("GET") and name.endswith("/members") for name in asked)
    return Figures(
        calls=calls,
        parts=len(writes),
        formula=formula,
        phases=phases,
        reads=reads,
        reads_most=max(1, -(-people // PAGE)),
        looks=len(asked) - calls - reads,
        throttled=bench.wire.throttled,
        seconds=bench.clock.time() - began,
        wrong=0 if stopped else bench.wrong(),
        stopped=stopped,
    )


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change in a call of its own, lists by 100; counted, not sent."""
    writes, pages = changes or people, max(1, -(-people // 100)) if changes else 1
    seconds = max((pages + writes) * SECONDS_A_CALL, (pages + writes - 4) / 4)
    return Figures(writes, writes, _least(people, changes), 1, pages, pages, 0, 0, seconds, modelled=True)


def canvas_full(people: int, changes: int) -> Figures:
    """Canvas' full sync: everybody listed, who is new looked up, the difference written; counted, not sent."""
    come, go, turn = split(changes) if changes else (people, 0, 0)
    listed = max(1, -(-people // PAGE)) + 1 if changes else 2
    return _canvas(people, changes, listed, come, go, turn)


def canvas_partial(people: int, changes: int) -> Figures:
    """Canvas' partial sync, for up to 500 recorded changes: nobody listed; counted, not sent."""
    if not changes or changes > 500:
        return canvas_full(people, changes)
    return _canvas(people, changes, 0, *split(changes))


def _canvas(people: int, changes: int, listed: int, come: int, go: int, turn: int) -> Figures:
    looked_up = -(-come // 15)
    added, removed = (
        come + turn - turn // 2,
        go + turn // 2,
    )  # who leads is a second list: a change of role is one more
    calls, parts = -(-added // 20) - (-removed // 20), -(-added // 20) + removed
    seconds = (listed + looked_up + calls) * SECONDS_A_CALL
    return Figures(
        calls, parts, _least(people, changes), 1, listed, max(1, listed), looked_up, 0, seconds, modelled=True
    )


def _least(people: int, changes: int) -> int:
    come, go, turn = split(changes) if changes else (people, 0, 0)
    return -(-come // ADDED) - (-go // REMOVED) + turn


WAYS: dict[str, Measure] = {
    "coplink, mode team": coplink("team"),
    "coplink, mode channel": coplink("channel"),
    "one call a person": one_call_a_person,
    "Canvas, full sync": canvas_full,
    "Canvas, partial sync": canvas_partial,
}
# A channel does not hold 10,000: there is nothing to be brought up to date.
LEFT_OUT = frozenset({("coplink, mode channel", 10_000, 10)})
