"""A community in each way of installing Google Workspace, by the worker alone, with Google's own client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from tests.engine.conftest import MovingClock, School

from coplink.core.announcing import PostState
from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.people import AccountId, Institution, Person, Role
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import connect, join, saying
from coplink.engine.arrive import arrive
from coplink.jobs.inline import InlineJobs
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import sqlite_url
from coplink.testing.rosters import PaperRoster
from coplink.wiring import build
from coplink.worker.handlers import Worker
from coplink_google import integration
from coplink_google.operations import of_mode
from coplink_google.sandbox import GoogleSandbox, make

HERE = "lakeside"


class District(School):
    """A school district with Google Workspace and nothing else."""

    wire: GoogleSandbox

    def comes(self, key: str, leads: bool = False, home: Institution | None = None) -> Person:
        """Somebody comes from the course, and their account at their own school is proved."""
        resident = self.wire.region.residents[key]
        suite, number = ("google", resident.google_id) if home is None else ("teams", resident.entra_id)
        account = ProvedAccount(suite, AccountId(str(number)), resident.upn)
        arrival = Arrival(
            "lti", (home or self.here).id, "realm", key, resident.name, resident.email or "",
            context=Context("realm", "course-1", "Course") if home is None else None, leads_context=leads,
            accounts=(account,), roster=RosterSourceAddress("realm", {"url": "x"}) if home is None else None,
        )  # fmt: skip
        with self.services.begin() as uow:
            person = arrive(uow, arrival, self.clock.now()).person
            uow.commit()
        return person

    def joins(self, community, key: str, home: Institution | None = None) -> Person:
        """Somebody is offered a membership and takes it."""
        person = self.comes(key, home=home)
        with self.services.begin() as uow:
            join.offer(uow, community.id, person, Role.MEMBER, self.clock.now())
            uow.commit()
        self.join(community, person)
        return person

    def connect(self, **settings: str) -> None:
        """The admin enters these settings."""
        with self.services.begin() as uow:
            connect.connect(
                uow, self.here.id, integration.manifest, settings,
                lambda values: self.services.look_over("google", values), self.clock.now(), loopback=True,
            )  # fmt: skip
            uow.commit()

    def reasons(self, community) -> set[str]:
        """Why members have no seat."""
        (space,) = self.spaces(community)
        with self.services.begin() as uow:
            return {str(one.reason) for one in uow.spaces.unreachable(space.id)}

    def catalogue(self, community) -> list[str]:
        """What the catalogue shows."""
        with self.services.begin() as uow:
            return [entry.title for entry in uow.catalogue.of(community.id)]


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    clock = MovingClock(datetime.now(UTC))  # the check-up holds it against the date of Google's answers
    settings = load(
        env_file=None, base_url="http://127.0.0.1:8080", loopback=True, data_dir=tmp_path,
        database_url=sqlite_url(tmp_path), master_keys=Fernet.generate_key().decode(),
    )  # fmt: skip
    upgrade(make_engine(settings.database_url))
    services = build(settings, clock)
    services.rosters = roster = PaperRoster()
    services.jobs = jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    wire = make(region(), Store(), lambda: clock.now().timestamp())
    served = serve(wire)
    with services.begin() as uow:
        here = connect.add_institution(uow, "Lakeside School District")
        there = connect.add_institution(uow, "Riverbend School District", listed=True)
        uow.commit()
    found = District(services, clock, jobs, here, there, {}, roster)
    found.wire = wire
    yield found
    served.stop()
    assert wire.violations == []


@pytest.mark.long
def test_a_folder_somebody_brought_holds_a_community_and_nothing_else_is_touched(district: District) -> None:
    wire = district.wire
    settings = wire.settings_of("folder", HERE)
    district.connect(**settings)
    mei = district.comes("mei.chen", leads=True)
    community = district.found(mei)
    district.work()
    (space,) = district.spaces(community)
    assert space.state is SpaceState.READY
    assert space.link
    district.joins(community, "luis.ortega")
    district.work()
    folder = wire.store.get("google.file", space.parts["folder"])
    assert {one["emailAddress"]: one["role"] for one in folder["permissions"]} == {
        "mei.chen@lakeside.example": "fileOrganizer",
        "luis.ortega@lakeside.example": "writer",
    }
    drive, there = wire.store.get("google.drive", space.parts["drive"]), wire.districts[HERE]
    for name, where in (("Plan", space.parts["folder"]), ("Payroll", settings["folder"])):
        wire.drive.add(drive, "luis.ortega@lakeside.example", there, name=name, parents=[where])
    district.mark(community, Kind.COLLECT)
    district.work()
    assert district.catalogue(community) == ["Plan"]
    (series,) = wire.state()["series"]
    assert len(series["attendees"]) == 2
    assert wire.used <= set(of_mode("folder"))
    assert (wire.directory.groups(), wire.refusals) == ([], [])


@pytest.mark.long
def test_people_of_other_schools_are_guests_and_everybody_is_told_in_chat(district: District) -> None:
    wire = district.wire
    district.connect(**{**wire.settings_of("none", HERE), **wire.with_chat(HERE), "guests": "yes"})
    mei = district.comes("mei.chen", leads=True)
    community = district.found(mei)
    district.work()
    (space,) = district.spaces(community)
    assert space.state is SpaceState.READY
    (group,) = wire.directory.groups()
    assert group["settings"]["allowExternalMembers"] == "false", "nobody of elsewhere has come yet"
    district.joins(community, "ana.ruiz", home=district.there)
    district.work()
    (group,) = wire.directory.groups()
    assert group["settings"]["allowExternalMembers"] == "true"
    assert {one["email"] for one in wire.directory.members(group)} == {
        "mei.chen@lakeside.example",
        wire.region.residents["ana.ruiz"].upn,
    }
    assert district.reasons(community) == set()
    with district.services.begin() as uow:
        said = saying.say_to_all(
            uow, mei, community.id, saying.Drawn("form-1", "Bring a text", "On Wednesday."),
            district.services.manifests, district.clock.now(),
        )  # fmt: skip
        uow.commit()
    district.work()
    with district.services.begin() as uow:
        (posts,) = uow.announced.posts([said.id]).values()
        assert [post.state for post in posts] == [PostState.POSTED]
    (message,) = wire.chat.messages(space.parts["chat"])
    assert message.startswith("Bring a text\n\nOn Wednesday.")


def test_a_school_whose_rules_keep_a_guest_out_says_so_to_them(district: District) -> None:
    wire = district.wire
    district.connect(**{**wire.settings_of("delegation", HERE), "guests": "yes"})
    community = district.found(district.comes("mei.chen", leads=True))
    district.work()
    wire.weather.add(refusal("POST .*/members", 412, "conditionNotMet", times=50))
    district.joins(community, "ana.ruiz", home=district.there)
    district.work(patience=7200)
    assert [said for said in district.reasons(community) if "one of the two schools" in said]
    assert wire.state()["groups"][0]["members"], "nobody else is held up"


def refusal(match: str, status: int, reason: str, **more):
    from coplink.sandbox.weather import Rule

    body = {"error": {"code": status, "message": "", "errors": [{"reason": reason, "message": ""}]}}
    return Rule(match, "answer", status=status, body=body, **more)
