"""Whoever leaves is invited to no meeting any more, also in a space that rests; all else in its calendar stays."""

from __future__ import annotations

from collections.abc import Collection

from coplink.core.people import Standing
from coplink.core.spaces import Space
from coplink.core.work import Turn
from coplink.engine.outcome import Begin, Now, Open, Outcome, Settled
from coplink.ports.calendar import SeriesLink, Uninvites
from coplink.ports.errors import Gone, NeedsAttention, Transient
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork

AWAY = (Standing.LEFT, Standing.PAUSED)


def end(
    begin: Begin,
    open_connection: Open,
    staying: Collection[str],
    turn: Turn,
    space: Space,
    now: Now,
) -> Outcome:
    """Take those who left or pause off the meetings that stand in the calendar of a space; all else stays as it is.

    ``staying`` are the addresses of those who are invited still.
    """
    with begin() as uow:
        (version, known), gone = _standing(uow, space), _gone(uow, space, staying)
        if known is None or not gone:
            return Settled()
        calendar = open_connection(uow, space.connection).connection.calendar
        if not isinstance(calendar, Uninvites):
            return Settled()
        entry = uow.journal.open(turn, space.id, "end attendance", uow.new_id(), now())
        uow.commit()
    try:
        link = calendar.uninvite(space.parts, known, gone)
    except (Transient, NeedsAttention, Gone) as refusal:
        with begin() as uow:
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        if isinstance(refusal, Gone):  # of what is gone nobody is an attendee
            return Settled()
        raise
    with begin() as uow:
        uow.meetings.put_link(space.id, version, link)
        uow.journal.close(entry, Done.CHANGED, now())
        uow.commit()
    return Settled()


def _standing(uow: UnitOfWork, space: Space) -> tuple[int, SeriesLink | None]:
    """The series that stands there, and its version: the newest that was placed."""
    rhythm = uow.meetings.rhythm(space.community)
    for version in range(rhythm.version, 0, -1) if rhythm else ():
        if (link := uow.meetings.link(space.id, version)) is not None:
            return version, link
    return 0, None


def _gone(uow: UnitOfWork, space: Space, staying: Collection[str]) -> frozenset[str]:
    """The addresses of those who left or pause, but for one that somebody who is there has too."""
    memberships = uow.communities.memberships(space.community)
    away = [m.person for m in memberships if m.standing in AWAY and m.institution == space.institution]
    if not away:
        return frozenset()
    accounts = uow.people.proved_on(space.institution, space.integration, away).values()
    left = {(one.address or "").strip().casefold() for several in accounts for one in several}
    return frozenset(left - {one.casefold() for one in staying} - {""})
