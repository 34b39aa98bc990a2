"""Invited, join, no thanks, pause, come back, leave: a person's own acts, each a form of its own.

A "no" is shown to nobody but the person who said it; the page of an invitation looks the same to everybody else
whether it has been answered or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.access import Action
from coplink.core.community import Community
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import CommunityId, Institution, Membership, Person, PersonId, Role, Standing
from coplink.core.rhythm import Rhythm
from coplink.core.words import say
from coplink.engine import disclosures, handing_over, invitations, join, reading
from coplink.engine.kept_seats import kept_seats
from coplink.engine.organisations import Withdrawn, contacts, withdrawn
from coplink.ports.records import Link
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import usable_zone

LISTEN, TAKE_PART = "listen", "take-part"


@dataclass(frozen=True, slots=True)
class Invited:
    """Someone before the door of a community: with a membership, with a link, or with both.

    ``elsewhere``: other institutions where it has places, which may take them as a guest. ``withdrawn``: their own
    institution does not take part, or not any more. ``contact``: whom to ask in their own institution. ``address``:
    which one other institutions get; empty where they have shown none.
    """

    community: Community
    person: Person
    membership: Membership | None
    link: Link | None
    said_no: bool
    rhythm: Rhythm | None
    elsewhere: Sequence[Institution] = ()
    withdrawn: Withdrawn | None = None
    contact: Person | None = None
    address: str = ""

    @property
    def standing(self) -> Standing:
        """How they stand to it; a link alone counts as an invitation."""
        return self.membership.standing if self.membership else Standing.INVITED

    @property
    def set_aside(self) -> bool:
        """Whether they pause by a decision of their institution."""
        return self.membership is not None and self.membership.by_institution


def blueprint(desk: Desk) -> Blueprint:
    """The invitation and every way in and out of a membership."""
    views = Blueprint("joining", __name__)

    @views.post("/c/<key>/people/<member>/role")
    def role(key: str, member: str) -> Response:
        person = desk.person()
        chosen = {one.value: one for one in Role}.get(typed("role", 20))
        if chosen is None:
            raise DomainError(say("Choose facilitator, co-facilitator, steward or member."))
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SEE_INSIDE)
            join.share(uow, seen.community, person, PersonId(member), chosen, desk.now())
            uow.commit()
        return see(f"/c/{key}/people")

    @views.post("/c/<key>/people/<member>/ask-no-more")
    def ask_no_more(key: str, member: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            handing_over.take_back(uow, seen.community, person, PersonId(member))
            uow.commit()
        return see(f"/c/{seen.community.id}/people")

    @views.post("/c/<key>/facilitate")
    def facilitate(key: str) -> Response:
        """Yes or no to whoever asks, or one's own act where nobody sees to it."""
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SEE_INSIDE)
            match typed("answer", 10):
                case "yes" | "no" as said:
                    handing_over.answer(uow, seen.community, person, said == "yes", desk.now())
                case "take-on":
                    handing_over.take_on(uow, seen.community, person, desk.now())
                case _:
                    raise DomainError(say("Choose yes or no."))
            uow.commit()
        return see(f"/c/{seen.community.id}")

    @views.post("/c/<key>/level")
    def level(key: str) -> Response:
        person = desk.person()
        chosen = typed("level", 20)
        if chosen not in (LISTEN, TAKE_PART):
            raise DomainError(say("Choose to take part or to listen in."))
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.CHOOSE_LEVEL)
            join.choose_level(uow, seen.community, person, chosen == LISTEN, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/people")

    @views.get("/c/<key>/invitation")
    def invitation(key: str) -> Response:
        with desk.begin() as uow:
            invited = invited_to(uow, desk, key)
        zone = usable_zone(invited.person.zone, invited.rhythm.zone if invited.rhythm else None)
        return make_response(render_template("invitation.html", invited=invited, zone=zone))

    @views.post("/c/<key>/join")
    def accept(key: str) -> Response:
        with desk.begin() as uow:
            invited = invited_to(uow, desk, key)
            join.accept(
                uow,
                desk.services.sealer,
                invited.community,
                invited.person,
                desk.now(),
                invited.link,
                listening=typed("level", 20) == LISTEN,
            )
            disclosures.told(
                uow,
                invited.community.id,
                invited.person,
                request.form.getlist("told"),
                desk.now(),
                request.form.get("named"),
            )
            desk.remember(uow, link=None)
            uow.commit()
        return see(f"/c/{invited.community.id}")

    @views.post("/c/<key>/decline")
    def decline(key: str) -> Response:
        with desk.begin() as uow:
            invited = invited_to(uow, desk, key)
            join.decline(uow, desk.services.sealer, invited.community, invited.person)
            desk.remember(uow, link=None)
            uow.commit()
        return make_response(render_template("declined.html", invited=invited))

    @views.post("/c/<key>/guest")
    def guest(key: str) -> Response:
        person = desk.person()
        chosen = {"yes": True, "no": False}.get(typed("address", 3))
        if chosen is None:
            raise DomainError(say("Choose yes or no."))
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SEE_INSIDE)
            named = request.form.get("named")
            disclosures.answer(
                uow, seen.community, person, typed("institution", 60), chosen, desk.now(), named
            )
            uow.commit()
        return see(f"/c/{seen.community.id}/people")

    @views.post("/c/<key>/pause")
    def pause(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.LEAVE)
            join.pause(uow, seen.community, person, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}")

    @views.get("/c/<key>/leave")
    def before_leaving(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.LEAVE)
            alone = join.alone(uow, seen.community, person)
            kept = kept_seats(uow, seen.community, person, desk.manifests)
        return make_response(render_template("leave.html", seen=seen, alone=alone, kept=kept))

    @views.post("/c/<key>/leave")
    def leave(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.LEAVE)
            told = bool(typed("rest", 3))
            if not told and join.alone(uow, seen.community, person):
                return see(f"/c/{seen.community.id}/leave")  # what that means is said before it is done
            join.leave(uow, seen.community, person, desk.now(), to_rest=told)
            kept = kept_seats(uow, seen.community, person, desk.manifests)
            uow.commit()
        return make_response(render_template("left.html", seen=seen, kept=kept))

    return views


def invited_to(uow: UnitOfWork, desk: Desk, key: str) -> Invited:
    """The community for someone who may answer; ``NotFound`` for anybody it is no business of."""
    person = desk.person()
    link = _link(uow, desk, key, person)
    try:
        seen = reading.community_of(uow, person, key, Action.SEE_CHARTER)
        community, membership = seen.community, seen.membership
    except NotFound:
        found = uow.communities.get(CommunityId(key)) if link else None
        if found is None:
            raise
        community, membership = found, None
    no = join.said_no(uow, desk.services.sealer, community.id, person.id)
    elsewhere = disclosures.elsewhere(uow, community.id, person)
    gone = withdrawn(uow, community.id, person.institution)
    rhythm = uow.meetings.rhythm(community.id)
    contact = contacts(uow, community.id).get(person.institution)
    address = disclosures.address_of(uow, person)
    return Invited(community, person, membership, link, no, rhythm, elsewhere, gone, contact, address)


def _link(uow: UnitOfWork, desk: Desk, key: str, person: Person) -> Link | None:
    """The invitation link this visit came with, where it leads to this community and still opens."""
    token = desk.visit.values.get("link", "")
    if not token:
        return None
    try:
        link, community = invitations.opened(uow, token, desk.now())
    except DomainError:
        return None
    return link if community.id == key and link.institution == person.institution else None
