"""From a verified arrival to a session: who came is recognised, and what the door told is kept for the pages.

The session carries small texts under fixed names: ``realm``, ``context``, ``title`` and ``kind`` (where they came
from), ``roster`` and ``asked`` (JSON), ``may_found``, ``door``, ``frames``, ``theme``, ``link`` (an invitation that
waits for its answer) and ``founding`` (the form that was sent last).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta

from coplink.core.arrival import Arrival, Context
from coplink.core.errors import DomainError
from coplink.core.people import CommunityId
from coplink.engine import invitations
from coplink.engine.arrive import Welcome, arrive
from coplink.engine.found import Origin
from coplink.ports.storage import UnitOfWork
from coplink.web.desk import Desk, own_path
from coplink.web.session import Visit

LONGEST_VALUE = 4_000
CLOSED = "/?all=1&closed=1"
_CHOOSING = re.compile(r"/door/[a-z0-9_-]+/[0-9a-f]{32}/choose")
_COMMUNITY = re.compile(r"/c/([0-9a-f]{32})(?=[/?]|$)")


def arrived(
    desk: Desk, arrival: Arrival, frames: Sequence[str] = (), target: str = "", theme: str = ""
) -> str:
    """Let in who came, in a transaction of its own: see ``enter``."""
    with desk.begin() as uow:
        path = enter(desk, uow, arrival, frames, target, theme)
        uow.commit()
    return path


def enter(
    desk: Desk,
    uow: UnitOfWork,
    arrival: Arrival,
    frames: Sequence[str] = (),
    target: str = "",
    theme: str = "",
) -> str:
    """Recognise who came, begin their session, and say where to go: a waiting invitation, the target, or the start."""
    age = timedelta(minutes=desk.services.settings.roster_minutes)
    wanted = own_path(target) or ""
    before = desk.leave(uow)
    welcome = arrive(uow, arrival, desk.now(), age, _community_of(wanted))
    link = _waiting(uow, before.get("link", ""), desk)
    values = {
        **_told(arrival),
        "may_found": "yes" if welcome.may_found else "",
        "frames": " ".join(frames),
        "theme": theme or before.get("theme", ""),
        "link": link,
    }
    desk.enter(uow, welcome.person, {k: v for k, v in values.items() if v and len(v) <= LONGEST_VALUE})
    if link:
        return f"/i/{link}"
    return _open_to(uow, welcome, wanted)


def _community_of(path: str) -> CommunityId | None:
    found = _COMMUNITY.match(path)
    return None if found is None else CommunityId(found[1])


def _open_to(uow: UnitOfWork, welcome: Welcome, wanted: str) -> str:
    """Where a link leads this person: the start, where it leads into a community near them that they do not belong to.

    A community that their institution has no part in is not there for them, and stays so.
    """
    if not wanted.startswith(("/c/", "/i/", "/me", "/admin")) and not _CHOOSING.fullmatch(wanted):
        return "/"
    named = _community_of(wanted)
    if named is None or welcome.belongs:
        return wanted
    community, institution = uow.communities.get(named), welcome.person.institution
    if community is None:
        return wanted
    near = community.institution == institution or uow.communities.participation(community.id, institution)
    return CLOSED if near else wanted


def origin_of(visit: Visit) -> Origin:
    """Where the visitor came from, as their door told."""
    values = visit.values
    context = None
    if values.get("context"):
        context = Context(
            values.get("realm", ""), values["context"], values.get("title", ""), values.get("kind", "course")
        )
    roster = json.loads(values["roster"]) if values.get("roster") else None
    asked = json.loads(values["asked"]) if values.get("asked") else {}
    return Origin(context, roster, asked)


def _told(arrival: Arrival) -> dict[str, str]:
    told = {"door": arrival.door}
    if arrival.context is not None:
        told |= {
            "realm": arrival.context.realm,
            "context": arrival.context.id,
            "title": arrival.context.title,
            "kind": arrival.context.kind,
        }
    if arrival.roster is not None:
        told["roster"] = json.dumps(dict(arrival.roster.values))
    if arrival.asked:
        told["asked"] = json.dumps(dict(arrival.asked))
    return told


def _waiting(uow: UnitOfWork, token: str, desk: Desk) -> str:
    """The invitation that waited, where it still opens; its page says so if it is for another institution."""
    if not token:
        return ""
    try:
        invitations.opened(uow, token, desk.now())
    except DomainError:
        return ""
    return token
