"""Each system is taken out again, with the real SDK over its sandbox: what stays, what goes, and that nobody calls.

coplink's web application listens, so that subscriptions are real; every request that reaches a sandbox is counted,
those for tokens too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from tests.engine.conftest import RHYTHM, MovingClock, School

from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.people import AccountId, Person, Role
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, disconnect, found, join, lifecycle, marks, preflight
from coplink.engine.arrive import arrive
from coplink.engine.sweep import due_by_time, full_round
from coplink.jobs.inline import InlineJobs
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.storage.tables import ConnectionRow
from coplink.testing.databases import sqlite_url
from coplink.testing.rosters import PaperRoster
from coplink.web import create_app
from coplink.wiring import build
from coplink.worker.handlers import Worker
from coplink_google.sandbox.signin import ROBOT_SCOPES


@dataclass(frozen=True)
class Suite:
    """How one suite is played: its sandbox, who lives there, what it subscribes to, what is coplink's own there.

    ``own`` are the kinds of things that may go when coplink is asked to take its own away; all others must stay.
    """

    key: str
    district: str
    id_of: str
    own: frozenset[str]
    subscriptions: Callable[[Any], int]
    add_file: Callable[[Any, Mapping[str, str]], None]


def _canvas_file(wire: Any, parts: Mapping[str, str]) -> None:
    wire.add_file("group", int(parts["group"]), "Human.docx", 1001)


def _teams_file(wire: Any, parts: Mapping[str, str]) -> None:
    wire.drives.add(parts["channel"].rpartition("/")[2], "Human.docx", wire.region.residents["ben.okafor"])


def _google_file(wire: Any, parts: Mapping[str, str]) -> None:
    drive = wire.store.get("google.drive", parts["drive"])
    someone = next(
        r.email for r in wire.region.residents.values() if r.google_id and r.district == "lakeside"
    )
    wire.drive.add(drive, someone, wire.districts["lakeside"], name="Human.docx", parents=[parts["folder"]])


SUITES = {
    "canvas": Suite(
        "canvas",
        "riverbend",
        "canvas_id",
        frozenset({"pages", "events", "links"}),
        lambda wire: 0,
        _canvas_file,
    ),
    "teams": Suite(
        "teams",
        "riverbend",
        "entra_id",
        frozenset({"tabs", "subscriptions"}),
        lambda wire: len(wire.state()["subscriptions"]),
        _teams_file,
    ),
    "google": Suite(
        "google",
        "lakeside",
        "google_id",
        frozenset({"series", "events", "mails"}),  # whoever was invited is told that a meeting is called off
        lambda wire: len(wire.drive.changes.channels.living()),
        _google_file,
    ),
}


class Town(School):
    """One institution, one suite, and a count of every request that reaches it."""

    suite: Suite
    wire: Any
    requests: list[str]

    def comes(self, key: str, leads: bool = False) -> Person:
        resident = self.wire.region.residents[key]
        account = AccountId(str(getattr(resident, self.suite.id_of)))
        arrival = Arrival(
            "lti",
            self.here.id,
            "realm",
            key,
            resident.name,
            resident.email or "",
            context=Context("realm", "course-1", "Course"),
            leads_context=leads,
            accounts=(ProvedAccount(self.suite.key, account, resident.email or ""),),
            asked={"course": "101"},
        )
        with self.services.begin() as uow:
            person = arrive(uow, arrival, self.clock.now()).person
            uow.commit()
        return person

    def plug_in(self) -> None:
        """An admin enters the settings."""
        integration = self.services.integrations[self.suite.key]
        with self.services.begin() as uow:
            connect.connect(
                uow,
                self.here.id,
                integration.manifest,
                self.wire.settings(self.suite.district),
                integration.look_over,
                self.clock.now(),
                loopback=True,
            )
            uow.commit()
        self.work()

    def circle(self) -> Any:
        """A community with two people, a rhythm, and a file that one of them made."""
        people = [
            key
            for key, one in self.wire.region.residents.items()
            if one.district == self.suite.district and getattr(one, self.suite.id_of)
        ]
        leader = self.comes(people[0], leads=True)
        origin = found.Origin(Context("realm", "course-1", "Course"), None, {"course": "101"})
        with self.services.begin() as uow:
            possible = found.places(uow, leader, origin, self.services.manifests)
            answers = found.Answers(
                "form-1", "Literacy", "Reading", "Teachers", "", (possible[0].connection,), RHYTHM
            )
            community = found.found(uow, leader, origin, answers, self.services.manifests, self.clock.now())
            uow.commit()
        self.work()
        member = self.comes(people[1])
        with self.services.begin() as uow:
            join.offer(uow, community.id, member, Role.MEMBER, self.clock.now())
            uow.commit()
        self.join(community, member)
        self.work()
        (space,) = self.spaces(community)
        assert space.state is SpaceState.READY, space.trouble
        self.suite.add_file(self.wire, space.parts)
        self.mark(community, Kind.COLLECT)
        self.work()
        self.leader = leader
        return community

    @property
    def manifest(self) -> Any:
        return self.services.manifests[self.suite.key]

    @property
    def connected(self) -> Any:
        with self.services.begin() as uow:
            return uow.institutions.connection_of(self.here.id, self.suite.key, ended=True)

    def disconnect(self, take_away: bool) -> bool:
        here = self.connected
        with self.services.begin() as uow:
            done = disconnect.disconnect(uow, here, "It", "", take_away, self.clock.now())
            uow.commit()
        self.work()
        return done

    def whole_round(self, community: Any) -> list[str]:
        """Everything that could ask anybody anything, over two days; every request that came of it."""
        key = self.connected.id
        self.requests.clear()
        for _ in range(2):
            self.clock.pass_by(days=1)
            now = self.clock.now()
            with self.services.begin() as uow:
                full_round(uow, community.id, now)
                for space in uow.spaces.of(community.id):
                    for kind in (*marks.FULL, Kind.UPKEEP, Kind.ANNOUNCE):
                        uow.work.mark(kind, space.id, community.id)
                uow.work.mark(Kind.PREFLIGHT, key, key)
                uow.commit()
            due_by_time(self.services.begin, now, timedelta(minutes=15), timedelta(hours=24))
            preflight.due(self.services.begin, now, timedelta(hours=24))
            self.work()
        return list(self.requests)


@pytest.fixture(params=list(SUITES))
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    yield from built(tmp_path, SUITES[request.param])


def built(tmp_path: Path, suite: Suite) -> Iterator[Town]:
    from importlib import import_module

    clock, apps, requests = MovingClock(datetime.now(UTC)), dict[str, Any](), list[str]()
    ours = Served(lambda environ, start: apps["coplink"](environ, start))
    theirs = Served(lambda environ, start: apps["suite"](environ, start))
    wire = import_module(f"coplink_{suite.key}.sandbox").make(
        region(ours.url), Store(), lambda: clock.now().timestamp()
    )
    wire.base_url = theirs.url

    def counted(environ: Any, start: Any) -> Any:
        requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return wire(environ, start)

    apps["suite"] = counted
    settings = load(
        env_file=None,
        base_url=ours.url,
        loopback=True,
        data_dir=tmp_path,
        database_url=sqlite_url(tmp_path),
        master_keys=Fernet.generate_key().decode(),
    )
    engine = make_engine(settings.database_url)
    upgrade(engine)
    engine.dispose()
    services = build(settings, clock)
    services.rosters = roster = PaperRoster()
    services.jobs = jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    apps["coplink"] = create_app(services)
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend")
        uow.commit()
    made = Town(services, clock, jobs, here, here, {}, roster)
    made.suite, made.wire, made.requests = suite, wire, requests
    made.plug_in()
    yield made
    theirs.stop()
    ours.stop()
    assert wire.violations == []


def things(wire: Any) -> dict[str, list[str]]:
    """Everything over there, by kind."""
    return {kind: sorted(map(repr, rows)) for kind, rows in wire.state().items()}


def sealed(town: Town) -> bytes:
    with town.services.storage._engine.connect() as connection:
        return str(connection.scalar(select(ConnectionRow.settings))).encode()


def in_the_files(town: Town) -> bytes:
    town.services.storage._engine.dispose()
    return b"".join(one.read_bytes() for one in town.services.settings.data_dir.glob("test.sqlite*"))


@pytest.mark.parametrize("take_away", [True, pytest.param(False, marks=pytest.mark.long)])
def test_disconnected_nobody_is_called_nothing_is_kept_and_what_people_made_stays(
    town: Town, take_away: bool
) -> None:
    suite, community = town.suite, town.circle()
    before, kept = things(town.wire), sealed(town)
    watched = suite.subscriptions(town.wire)
    assert watched == (0 if suite.key == "canvas" else 1)
    entered = town.wire.settings(suite.district)
    secrets = [entered[f.name].encode() for f in town.manifest.fields if f.secret and entered.get(f.name)]
    assert secrets

    assert town.disconnect(take_away)

    assert suite.subscriptions(town.wire) == 0
    assert suite.key != "google" or town.wire.signin.revoked(suite.district), "the consent was given back"
    after = things(town.wire)
    ours = suite.own if take_away else frozenset({"subscriptions"})
    assert {kind: after[kind] for kind in after if kind not in ours} == {
        kind: before[kind] for kind in before if kind not in ours
    }
    for kind in ours & after.keys():
        assert set(after[kind]) <= set(before[kind]) or kind in ("series", "events", "mails"), (
            f"nothing new: {kind}"
        )
    if take_away:
        assert any(len(after[kind]) < len(before[kind]) for kind in ours & after.keys()), "its own went"
    assert "Human.docx" in repr(after) or suite.key == "canvas"

    assert town.whole_round(community) == [], "nobody is called any more"
    (space,) = town.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)
    with town.services.begin() as uow:
        assert uow.watches.of(space.id) is None
        assert uow.ledger.kept(town.here.id) == 0
        titles = [one.title for one in uow.catalogue.of(community.id)]
        left = uow.spaces.left(space.id)
    assert "Human.docx" in titles
    assert left
    assert all(str(one.how) and "{" not in str(one.how) for one in left)

    everything = in_the_files(town)
    assert b"Literacy" in everything
    assert kept[:60] not in everything
    assert [s for s in secrets if s in everything] == []

    town.requests.clear()
    assert not town.disconnect(not take_away)
    assert town.requests == []
    assert things(town.wire) == after


@pytest.mark.long
def test_connected_again_a_place_is_found_by_its_mark_once_a_person_says_so(town: Town) -> None:
    community = town.circle()
    before = town.spaces(community)[0]
    town.disconnect(take_away=True)
    if town.suite.key == "google":  # whose check-up compares clocks
        town.clock.at = datetime.now(UTC)
        assert town.wire.signin.revoked(town.suite.district)
        town.wire.signin.consent(town.suite.district, ROBOT_SCOPES)
    town.plug_in()
    assert town.spaces(community)[0].state is SpaceState.DETACHED
    with town.services.begin() as uow:
        lifecycle.revive(uow, uow.spaces.get(before.id), town.leader, "It", town.clock.now())
        uow.commit()
    town.work()
    (space,) = town.spaces(community)
    assert space.state is SpaceState.READY, space.trouble
    main = {"canvas": "group", "teams": "channel", "google": "drive"}[town.suite.key]
    assert space.parts[main] == before.parts[main], "found, not made anew"
    with town.services.begin() as uow:
        assert uow.catalogue.of(community.id)


@pytest.mark.long
def test_rest_waking_and_a_new_name_reach_each_platform_and_a_second_time_writes_nothing(town: Town) -> None:
    community = town.circle()

    def act(verb: Any, *more: Any) -> None:
        with town.services.begin() as uow:
            verb(uow, uow.communities.get(community.id), town.leader, *more, town.clock.now())
            uow.commit()
        town.work()

    def again() -> int:
        town.wire.calls.clear()
        town.mark(community, Kind.UPKEEP)
        town.work()
        return sum(call.write for call in town.wire.calls)

    act(lifecycle.rename, "Reading circle")
    assert "Reading circle" in repr(town.wire.state())
    assert again() == 0
    act(lifecycle.conclude)
    (space,) = town.spaces(community)
    assert (space.state, space.archived_at is not None) == (SpaceState.ARCHIVED, True)
    assert town.suite.subscriptions(town.wire) == 0, "nobody listens to what rests"
    assert again() == 0
    asleep = town.whole_round(community)
    assert [line for line in asleep if not line.startswith("GET") and "token" not in line] == []
    act(lifecycle.reopen)
    (space,) = town.spaces(community)
    assert (space.state, space.archived_at, space.trouble) == (SpaceState.READY, None, None)
    assert space.written_name == "Reading circle"
    assert town.suite.subscriptions(town.wire) == (0 if town.suite.key == "canvas" else 1)
    assert again() == 0


@pytest.mark.long
def test_killed_between_any_two_steps_of_leaving_another_worker_finishes(town: Town, monkeypatch) -> None:
    """Every transaction of the leave-taking is a place to die."""
    town.circle()
    before = things(town.wire)
    services = town.services
    real, left = type(services).begin, [0]

    class Killed(BaseException):
        pass

    def begin(self: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(self)

    here = town.connected
    with services.begin() as uow:
        disconnect.disconnect(uow, here, "It", "", True, town.clock.now())
        spaces = [s.id for s in uow.spaces.of_institution(town.here.id)]
        services.jobs = replace_nothing()
        uow.commit()
    monkeypatch.setattr(type(services), "begin", begin)
    for after in range(1, 30):
        left[0] = after
        try:
            worker = Worker(services)
            for space in spaces:
                worker.perform(Kind.UPKEEP.value, space, 0)
            worker.perform(Kind.DISCONNECT.value, here.id, 0)
        except Killed:
            continue
    monkeypatch.undo()
    services.jobs = town.jobs
    town.clock.pass_by(minutes=2)
    town.work()
    assert not town.connected.settings
    assert town.suite.subscriptions(town.wire) == 0
    after_all = things(town.wire)
    assert {k: v for k, v in after_all.items() if k not in town.suite.own} == {
        k: v for k, v in before.items() if k not in town.suite.own
    }


def replace_nothing() -> Any:
    from coplink.wiring import NoJobs

    return NoJobs()
