"""A community that gets a team of its own, by the worker alone: over 202s, lags, a failure and a change of mind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from tests.engine.conftest import MovingClock, School

from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.people import AccountId, Person, Role
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, join, provision
from coplink.engine.arrive import arrive
from coplink.jobs.inline import InlineJobs
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing import graph_contract
from coplink.testing.databases import sqlite_url
from coplink.testing.rosters import PaperRoster
from coplink.wiring import build
from coplink.worker.handlers import Worker
from coplink_teams import integration, long_running
from coplink_teams.sandbox import TeamsSandbox, make


class District(School):
    """A school district with Microsoft 365 and nothing else."""

    wire: TeamsSandbox

    def comes(self, key: str, leads: bool = False) -> Person:
        """Somebody comes from the course, and their account in Microsoft 365 is proved."""
        resident = self.wire.region.residents[key]
        account = ProvedAccount("teams", AccountId(str(resident.entra_id)), resident.email or "")
        arrival = Arrival(
            "lti", self.here.id, "realm", key, resident.name, resident.email or "",
            context=Context("realm", "course-1", "Course"), leads_context=leads, accounts=(account,),
            roster=RosterSourceAddress("realm", {"url": "x"}),
        )  # fmt: skip
        with self.services.begin() as uow:
            person = arrive(uow, arrival, self.clock.now()).person
            uow.commit()
        return person

    def joins(self, community, key: str) -> Person:
        """Somebody is offered a membership and takes it."""
        person = self.comes(key)
        with self.services.begin() as uow:
            join.offer(uow, community.id, person, Role.MEMBER, self.clock.now())
            uow.commit()
        self.join(community, person)
        return person

    def connect(self, mode: str) -> None:
        """The admin enters the settings, with this mode."""
        typed = {**self.wire.settings("riverbend"), "mode": mode}
        with self.services.begin() as uow:
            connect.connect(
                uow, self.here.id, integration.manifest, typed,
                lambda values: self.services.look_over("teams", values), self.clock.now(), loopback=True,
            )  # fmt: skip
            uow.commit()

    def notices(self, community) -> list[str]:
        """What people are told about the making of a community's places (nothing listens for calls here)."""
        with self.services.begin() as uow:
            told = uow.records.notices(community=community.id)
            return [str(notice.message) for notice in told if notice.about.startswith("provision:")]


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    clock = MovingClock()
    settings = load(
        env_file=None, base_url="http://127.0.0.1:8080", loopback=True, data_dir=tmp_path,
        database_url=sqlite_url(tmp_path), master_keys=Fernet.generate_key().decode(),
    )  # fmt: skip
    upgrade(make_engine(settings.database_url))
    services = build(settings, clock)
    services.rosters = roster = PaperRoster()
    services.jobs = jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    wire = make(region(), Store(), lambda: clock.now().timestamp())
    assert isinstance(wire, TeamsSandbox)
    served = serve(wire)
    graph_contract.hang_on(wire, wire.granted)
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend School District")
        uow.commit()
    found = District(services, clock, jobs, here, here, {}, roster)
    found.wire = wire
    yield found
    served.stop()
    for memory in (long_running._asked, long_running._done, long_running._pending):
        memory.clear()
    assert wire.violations == []
    assert [line for line in wire.refusals if ": 4" not in line] == []


@pytest.mark.long
def test_a_community_gets_a_team_of_its_own_and_everything_in_it(district: District) -> None:
    wire = district.wire
    wire.operations.seconds, wire.lag_seconds, wire.drives.folders_late = 70, 600, 200
    district.connect("team")
    ana = district.comes("ana.ruiz", leads=True)
    community = district.found(ana)
    district.work()
    (space,) = district.spaces(community)
    assert (space.state, district.notices(community)) == (SpaceState.READY, [])
    assert space.link
    for key in ("ben.okafor", "chloe.park"):
        district.joins(community, key)
    district.work()
    (team,) = [one for one in wire.state()["teams"] if one["marker"] == space.marker]
    assert team["app"]
    assert team["template"] == "educationProfessionalLearningCommunity"
    oids = {key: str(wire.region.residents[key].entra_id) for key in ("ana.ruiz", "ben.okafor", "chloe.park")}
    assert sorted(team["members"]) == sorted(oids.values())
    assert sorted(team["owners"]) == sorted([oids["ana.ruiz"], wire.people.service_id])
    (tab,) = wire.state()["tabs"]
    assert f"/door/teams/{space.connection}" in tab["url"]
    (series,) = wire.state()["series"]
    assert len(series["attendees"]) == 3
    wire.drives.add(
        space.parts["channel"].partition("/")[2], "Plan.docx", wire.region.residents["ben.okafor"]
    )
    district.mark(community, Kind.COLLECT)
    district.work()
    with district.services.begin() as uow:
        assert [entry.title for entry in uow.catalogue.of(community.id)] == ["Plan.docx"]
    for polls in wire.operations.polled.values():
        assert all(later - earlier >= 30 for earlier, later in pairwise(polls))

    # the admin changes their mind: what exists stays, and the next community gets a channel
    def in_teams() -> list[str]:
        return [f"{call.method} {call.path}" for call in wire.calls if call.write and "/teams" in call.path]

    before = in_teams()
    district.connect("channel")
    district.work()
    assert in_teams() == before
    other = district.found(ana, name="Numeracy")
    district.work()
    (channel,) = district.spaces(other)
    assert (channel.state, tuple(channel.parts)) == (SpaceState.READY, ("channel", "folder", "tab"))
    assert len([one for one in wire.state()["teams"] if one["marker"]]) == 1

    # an order that fails rests until somebody says "try again"
    district.connect("team")
    wire.operations.fails = "TeamQuotaExceeded"
    third = district.found(ana, name="Science")
    district.work(patience=6 * 3600)
    (stuck,) = district.spaces(third)
    assert (stuck.state, dict(stuck.parts)) == (SpaceState.STUCK, {})
    assert [notice for notice in district.notices(third) if "gave up" in notice]
    wire.operations.fails = ""
    with district.services.begin() as uow:
        provision.try_again(uow, stuck)
        uow.commit()
    district.work()
    assert [one.state for one in district.spaces(third)] == [SpaceState.READY]
    assert district.notices(third) == []
    assert in_teams().count("POST /v1.0/teams") == 3
