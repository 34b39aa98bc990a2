"""Say something to everybody in a community, once: each of its places shows it in its own form.

The words are kept with a row for each place, and work is marked; ``post`` then makes them appear. A journal row comes
before each call, and the key is the same for every try, so that what an interrupted go left is found again. News grow
old: what could not be shown within three days is not shown any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from coplink.core.announcing import Announcement, Post, PostState, SaidToAll
from coplink.core.people import Person
from coplink.core.spaces import Space, SpaceId, SpaceState, Trouble
from coplink.core.words import say
from coplink.core.work import Turn
from coplink.engine.attention import NOBODY, SUPPORT
from coplink.engine.outcome import Begin, Now, Open, Outcome, Reach, Settled
from coplink.engine.saying import stands
from coplink.ports.announcements import Announcements, PostLink
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    NeedsAttention,
    NotReadyYet,
    OutcomeUnknown,
    Transient,
)
from coplink.ports.integration import Capability
from coplink.ports.records import Report
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

CANNOT = Trouble("cannot", say("coplink cannot say anything in this place as it is set up."), "")
Due = tuple[SaidToAll, Post, Person | None]


def post(begin: Begin, open_connection: Open, home_url: str, turn: Turn, now: Now) -> Outcome:
    """Show in one space what was said and is not there yet, oldest first.

    Raises ``IntegrationError`` where the space cannot show it now; each row says how it stands.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        due = _due(uow, space, now()) if space else []
        uow.commit()
        if space is None or not due or space.state is not SpaceState.READY:
            return Settled()
        reach = open_connection(uow, space.connection)
    port = reach.connection.announcements
    if port is None:
        _mark(begin, due, PostState.SILENT, CANNOT, now())
        return Settled()
    failed: IntegrationError | None = None
    for place, one in enumerate(due):
        try:
            _show(begin, port, reach, turn, space, one, home_url, now)
        except (
            Transient,
            NeedsAttention,
            Gone,
        ) as error:  # it is the place: whatever else is due waits as well
            _mark(begin, due[place:], *_how(error), now())
            raise
        except IntegrationError as error:
            _mark(begin, [one], *_how(error), now())
            failed = failed or error
    if failed is not None:
        raise failed
    with begin() as uow:
        uow.records.report(Report("announce", space.id, space.community, now(), {"posted": len(due)}))
        uow.commit()
    return Settled()


def _due(uow: UnitOfWork, space: Space, now: datetime) -> list[Due]:
    """What this space is to show; what is old, or will never show here, is marked so."""
    still_open = uow.announced.still_open(space.id)
    due = []
    for said, waits in still_open:
        as_it_is = stands(said, waits, space, now)
        if as_it_is is not waits:
            uow.announced.put_post(replace(as_it_is, at=now))
        else:
            due.append((said, waits))
    people = uow.people.many([said.person for said, _ in due])
    return [(said, waits, people.get(said.person)) for said, waits in due]


def _show(
    begin: Begin,
    port: Announcements,
    reach: Reach,
    turn: Turn,
    space: Space,
    due: Due,
    home_url: str,
    now: Now,
) -> PostLink:
    said, waits, person = due
    what = f"announce {said.id}"
    with begin() as uow:
        begun = uow.journal.unfinished(space.id, what)
    if begun is not None and now() - begun < reach.lag:  # killed or unanswered: it may not show yet
        left = (begun + reach.lag - now()).total_seconds()
        raise NotReadyYet(say("An earlier try may still show up; coplink looks again."), what, max(left, 0.1))
    key = f"{said.id}:{space.id}"
    with begin() as uow:
        entry = uow.journal.open(turn, space.id, what, key, now())
        uow.commit()
    words = Announcement(
        said.title,
        said.text,
        _address(home_url, space, reach),
        person.name if person else "",
        inviting=said.inviting,
    )
    try:
        link = port.post(space.parts, words, key)
    except (
        Transient,
        NeedsAttention,
        Gone,
    ):  # after anything else the row stays open: the next go looks first
        with begin() as uow:
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        raise
    with begin() as uow:
        shown = replace(
            waits, state=PostState.POSTED, remote=link.remote, link=link.link, trouble=None, at=now()
        )
        if link.silent is not None:
            shown = replace(
                waits, state=PostState.SILENT, trouble=Trouble("cannot", link.silent, ""), at=now()
            )
        uow.announced.put_post(shown)
        uow.journal.close(
            entry, Done.ALREADY_SO if link.found or link.silent else Done.CHANGED, now(), link.found
        )
        uow.commit()
    return link


def _address(home_url: str, space: Space, reach: Reach) -> str:
    """Where to read on: through that platform's own door where it has one, so that whoever follows it is let in."""
    page = f"/c/{space.community}/announcements"
    if Capability.DOOR in reach.manifest.capabilities:
        return f"{home_url}/door/{space.integration}/{space.connection}?next={page}"
    return f"{home_url}{page}"


def _how(error: IntegrationError) -> tuple[PostState, Trouble]:
    """How a row stands after an error: it goes on by itself, or waits for somebody."""
    match error:
        case Transient() | OutcomeUnknown():
            return PostState.WAITING, Trouble(error.code, error.message, NOBODY)
        case NeedsAttention():
            return PostState.STUCK, Trouble(error.code, error.message, error.who)
        case _:
            return PostState.STUCK, Trouble(error.code, error.message, SUPPORT)


def _mark(begin: Begin, due: Sequence[Due], state: PostState, trouble: Trouble, at: datetime) -> None:
    with begin() as uow:
        for _, waits, _ in due:
            uow.announced.put_post(replace(waits, state=state, trouble=trouble, at=at))
        uow.commit()
