"""The life of a community and of its places, by those who lead it, and by the admins of a place's institution.

    /c/<key>/life                    another name; what is agreed on; put to rest, wake
    /c/<key>/places/<space>          one place: put to rest, wake, let go, take up again; by a facilitator
    /admin/spaces/<space>            the same, by an admin of its institution

The page of a place also explains its seats: what is so, since when, why, what next, and a look on request.

Each page says in words what would happen before there is a button for it, and has a way back. Nothing here calls a
platform: what was decided is carried there by the worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.access import Action
from coplink.core.errors import DomainError
from coplink.core.people import Person
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.engine import lifecycle, provision, reading
from coplink.engine.explain_place import explain_place, look_again_there
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import usable_zone

TAKEN_AWAY = "take_away"


def blueprint(desk: Desk) -> Blueprint:
    """The pages and their forms."""
    views = Blueprint("lifecycle", __name__)

    @views.get("/c/<key>/life")
    def life(key: str) -> Response:
        return _life(desk, desk.person(), key)

    @views.post("/c/<key>/life/name")
    def rename(key: str) -> Response:
        person = desk.person()
        try:
            with desk.begin() as uow:
                seen = reading.community_of(uow, person, key, Action.SHAPE)
                lifecycle.rename(uow, seen.community, person, typed("name", 400), desk.now())
                uow.commit()
        except DomainError as error:
            return _life(desk, person, key, error.message)
        return see(f"/c/{seen.community.id}/life")

    @views.post("/c/<key>/life/norms")
    def norms(key: str) -> Response:
        person = desk.person()
        try:
            with desk.begin() as uow:
                seen = reading.community_of(uow, person, key, Action.SHAPE)
                lifecycle.agree(uow, seen.community, person, typed("norms", 4000), desk.now())
                uow.commit()
        except DomainError as error:
            return _life(desk, person, key, error.message)
        return see(f"/c/{seen.community.id}/life")

    @views.post("/c/<key>/life/rest")
    def conclude(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            lifecycle.conclude(uow, seen.community, person, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/life")

    @views.post("/c/<key>/life/wake")
    def reopen(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            lifecycle.reopen(uow, seen.community, person, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/places")

    @views.get("/c/<key>/places/<space>")
    def place(key: str, space: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            found = lifecycle.space_of_community(uow, seen.community.id, space)
            return _place(desk, uow, found, f"/c/{seen.community.id}/places", person)

    @views.post("/c/<key>/places/<space>")
    def act(key: str, space: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            seen = reading.community_of(uow, person, key, Action.SHAPE)
            found = lifecycle.space_of_community(uow, seen.community.id, space)
            _act(desk, uow, found, person, desk.now())
            uow.commit()
        return see(f"/c/{seen.community.id}/places/{found.id}")

    @views.get("/admin/spaces/<space>")
    def admin_place(space: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            found = lifecycle.space_of_admin(uow, admin, space)
            return _place(desk, uow, found, "/admin", admin)

    @views.post("/admin/spaces/<space>")
    def admin_act(space: str) -> Response:
        admin = desk.admin()
        with desk.begin() as uow:
            found = lifecycle.space_of_admin(uow, admin, space)
            _act(desk, uow, found, admin, desk.now())
            uow.commit()
        return see(f"/admin/spaces/{found.id}")

    return views


def _act(desk: Desk, uow: UnitOfWork, space: Space, person: Person, now: datetime) -> None:
    """What the form asks for."""
    manifest = desk.manifests.get(space.integration)
    title = manifest.title if manifest else space.integration
    match typed("do", 20):
        case "archive":
            lifecycle.archive(uow, space, person, title, now)
        case "restore":
            lifecycle.restore(uow, space, person, title, now)
        case "detach":
            lifecycle.detach(uow, space, person, title, bool(typed(TAKEN_AWAY, 8)), now)
        case "revive":
            lifecycle.revive(uow, space, person, title, now)
        case "name":
            lifecycle.use_our_name(uow, space)
        case "again":
            provision.try_again(uow, space)
        case "look":
            look_again_there(uow, space, now)
        case _:
            raise DomainError(say("This form is too old. Open the page again."))


def _life(desk: Desk, person: Person, key: str, trouble: Said | None = None) -> Response:
    with desk.begin() as uow:
        seen = reading.community_of(uow, person, key, Action.SHAPE)
        places = reading.places_of(uow, seen.community, desk.manifests)
    name, norms = seen.community.name, seen.community.charter.norms
    if trouble:  # what was typed stands there again
        name = typed("name", 400) if "name" in request.form else name
        norms = typed("norms", 4000) if "norms" in request.form else norms
    text = render_template("life.html", seen=seen, places=places, trouble=trouble, name=name, norms=norms)
    return make_response(text, 400 if trouble else 200)


def _place(desk: Desk, uow: UnitOfWork, space: Space, back: str, person: Person) -> Response:
    community = uow.communities.get(space.community)
    views = reading.places_of(uow, community, desk.manifests) if community else ()
    shown = next(view for view in views if view.space.id == space.id)
    connected = uow.institutions.connection(space.connection)
    rhythm = uow.meetings.rhythm(space.community)
    named_there = [n for n in uow.records.notices(community=space.community) if n.about == f"name:{space.id}"]
    here = f"{back}/{space.id}" if back != "/admin" else f"/admin/spaces/{space.id}"
    text = render_template(
        "space.html",
        place=shown,
        community=community,
        connected=connected is not None and connected.ended_at is None,
        named_there=named_there,
        left=uow.spaces.left(space.id),
        leaving=space.parting is not None,
        can_rest=space.state is SpaceState.READY,
        can_wake=space.state is SpaceState.ARCHIVED,
        decided_there=space.by_admin and not lifecycle.governs(person, space),
        can_go=space.state in lifecycle.LET_GO,
        can_return=space.state is SpaceState.DETACHED and space.parting is None,
        here=here,
        back=back,
        page=explain_place(uow, space, desk.now(), timedelta(hours=desk.services.settings.full_round_hours)),
        zone=usable_zone(person.zone, rhythm.zone if rhythm else None),
        now=desk.now(),
    )
    return make_response(text)
