"""One school district with Canvas, Microsoft 365, Google Workspace and its learning platform, each at the wire.

The real clients talk to them, the real engine and worker do the work; only the clock is moved, and people act by hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from tests.engine.conftest import MovingClock
from tests.scenes.district import COURSE, HERE, SUITES, one_district
from tests.scenes.over_there import OverThere

from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.community import Community
from coplink.core.people import Institution, Person, Role, Standing
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.spaces import Space, SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, found, handing_over, join, platforms
from coplink.engine.arrive import arrive
from coplink.engine.explain import explain
from coplink.engine.reading import history
from coplink.engine.sweep import full_round, sweep
from coplink.jobs.inline import InlineJobs
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters
from coplink.lti.sandbox import make as make_platform
from coplink.ports.records import Registration
from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.settings import load
from coplink.testing.databases import sqlite_url
from coplink.web import create_app
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker


@dataclass
class Town(OverThere):
    """Everything a scene touches."""

    services: Services
    clock: MovingClock
    jobs: InlineJobs
    here: Institution
    region: Region
    wires: dict[str, Any]
    registration: Registration
    _names: int = 0
    _people: dict[str, Person] = field(default_factory=dict)

    # --- people's own acts ----------------------------------------------------------------------------------------

    def comes(self, key: str, course: str = COURSE, leads: bool = False) -> Person:
        """Somebody opens the course; their accounts in all three suites are theirs."""
        resident = self.region.residents[key]
        with self.services.begin() as uow:
            person = arrive(
                uow,
                Arrival(
                    "lti",
                    self.here.id,
                    self.registration.id,
                    resident.subject,
                    resident.name,
                    resident.email,
                    context=Context(self.registration.id, f"context of {course}", "Course"),
                    leads_context=leads,
                    accounts=tuple(
                        ProvedAccount(suite, account, resident.upn)
                        for suite in SUITES
                        if (account := self.account(key, suite))
                    ),
                    roster=self.roster(course),
                    asked={"course": course},
                ),
                self.clock.now(),
            ).person
            uow.commit()
        self._people[key] = person
        return person

    def joins(self, community: Community, key: str, role: Role = Role.MEMBER) -> Person:
        """Somebody is offered an invitation, and takes it."""
        person = self.comes(key)
        with self.services.begin() as uow:
            join.offer(uow, community.id, person, role, self.clock.now())
            join.accept(uow, self.services.sealer, community, person, self.clock.now())
            uow.commit()
        return person

    def leaves(self, community: Community, key: str) -> None:
        """Somebody leaves on the page."""
        with self.services.begin() as uow:
            join.leave(uow, community, self._people[key], self.clock.now())
            uow.commit()

    def person(self, key: str) -> Person:
        """Somebody who has come before."""
        return self._people[key]

    def shares(self, community: Community, key: str, role: Role = Role.CO_FACILITATOR) -> None:
        """Ana asks somebody to facilitate with her, who says yes; or somebody steps down."""
        leader = self._people["ana.ruiz" if role.leads else key]
        with self.services.begin() as uow:
            join.share(uow, community, leader, self._people[key].id, role, self.clock.now())
            if role.leads:
                handing_over.answer(uow, community, self._people[key], True, self.clock.now())
            uow.commit()

    def asked_elsewhere(self) -> Community:
        """Mei of another school founds a community, and asks for places in this district: nothing is made yet."""
        with self.services.begin() as uow:
            lakeside = connect.add_institution(uow, "Lakeside", listed=True)
            context = Context("lakeside", "context", "Course")
            mei = arrive(
                uow,
                Arrival("lti", lakeside.id, "lakeside", "mei", "Mei Chen", context=context),
                self.clock.now(),
            ).person
            origin = found.Origin(context, {}, {"course": COURSE})
            possible = found.places(uow, mei, origin, self.services.manifests)
            chosen = tuple(one.connection for one in possible if one.possible and not one.own)
            answers = found.Answers("mei", "Across", "Reading", "Teachers", "", chosen, self._rhythm())
            made = found.found(uow, mei, origin, answers, self.services.manifests, self.clock.now())
            uow.commit()
        self._people["mei.chen"] = mei
        self.work()
        return made

    def founded(self, *members: str, course: str = COURSE, suites: tuple[str, ...] = SUITES) -> Community:
        """A community that Ana founded and these have joined; everything that was to be made is made."""
        self._names += 1
        ana = self.comes("ana.ruiz", course, leads=True)
        context = Context(self.registration.id, f"context of {course}", "Course")
        origin = found.Origin(context, dict(self.roster(course).values), {"course": course})
        with self.services.begin() as uow:
            possible = found.places(uow, ana, origin, self.services.manifests)
            names = {connected.id: connected.integration for connected in uow.institutions.connections()}
            chosen = tuple(one.connection for one in possible if names[one.connection] in suites)
            answers = found.Answers(
                f"form {self._names}",
                f"Circle {self._names}",
                "Reading",
                "Teachers",
                "",
                chosen,
                self._rhythm(),
            )
            made = found.found(uow, ana, origin, answers, self.services.manifests, self.clock.now())
            uow.commit()
        for key in members:
            self.joins(made, key)
        self.work()
        return made

    def _rhythm(self) -> Rhythm:
        today = self.clock.now().date()
        return Rhythm("America/Los_Angeles", time(16), 45, today, today + timedelta(days=60), Weekly(2, (2,)))

    # --- time -----------------------------------------------------------------------------------------------------

    def work(self, patience: float = 3600) -> None:
        """Work until nothing is due within so many seconds; the clock goes on to whatever is due by itself."""
        ends = self.clock.now() + timedelta(seconds=patience)
        while True:
            sweep(self.services.begin, self.jobs, self.clock.now())
            self.jobs.run_until_idle()
            with self.services.begin() as uow:
                waits = [s.not_before for s in uow.work.all() if not s.done and s.not_before]
            due = [moment for moment in waits if moment <= ends]
            if not due:
                return
            self.clock.advance(min(due))

    def night(self, community: Community) -> None:
        """A day passes, and a community's nightly round with it."""
        self.clock.advance(self.clock.now() + timedelta(days=1))
        with self.services.begin() as uow:
            full_round(uow, community.id, self.clock.now())
            uow.commit()
        self.work()

    def look(self, community: Community, suite: str = "") -> None:
        """The seats of every place, or of one, are looked at now, and again as often as that asks for."""
        with self.services.begin() as uow:
            for space in uow.spaces.of(community.id):
                if suite in ("", space.integration):
                    uow.work.mark(Kind.RECONCILE, space.id, community.id)
            uow.commit()
        self.work()

    # --- what is so -----------------------------------------------------------------------------------------------

    def roster(self, course: str) -> RosterSourceAddress:
        """Where the platform lists the people of a course."""
        lti_id = self.region.courses[course].lti_id
        url = f"{self.wires['lti'].base_url}/api/lti/courses/{course}/names_and_roles"
        values = {"url": url, "context": lti_id, "rlid": lti_id, "institution": self.here.id}
        return RosterSourceAddress(self.registration.id, values)

    def space(self, community: Community, suite: str) -> Space:
        """The community's place in one suite."""
        with self.services.begin() as uow:
            (space,) = [one for one in uow.spaces.of(community.id) if one.integration == suite]
        return space

    def sitting(self, community: Community, suite: str) -> set[str]:
        """Who sits there, by the platform's own book; accounts of nobody known stand for themselves."""
        marker = self.space(community, suite).marker
        kind = {"canvas": "groups", "teams": "channels", "google": "groups"}[suite]
        (place,) = [one for one in self.wires[suite].state()[kind] if one["marker"] == marker]
        names = {self.account(key, suite): key for key in self.region.residents}
        return {names.get(str(account), str(account)) for account in place["members"]}

    def everywhere(self, community: Community) -> dict[str, set[str]]:
        """Who sits where."""
        return {suite: self.sitting(community, suite) for suite in SUITES}

    def standings(self, community: Community) -> dict[str, Standing]:
        """How those stand who have come or are listed, by name."""
        with self.services.begin() as uow:
            memberships = uow.communities.memberships(community.id)
            people = uow.people.many([one.person for one in memberships])
            return {people[one.person].name: one.standing for one in memberships}

    def history(self, community: Community) -> list[str]:
        """The history as a facilitator reads it."""
        with self.services.begin() as uow:
            _, lines = history(uow, self._people["ana.ruiz"], community.id)
            return [f"{line.actor} {line.happening.message}".strip() for line in lines]

    def explained(self, community: Community, key: str) -> dict[str, str]:
        """What the page about one person says of each place."""
        reader, about = self._people["ana.ruiz"], self._people[key]
        with self.services.begin() as uow:
            page = explain(
                uow,
                reader,
                community.id,
                about.id,
                self.services.manifests,
                self.clock.now(),
                timedelta(hours=24),
            )
        return {one.place.space.integration: str(one.so) for one in page.places}

    def deeds(self, community: Community, key: str, suite: str) -> int:
        """How often coplink wrote about somebody's seat in one place."""
        space = self.space(community, suite)
        with self.services.begin() as uow:
            return len(uow.traces.deeds(space.id, self.account(key, suite)))

    def writes(self, suite: str, method: str = "") -> list[str]:
        """What coplink wrote there so far."""
        calls = [one for one in self.wires[suite].calls if one.write]
        return [f"{one.method} {one.path}" for one in calls if one.method == method or not method]


