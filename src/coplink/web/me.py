"""My page: the doors I am known by, my accounts, where meetings invite me, my time zone, linking another door."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, make_response, render_template

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import Person, Proof
from coplink.core.rhythm import zone_of
from coplink.core.words import Said, say
from coplink.engine import apart, claim, marks
from coplink.engine.guests import to_open
from coplink.engine.meetings import home_account
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.founding import ZONES


def blueprint(desk: Desk) -> Blueprint:
    """The person's own page."""
    views = Blueprint("me", __name__)

    @views.get("/me")
    def mine() -> Response:
        return _page(desk, desk.person())

    @views.post("/me/home")
    def home() -> Response:
        person = desk.person()
        with desk.begin() as uow:
            zone, suite = typed("zone", 60), typed("home", 60)
            if zone:
                zone_of(zone)
            if suite and suite not in _suites(uow, desk, person):
                raise DomainError(say("Choose one of your own accounts for meeting invitations."))
            mine = uow.people.get(person.id)
            if mine is None:  # one with another record by now: the page shows what is so
                return see("/me")
            uow.people.put(replace(mine, zone=zone or mine.zone, home=suite or None))
            for community, _ in uow.communities.of_person(person.id):
                marks.people_changed(uow, community.id)
            uow.commit()
        return see("/me")

    @views.post("/me/code")
    def code() -> Response:
        person = desk.person()
        with desk.begin() as uow:
            link = claim.code_for(uow, person, desk.now())
            uow.commit()
        return _page(desk, person, code=link.token)

    @views.post("/me/link")
    def link() -> Response:
        person = desk.person()
        values, both = desk.visit.values, bool(typed("both", 3))
        try:
            if not typed("sure", 3):  # whom they would become is shown before they say yes
                with desk.begin() as uow:
                    other = claim.owner_of(uow, person, typed("code", 100), desk.now())
                    twice = claim.same_door(uow, person, other)
                return _page(desk, person, other=other, entered=typed("code", 100), twice=twice)
            with desk.begin() as uow:
                desk.enter(uow, claim.with_code(uow, person, typed("code", 100), desk.now(), both), values)
                uow.commit()
        except (DomainError, NotAllowed) as error:
            return _page(desk, person, trouble=error.message, status=400)
        return see("/me")

    @views.post("/me/part")
    def part() -> Response:
        person, values = desk.person(), desk.visit.values
        try:
            with desk.begin() as uow:
                named = (typed("door", 60), typed("realm", 400), typed("subject", 400))
                apart.part(uow, desk.services.sealer, person, *named, desk.now())
                desk.enter(uow, person, values)
                uow.commit()
        except DomainError as error:
            return _page(desk, person, trouble=error.message, status=400)
        return see("/me")

    return views


def _suites(uow: UnitOfWork, desk: Desk, person: Person) -> tuple[str, ...]:
    """The suites that could invite this person to meetings: those where an account is proved theirs."""
    keys = {a.integration for a in uow.people.accounts(person.id) if a.proof is Proof.PROVED}
    return tuple(key for key, m in desk.manifests.items() if key in keys and m.invites_attendees)


def _page(
    desk: Desk,
    person: Person,
    code: str = "",
    trouble: Said | None = None,
    status: int = 200,
    other: Person | None = None,
    entered: str = "",
    twice: bool = False,
) -> Response:
    with desk.begin() as uow:
        person = uow.people.get(person.id) or person
        institution = uow.institutions.get(person.institution)
        accounts = [one for one in uow.people.accounts(person.id) if one.proof is not Proof.DENIED]
        identities = uow.people.identities(person.id)
        suites = _suites(uow, desk, person)
        invited_on = home_account(uow, person, desk.manifests)
        doors = [(guest, uow.institutions.get(guest.institution)) for guest in to_open(uow, person)]
    text = render_template(
        "me.html",
        person=person,
        institution=institution,
        accounts=accounts,
        identities=identities,
        suites=suites,
        invited_on=invited_on,
        doors=doors,
        manifests=desk.manifests,
        zones=ZONES,
        code=code,
        trouble=trouble,
        other=other,
        entered=entered,
        twice=twice,
    )
    return make_response(text, status)
