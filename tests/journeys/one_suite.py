"""One institution with one suite, played with its real SDK over its sandbox, and every request to it counted.

coplink's web application listens, so that subscriptions are real. For ``test_uninstall``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from tests.engine.conftest import RHYTHM, MovingClock, School

from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.people import AccountId, Person, Role
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, disconnect, found, join, marks, preflight
from coplink.engine.arrive import arrive
from coplink.engine.sweep import due_by_time, full_round
from coplink.jobs.inline import InlineJobs
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import sqlite_url
from coplink.testing.rosters import PaperRoster
from coplink.web import create_app
from coplink.wiring import build
from coplink.worker.handlers import Worker


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
