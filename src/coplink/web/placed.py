"""The pages that links in courses open: the next meeting, one file, a curated list.

Who belongs sees them; who is invited, pauses or has left is shown the invitation; for anybody else there is nothing.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from coplink.core.access import Action, may
from coplink.core.artifacts import ArtifactId
from coplink.engine import curate, picked, reading
from coplink.engine.reading import Seen
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, cleaned, see, typed
from coplink.web.shown import usable_zone


def blueprint(desk: Desk) -> Blueprint:
    """What is inside a community, one thing on a page."""
    views = Blueprint("placed", __name__)

    @views.get("/c/<key>/meetings/next")
    def meeting(key: str) -> Response:
        with desk.begin() as uow:
            if isinstance(seen := _inside(desk, uow, key), Response):
                return seen
            rhythm = uow.meetings.rhythm(seen.community.id)
            places = reading.places_of(uow, seen.community, desk.manifests)
        return _page(
            desk,
            seen,
            "placed_meeting.html",
            meeting=picked.next_meeting(rhythm, desk.now()),
            rhythm=rhythm,
            places=places,
        )

    @views.get("/c/<key>/library/<artifact>")
    def file(key: str, artifact: str) -> Response:
        with desk.begin() as uow:
            if isinstance(seen := _inside(desk, uow, key), Response):
                return seen
            found = picked.artifact(uow, seen.reader, key, artifact)
            [line] = reading.lines_of(uow, seen, [found], desk.manifests)
        return _page(desk, seen, "placed_file.html", line=line)

    @views.get("/c/<key>/lists/<chosen>")
    def short_list(key: str, chosen: str) -> Response:
        with desk.begin() as uow:
            if isinstance(seen := _inside(desk, uow, key), Response):
                return seen
            _, found, artifacts = curate.read(uow, seen.reader, key, chosen)
            lines = reading.lines_of(uow, seen, artifacts, desk.manifests)
            maker = uow.people.get(found.made_by)
        keeps = may(seen.reader, Action.KEEP, seen.community, seen.membership)
        return _page(desk, seen, "placed_list.html", found=found, lines=lines, maker=maker, keeps=keeps)

    @views.post("/c/<key>/lists/<chosen>")
    def change_list(key: str, chosen: str) -> Response:
        person = desk.person()
        entries = [ArtifactId(cleaned(one, 64)) for one in request.form.getlist("entry")]
        with desk.begin() as uow:
            curate.change(uow, person, key, chosen, typed("title", 400), typed("why"), entries, desk.now())
            uow.commit()
        return see(f"/c/{key}/lists/{chosen}")

    return views


def _inside(desk: Desk, uow: UnitOfWork, key: str) -> Seen | Response:
    """The community for who belongs; the way to its invitation for who may answer one."""
    seen = reading.community_of(uow, desk.person(), key, Action.SEE_CHARTER)
    return seen if seen.inside else see(f"/c/{seen.community.id}/invitation")


def _page(desk: Desk, seen: Seen, template: str, **more: object) -> Response:
    zone = usable_zone(seen.reader.zone, seen.zone)
    return make_response(render_template(template, seen=seen, zone=zone, **more))
