"""Found a community: four answers on one page, a preview in which nothing has been made yet, and one click.

GET  /found           the form
POST /found/preview   what would be made in each place, who must agree, the first meetings
POST /found/edit      back to the form, every answer kept
POST /found           found it; sending the same form twice is one founding
"""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, Response, make_response, render_template

from coplink.core.community import charter, community_name
from coplink.core.errors import ConfigurationError, CoplinkError, DomainError, NotAllowed
from coplink.core.people import Person
from coplink.core.rhythm import Break, Meeting, Rhythm, check, expand
from coplink.core.words import Said, say
from coplink.engine import found
from coplink.engine.found import Answers, Origin, Place, Preview
from coplink.ports.errors import IntegrationError
from coplink.ports.storage import UnitOfWork
from coplink.web.arriving import origin_of
from coplink.web.desk import Desk, see
from coplink.web.founding_form import Filled, blank, from_request
from coplink.web.shown import usable_zone

FIRST_MEETINGS = 8
ZONES = tuple(
    sorted(
        zone
        for zone in available_timezones()
        if zone.startswith(
            (
                "Africa/",
                "America/",
                "Antarctica/",
                "Asia/",
                "Atlantic/",
                "Australia/",
                "Europe/",
                "Indian/",
                "Pacific/",
            )
        )
    )
)


def blueprint(desk: Desk) -> Blueprint:
    """The founding pages."""
    views = Blueprint("founding", __name__)

    @views.get("/found")
    def form() -> Response:
        person, origin = _founder(desk)
        with desk.begin() as uow:
            places = found.places(uow, person, origin, desk.manifests)
            key = uow.new_id()
        zone = usable_zone(person.zone) if person.zone else ""
        chosen = tuple(place.connection for place in places if place.own and place.possible)
        return _form(desk, blank(key, zone, chosen, desk.now().date()), places)

    @views.post("/found/edit")
    def edit() -> Response:
        person, origin = _founder(desk)
        with desk.begin() as uow:
            return _form(desk, from_request(), found.places(uow, person, origin, desk.manifests))

    @views.post("/found/preview")
    def preview() -> Response:
        person, origin = _founder(desk)
        filled = from_request()
        try:
            filled = filled.with_calendar()
            answers = filled.answers()
            community_name(answers.name)
            charter(answers.about, answers.audience, answers.hopes, norms=answers.norms)
            rhythm = check(answers.rhythm)
            with desk.begin() as uow:
                previews = _previews(uow, desk, person, origin, answers)
        except (DomainError, ConfigurationError, IntegrationError) as error:
            return _again(desk, filled, error)
        meetings = expand(rhythm)
        if not any(not meeting.cancelled for meeting in meetings):
            sentence = say("Every meeting would fall into a break. Choose other dates.")
            return _again(desk, filled, DomainError(sentence))
        text = render_template(
            "preview.html",
            filled=filled,
            answers=answers,
            previews=previews,
            rhythm=rhythm,
            meetings=[(meeting, break_of(rhythm, meeting)) for meeting in meetings[:FIRST_MEETINGS]],
            held=sum(not meeting.cancelled for meeting in meetings),
            origin=origin,
        )
        return make_response(text)

    @views.post("/found")
    def founded() -> Response:
        person, origin = _founder(desk)
        filled = from_request()
        try:
            filled = filled.with_calendar()
            answers = filled.answers()
            with desk.begin() as uow:
                # Writing the session's row first lets a second click, here or in another process, wait for the first.
                desk.remember(uow, founding=answers.key)
                community = found.found(uow, person, origin, answers, desk.manifests, desk.now())
                uow.commit()
        except DomainError as error:
            return _again(desk, filled, error)
        return see(f"/c/{community.id}/places")

    return views


def break_of(rhythm: Rhythm, meeting: Meeting) -> Break | None:
    """The break a called-off meeting falls into."""
    return next(
        (pause for pause in rhythm.breaks if meeting.cancelled and pause.covers(meeting.original)), None
    )


def _founder(desk: Desk) -> tuple[Person, Origin]:
    person = desk.person()
    if not desk.visit.values.get("may_found"):
        raise NotAllowed(say("Open coplink from a course you teach: a community is founded there."))
    return person, origin_of(desk.visit)


def _previews(
    uow: UnitOfWork, desk: Desk, person: Person, origin: Origin, answers: Answers
) -> tuple[Preview, ...]:
    return found.preview(uow, person, origin, answers, desk.manifests, desk.services.planned)


def _again(desk: Desk, filled: Filled, error: CoplinkError) -> Response:
    """The form with every answer kept, and the sentence that says what is wrong."""
    person, origin = _founder(desk)
    with desk.begin() as uow:
        places = found.places(uow, person, origin, desk.manifests)
    return _form(desk, filled, places, error.message, 400)


def _form(
    desk: Desk, filled: Filled, places: tuple[Place, ...], trouble: Said | None = None, status: int = 200
) -> Response:
    text = render_template(
        "found.html", filled=filled, places=places, trouble=trouble, zones=ZONES, origin=origin_of(desk.visit)
    )
    return make_response(text, status)
