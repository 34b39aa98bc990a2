"""A community's own pages: home, places with their progress, people, library, history.

Every page is one read model of ``engine.reading``, which also asks whether the reader may see it. Somebody who is
invited, pauses or has left is shown the invitation instead of the inside.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, make_response, render_template

from coplink.core.access import Action, may
from coplink.core.fit import becomes
from coplink.core.people import InstitutionId, Role, Standing
from coplink.core.rhythm import Meeting, Rhythm, expand
from coplink.engine import beside, copies, lifecycle, organisations, provision, reading
from coplink.engine.invitations import open_links
from coplink.web.desk import Desk, see
from coplink.web.shown import usable_zone


def blueprint(desk: Desk) -> Blueprint:
    """The community's pages."""
    views = Blueprint("community", __name__)

    @views.get("/c/<key>")
    def home(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SEE_CHARTER)
            if not seen.inside:
                return see(f"/c/{seen.community.id}/invitation")
            page = reading.home(uow, person, key, desk.manifests, desk.now())
            withdrawn = organisations.withdrawn(uow, page.seen.community.id, person.institution)
            if page.seen.membership is not None and page.seen.membership.standing is Standing.JOINED:
                withdrawn = None  # in since before a no kept anybody out, and so until it is said again
            last = _last_meeting(page.rhythm, desk.now())
            copied = copies.to_know(uow, person, key) if page.seen.leads else ()
            news = [one for one in page.newest if last and one.artifact.changed_at >= last.ends]
        zone = usable_zone(person.zone, page.rhythm.zone if page.rhythm else None)
        # What another institution's admin is asked is not for this reader; the list of places says what it waits for.
        notices = [one for one in page.notices if one.code != "asked_to_take_part"]
        text = render_template(
            "home.html",
            page=page,
            seen=page.seen,
            zone=zone,
            news=news,
            notices=notices,
            copied=copied,
            withdrawn=withdrawn,
        )
        return make_response(text)

    @views.get("/c/<key>/places")
    def places(key: str) -> Response:
        return _places(desk, key, "places.html")

    @views.get("/c/<key>/places/progress")
    def progress(key: str) -> Response:
        """Only the part of the page that changes, for those whose browser asks every two seconds."""
        return _places(desk, key, "_progress.html")

    @views.post("/c/<key>/places/<space>/again")
    def again(key: str, space: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            provision.try_again(uow, lifecycle.space_of_community(uow, seen.community.id, space))
            uow.commit()
        return see(f"/c/{seen.community.id}/places")

    @views.get("/c/<key>/people")
    def people(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            page = reading.people(uow, person, key, desk.manifests)
            community = page.seen.community
            member_there = sorted(
                {
                    desk.manifests[space.integration].title
                    for space in uow.spaces.of(community.id)
                    if space.integration in desk.manifests
                    and becomes(Role.LISTENING_IN, desk.manifests[space.integration].roles) is Role.MEMBER
                }
            )
            contacts = organisations.contacts(uow, community.id)
            outside = beside.beside(uow, page.seen, desk.manifests)
            links = {link.institution: link for link in open_links(uow, community.id, desk.now())}
            invitable: list[tuple[InstitutionId, str]] = []
            keeps = may(person, Action.KEEP, community, page.seen.membership)
            if keeps:
                parts = {p.institution: p for p in uow.communities.participations(community.id)}
                gone = {key for key, part in parts.items() if part.stays_out}
                invitable = [
                    (one.id, one.name)
                    for one in uow.institutions.all()
                    if (one.listed or one.id in parts or one.id == person.institution) and one.id not in gone
                ]
                invitable.sort(key=lambda one: (one[0] != person.institution, one[1].casefold()))
        text = render_template(
            "people.html",
            page=page,
            seen=page.seen,
            links=links,
            invitable=invitable,
            base_url=desk.base_url,
            member_there=member_there,
            contacts=contacts,
            keeps=keeps,
            beside=outside,
        )
        return make_response(text)

    @views.post("/c/<key>/people/<member>/invite")
    def invite(key: str, member: str) -> Response:
        """Invite somebody who sits in a place and is not in the community."""
        person = desk.person()
        with desk.begin() as uow:
            seen = beside.invite(uow, person, key, member, desk.manifests, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/people")

    @views.get("/c/<key>/library")
    def library(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen, lines = reading.library(uow, person, key, desk.manifests)
            places = reading.places_of(uow, seen.community, desk.manifests)
            lists = uow.catalogue.lists(seen.community.id)
        zone = usable_zone(person.zone, seen.zone)
        text = render_template("library.html", seen=seen, lines=lines, places=places, lists=lists, zone=zone)
        return make_response(text)

    @views.get("/c/<key>/history")
    def history(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen, lines = reading.history(uow, person, key)
        text = render_template(
            "history.html", seen=seen, lines=lines, zone=usable_zone(person.zone, seen.zone)
        )
        return make_response(text)

    return views


def _places(desk: Desk, key: str, template: str) -> Response:
    person = desk.person()
    with desk.begin() as uow:
        seen = reading.community_of(uow, person, key, Action.SEE_INSIDE)
        places = reading.places_of(uow, seen.community, desk.manifests)
    working = any(place.working for place in places)
    return make_response(render_template(template, seen=seen, places=places, working=working))


def _last_meeting(rhythm: Rhythm | None, now: datetime) -> Meeting | None:
    """The meeting that was held last."""
    held = [m for m in expand(rhythm) if m.ends <= now and not m.cancelled] if rhythm else []
    return held[-1] if held else None
