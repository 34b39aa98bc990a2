"""The dates of a community, whoever presents at them, and the reader's own calendar address."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template

from coplink.core.people import CommunityId
from coplink.core.words import Said
from coplink.engine import presenting, reading
from coplink.ports.records import LinkKind
from coplink.web import feeds
from coplink.web.desk import Desk
from coplink.web.founding import break_of
from coplink.web.shown import usable_zone


@dataclass(frozen=True, slots=True)
class Asking:
    """The form for a presenter as it was sent, and what is wrong with it."""

    name: str = ""
    meeting: str = ""
    trouble: Said | None = None


def blueprint(desk: Desk) -> Blueprint:
    """The page of meetings."""
    views = Blueprint("meetings", __name__)

    @views.get("/c/<key>/meetings")
    def meetings(key: str) -> Response:
        return page(desk, key)

    return views


def page(desk: Desk, key: str, asking: Asking = Asking(), status: int = 200) -> Response:
    """The dates; with ``asking``, the form for a presenter filled in as it was typed."""
    person = desk.person()
    with desk.begin() as uow:
        shown = reading.meetings(uow, person, key, desk.manifests, desk.now())
        community = CommunityId(shown.seen.community.id)
        presenters = presenting.asked(uow, shown.seen.community, desk.now()) if shown.seen.leads else ()
        feed = next(
            (one for one in uow.links.of(LinkKind.FEED, community, person.id) if one.open_at(desk.now())),
            None,
        )
    text = render_template(
        "meetings.html",
        page=shown,
        seen=shown.seen,
        upcoming=[(meeting, break_of(shown.rhythm, meeting)) for meeting in shown.upcoming],
        zone=usable_zone(person.zone, shown.rhythm.zone),
        feed=f"{desk.base_url}{feeds.path_of(feed)}" if feed else "",
        presenters=presenters,
        asking=asking,
        base_url=desk.base_url,
    )
    return make_response(text, status)
