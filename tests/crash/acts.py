"""What people do before the workers begin: each act leaves work to do, and every crash test begins after one."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time

from tests.crash.house import House

from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.community import Community
from coplink.core.people import AccountId, Identity, Person, PersonId, Role
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.work import Kind
from coplink.engine import connect, found, join, mailing, marks, saying
from coplink.engine.arrive import arrive
from coplink.worker.handlers import Worker

PEOPLE = ("ana.ruiz", "ben.okafor", "chloe.park", "dana.whitfield")
LAKESIDE = ("luis.ortega", "mei.chen", "noah.feld", "olga.ivanova")
RHYTHM = Rhythm("America/Los_Angeles", time(16), 45, date(2026, 12, 2), date(2027, 3, 1), Weekly(2, (2,)))


def arrives(house: House, number: int, leads: bool = False) -> Person:
    """Somebody comes with an account on each platform."""
    residents = house.town.place.residents
    here, there = residents[PEOPLE[number]], residents[LAKESIDE[number]]
    proved = (
        ProvedAccount("canvas", AccountId(here.canvas_id), here.email or ""),
        ProvedAccount("teams", AccountId(here.entra_id or ""), here.email or ""),
        ProvedAccount("google", AccountId(there.google_id or ""), there.email or ""),
    )
    with house.services.begin() as uow:
        institution = connect.the_institution(uow, "Riverbend")
        arrival = Arrival(
            "lti",
            institution.id,
            "realm",
            here.key,
            here.name,
            here.email or "",
            context=Context("realm", "course-1", "Course"),
            leads_context=leads,
            accounts=proved,
            asked={"course": "101"},
        )
        person = arrive(uow, arrival, house.services.now()).person
        uow.commit()
    return person


def settle_in(house: House, platforms: tuple[str, ...]) -> None:
    """An institution with its connections, looked over once."""
    services = house.services
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend")
        for key in platforms:
            integration = services.integrations[key]
            connect.connect(
                uow,
                here.id,
                integration.manifest,
                house.town.settings(key),
                integration.look_over,
                services.now(),
                loopback=True,
            )
        uow.commit()
    arrives(house, 0, leads=True)
    work_here(house)


def work_here(house: House) -> None:
    """Do all there is to do without any worker process."""
    services = house.services
    worker = Worker(services)
    until = clock.monotonic() + 60
    while undone := house.undone():
        assert clock.monotonic() < until, f"still to do: {undone}"
        for kind, target, *_ in undone:
            worker.perform(str(kind), str(target), 0)
        clock.sleep(0.01)


def leader(house: House) -> Person:
    return arrives(house, 0, leads=True)


def founds(house: House, platforms: tuple[str, ...]) -> Community:
    """A community with a place on each platform."""
    services, founder = house.services, leader(house)
    origin = found.Origin(Context("realm", "course-1", "Course"), None, {"course": "101"})
    with services.begin() as uow:
        possible = found.places(uow, founder, origin, services.manifests)
        answers = found.Answers(
            "form-1",
            "Literacy",
            "Reading",
            "Teachers",
            "",
            tuple(place.connection for place in possible),
            RHYTHM,
        )
        made = found.found(uow, founder, origin, answers, services.manifests, services.now())
        assert {space.integration for space in uow.spaces.of(made.id)} == set(platforms)
        uow.commit()
    return made


def joins(house: House, community: Community, number: int) -> None:
    person = arrives(house, number)
    with house.services.begin() as uow:
        join.offer(uow, community.id, person, Role.MEMBER, house.services.now())
        join.accept(uow, house.services.sealer, community, person, house.services.now())
        uow.commit()


def leaves(house: House, community: Community, number: int) -> None:
    person = arrives(house, number)
    with house.services.begin() as uow:
        join.leave(uow, community, person, house.services.now())
        uow.commit()


def seats(house: House, community: Community) -> None:
    """Two join, and one who sat there leaves."""
    joins(house, community, 2)
    joins(house, community, 3)
    leaves(house, community, 1)


def moves(house: House, community: Community) -> None:
    """The meetings are an hour later from now on."""
    with house.services.begin() as uow:
        uow.meetings.put(community.id, replace(RHYTHM, start=time(17), version=2))
        for space in uow.spaces.of(community.id):
            uow.work.mark(Kind.PLACE_MEETINGS, space.id, community.id)
        uow.commit()


def says(house: House, community: Community) -> None:
    """Something is said to everybody."""
    services = house.services
    with services.begin() as uow:
        drawn = saying.Drawn("form-1", "Wednesday", "Bring a text.")
        saying.say_to_all(uow, leader(house), community.id, drawn, services.manifests, services.now())
        uow.commit()


def invites(house: House, community: Community) -> None:
    """Three people are to get a letter."""
    services, founder = house.services, leader(house)
    with services.begin() as uow:
        for number in range(3):
            name = f"guest{number}"
            person = Person(PersonId(uow.new_id()), founder.institution, name, f"{name}@school.example")
            uow.people.put(person)
            uow.people.put_identity(Identity(founder.institution, "lti", "realm", name, person.id))
            join.offer(uow, community.id, person, Role.MEMBER, services.now())
        mailing.ask(uow, founder, community.id, services.now())
        uow.commit()


def round_again(house: House) -> None:
    """All work of every community is due again."""
    with house.services.begin() as uow:
        for community in uow.communities.all():
            marks.everything(uow, community)
            uow.work.mark(Kind.INVITE, community, community)
        uow.commit()


Act = Callable[[House, Community], None]
ACTS: dict[str, Act] = {"seats": seats, "moved": moves, "said": says, "letters": invites}
