"""Personal ICS feeds by secret address: made and revoked by their owner, read by calendars that cannot sign in.

The address is the key: it opens one community's meetings for one person, and closes when the person leaves.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from coplink.core.access import Action, may
from coplink.core.community import Stage
from coplink.core.errors import NotFound
from coplink.core.people import CommunityId, PersonId, Standing
from coplink.core.words import say
from coplink.engine import reading
from coplink.engine.meetings import series_of
from coplink.engine.secrets import fresh_token
from coplink.ports.records import Link, LinkKind
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, see

MINUTES_FRESH = 30


def path_of(link: Link) -> str:
    """The secret address of a feed, below our base address."""
    return f"/feed/{link.token}.ics"


def blueprint(desk: Desk) -> Blueprint:
    """The feeds, and their owner's two buttons."""
    views = Blueprint("feeds", __name__)

    @views.get("/feed/<token>.ics")
    def feed(token: str) -> Response:
        now = desk.now()
        with desk.begin() as uow:
            link = uow.links.by_token(LinkKind.FEED, token)
            if link is None or not link.open_at(now) or not _belongs(uow, link):
                raise NotFound(say("This calendar address is not open any more."))
            community = uow.communities.get(CommunityId(link.community or ""))
            rhythm = uow.meetings.rhythm(CommunityId(link.community or ""))
        if community is None or rhythm is None:
            raise NotFound(say("This calendar address is not open any more."))
        host = urlsplit(desk.base_url).hostname or "coplink"
        from coplink.ics.write import write  # what it needs is large, and only calendars come here

        # The stamp changes once an hour only, so that an unchanged feed is the same text and is not sent again.
        series = series_of(community, rhythm, desk.base_url)
        if community.stage is Stage.CONCLUDED:  # what it held stays; nothing comes while it rests
            held = (m if m.starts < now else replace(m, cancelled=True) for m in series.meetings)
            series = replace(series, meetings=tuple(held))
        text = write(series, community.id, host, now.replace(minute=0, second=0))
        answer = Response(text, mimetype="text/calendar")
        answer.headers["Cache-Control"] = f"private, max-age={MINUTES_FRESH * 60}"
        answer.headers["Content-Disposition"] = 'inline; filename="meetings.ics"'
        answer.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
        answer.make_conditional(request)
        return answer

    @views.post("/c/<key>/feed")
    def create(key: str) -> Response:
        person, now = desk.person(), desk.now()
        with desk.begin() as uow:
            community = reading.community_of(uow, person, key, Action.SEE_INSIDE).community
            if not _open(uow, community.id, person.id, desk):
                link = Link(
                    uow.new_id(),
                    LinkKind.FEED,
                    fresh_token(),
                    person.institution,
                    community.id,
                    person.id,
                    now,
                    None,
                )
                uow.links.put(link)
                uow.commit()
        return see(f"/c/{community.id}/meetings#feed")

    @views.post("/c/<key>/feed/revoke")
    def revoke(key: str) -> Response:
        person = desk.person()
        with desk.begin() as uow:
            community = reading.community_of(uow, person, key, Action.SEE_INSIDE).community
            for link in _open(uow, community.id, person.id, desk):
                uow.links.put(replace(link, revoked_at=desk.now()))
            uow.commit()
        return see(f"/c/{community.id}/meetings#feed")

    return views


def _open(uow: UnitOfWork, community: CommunityId, person: PersonId, desk: Desk) -> list[Link]:
    return [one for one in uow.links.of(LinkKind.FEED, community, person) if one.open_at(desk.now())]


def _belongs(uow: UnitOfWork, link: Link) -> bool:
    """Whether the feed's owner still belongs to its community."""
    if not link.community or not link.person:
        return False
    person = uow.people.get(PersonId(link.person))
    community = uow.communities.get(CommunityId(link.community))
    membership = uow.communities.membership(CommunityId(link.community), PersonId(link.person))
    if person is None or community is None or membership is None:
        return False
    return membership.standing is Standing.JOINED and may(person, Action.SEE_INSIDE, community, membership)
