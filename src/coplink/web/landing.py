"""The start: where am I, what is mine, what am I invited to, may I found one here; and the sign-in page.

Nothing is decided here: the engine says who belongs and who is invited; a person's own "no" is shown to them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.community import Community
from coplink.core.errors import CoplinkError, DomainError
from coplink.core.people import Institution, InstitutionId, Membership, Person, PersonId, Standing
from coplink.core.words import say
from coplink.engine import claim, copies
from coplink.engine.arrive import might_be
from coplink.engine.join import said_no
from coplink.ports.integration import Manifest
from coplink.ports.records import Connected
from coplink.ports.storage import UnitOfWork
from coplink.web.arriving import origin_of
from coplink.web.desk import Desk, cleaned, own_path, see, typed


@dataclass(frozen=True, slots=True)
class Mine:
    """One community of the visitor: how they stand to it, whether it meets in the course they came from."""

    community: Community
    membership: Membership
    here: bool
    said_no: bool


@dataclass(frozen=True, slots=True)
class WayIn:
    """One door for the sign-in page: a link where one can go at once, else a sentence where to open coplink."""

    connected: Connected
    manifest: Manifest
    redirects: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in of one institution."""

    institution: Institution
    doors: tuple[WayIn, ...]
    platform: bool


def blueprint(desk: Desk) -> Blueprint:
    """The start and the sign-in page."""
    views = Blueprint("landing", __name__)

    @views.get("/")
    def start() -> Response:
        if desk.visit.person is None:
            return see("/sign-in")
        person, origin = desk.person(), origin_of(desk.visit)
        may_found = bool(desk.visit.values.get("may_found"))
        with desk.begin() as uow:
            here: set[str] = set()
            if origin.context is not None:
                found = uow.communities.in_context(
                    person.institution, origin.context.realm, origin.context.id
                )
                here = {community.id for community in found}
            mine = [
                _mine(uow, desk, person, c, m, c.id in here) for c, m in uow.communities.of_person(person.id)
            ]
            maybe, claimed = might_be(uow, person), claim.claimed_by(uow, person)
            waits = claim.waits_for(uow, person)
            copied = copies.questions(uow, person, origin.context) if may_found else ()
        straight = _straight(mine)
        if straight and maybe is None and claimed is None and "all" not in request.args:
            return see(straight)
        others = len(here - {one.community.id for one in mine})
        text = render_template(
            "landing.html",
            mine=mine,
            maybe=maybe,
            claimed=claimed,
            waits=waits,
            manifests=desk.manifests,
            others=others,
            may_found=may_found,
            copied=copied,
            origin=origin,
            closed="closed" in request.args,
        )
        return make_response(text)

    @views.post("/is-this-you")
    def is_this_you() -> Response:
        person = desk.person()
        other = PersonId(typed("person", 64))
        with desk.begin() as uow:
            if typed("answer", 8) == "yes":
                values = desk.visit.values
                desk.enter(uow, claim.confirm(uow, person, other), values)
            else:
                claim.deny(uow, person, other)
            uow.commit()
        return see("/")

    @views.get("/sign-in")
    def sign_in() -> Response:
        target = own_path(request.args.get("next")) or ""
        with desk.begin() as uow:
            ways = [ways_in(uow, desk, one) for one in uow.institutions.all()]
        ways = [one for one in ways if one.doors or one.platform]
        return make_response(render_template("sign_in.html", ways=ways, target=target))

    @views.get("/i")
    def invitation_code() -> Response:
        """Somebody pasted an invitation: the whole address, or only its last part."""
        pasted = cleaned(request.args.get("code", ""), 400)
        token = (urlsplit(pasted).path if "/" in pasted else pasted).rstrip("/").rpartition("/")[2]
        if not token or own_path(f"/i/{token}") is None:
            raise DomainError(say("That does not look like an invitation. Paste the whole link."))
        return see(f"/i/{token}")

    return views


def ways_in(uow: UnitOfWork, desk: Desk, institution: Institution) -> Ways:
    """Every enabled door of an institution, and whether a learning platform of theirs knows coplink."""
    doors = []
    for connected in uow.institutions.connections(institution.id):
        try:
            door = desk.services.door(connected)
        except CoplinkError:  # a connection that cannot be opened is no way in; the admin's page says why
            continue
        if door is not None:
            doors.append(WayIn(connected, desk.manifests[connected.integration], door.page is None))
    return Ways(institution, tuple(doors), _has_platform(uow, institution.id))


def _has_platform(uow: UnitOfWork, institution: InstitutionId) -> bool:
    return any(d.approved_at for d in uow.platforms.deployments(institution))


def _mine(
    uow: UnitOfWork, desk: Desk, person: Person, community: Community, membership: Membership, here: bool
) -> Mine:
    no = membership.standing is Standing.INVITED and said_no(
        uow, desk.services.sealer, community.id, person.id
    )
    return Mine(community, membership, here, no)


def _straight(mine: list[Mine]) -> str | None:
    """Where to go without asking: the one community of this course, or the one invitation that came with it."""
    here = [one for one in mine if one.here and not one.said_no]
    if len(here) != 1:
        return None
    match here[0].membership.standing:
        case Standing.JOINED:
            return f"/c/{here[0].community.id}"
        case Standing.INVITED:
            return f"/c/{here[0].community.id}/invitation"
        case _:
            return None