def built(folder: Path, empty_database: Path) -> Iterator[Town]:
    """The town, connected and checked."""
    from importlib import import_module

    shutil.copy(empty_database, folder)
    apps: dict[str, Any] = {}
    ours = Served(lambda environ, start: apps["coplink"](environ, start))
    clock = MovingClock(datetime.now(UTC))
    store, here_is = Store(), replace(one_district(), tool_url=ours.url)
    makers = {suite: import_module(f"coplink_{suite}.sandbox").make for suite in SUITES}
    wires: dict[str, Any] = {
        key: make(here_is, store, lambda: clock.now().timestamp())
        for key, make in {**makers, "lti": make_platform}.items()
    }
    served = [ours]
    for wire in wires.values():
        served.append(Served(wire))
        wire.base_url = served[-1].url
    settings = load(
        env_file=None,
        base_url=ours.url,
        loopback=True,
        data_dir=folder,
        database_url=sqlite_url(folder),
        master_keys=Fernet.generate_key().decode(),
    )
    services = build(settings, clock)
    services.rosters = LtiRosters(
        services.storage,
        Connector(services.storage, services.our_keys, clock, Egress(outside=LOOPBACK)),
        lambda seconds: clock.advance(clock.now() + timedelta(seconds=seconds)),
    )
    services.jobs = jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    apps["coplink"] = create_app(services)
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend", listed=True)
        told = dict(wires["lti"].settings(HERE))
        deployment = told.pop("deployment_id")
        registration = platforms.add(
            uow, Registration("", here.id, **told), deployment, True, clock.now(), loopback=True
        )
        for suite in SUITES:
            integration = services.integrations[suite]
            connect.connect(
                uow,
                here.id,
                integration.manifest,
                wires[suite].settings(HERE),
                integration.look_over,
                clock.now(),
                loopback=True,
            )
        uow.commit()
    made = Town(services, clock, jobs, here, here_is, wires, registration)
    made.work()
    yield made
    for one in served:
        one.stop()
    assert [broken for wire in wires.values() for broken in wire.violations] == []


def ready(town: Town, community: Community) -> None:
    """Every place of a community is ready."""
    with town.services.begin() as uow:
        states = {s.integration: (s.state, s.trouble) for s in uow.spaces.of(community.id)}
    assert {state for state, _ in states.values()} == {SpaceState.READY}, states
