"""One rhythm on every calendar: place the series, invite each member in their home suite only, offer moves back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from coplink.core.community import Community
from coplink.core.people import Account, Person, Proof, Standing
from coplink.core.rhythm import Rhythm, Series, expand
from coplink.core.spaces import Space, SpaceId, SpaceState
from coplink.core.work import Turn
from coplink.engine import attendance
from coplink.engine.attention import FACILITATOR
from coplink.engine.outcome import Begin, Now, Open, Outcome, Settled
from coplink.ports.calendar import SeriesFacts
from coplink.ports.errors import Gone, NeedsAttention, Transient
from coplink.ports.integration import Manifest
from coplink.ports.records import Notice, Report
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork


def place(
    begin: Begin,
    open_connection: Open,
    manifests: Mapping[str, Manifest],
    home_url: str,
    turn: Turn,
    now: Now,
) -> Outcome:
    """Make one space's calendar show the community's rhythm; what people moved over there is offered, not undone.

    Where a space rests, or is not ready, the attendance of those ends who left, and nothing else is done.
    """
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        staying = attendees(uow, space, manifests) if space is not None and space.only_farewells else ()
    if space is not None and space.only_farewells:
        return attendance.end(begin, open_connection, staying, turn, space, now)
    with begin() as uow:
        space = uow.spaces.get(SpaceId(turn.target))
        if space is None or space.state is not SpaceState.READY:
            return Settled()
        community = uow.communities.get(space.community)
        rhythm = uow.meetings.rhythm(space.community)
        reach = open_connection(uow, space.connection)
        calendar = reach.connection.calendar
        if community is None or rhythm is None or calendar is None:
            return Settled()
        series = series_of(community, rhythm, home_url)
        invited = attendees(uow, space, manifests) if reach.manifest.invites_attendees else ()
        known = uow.meetings.link(space.id, rhythm.version)
        what = f"place meetings {rhythm.version}"
        key = f"{space.id}:{rhythm.version}"
        entry = uow.journal.open(turn, space.id, what, key, now())
        uow.commit()
    try:
        link = calendar.put(space.parts, series, invited, known, key)
        facts = calendar.read(space.parts, series, link)
    except (
        Transient,
        NeedsAttention,
        Gone,
    ):  # after anything else the journal row stays open: the next go looks
        with begin() as uow:
            uow.journal.close(entry, Done.REFUSED, now())
            uow.commit()
        raise
    changed = known is None or (known.remote, known.digest) != (link.remote, link.digest)
    with begin() as uow:
        if link != known:
            uow.meetings.put_link(space.id, rhythm.version, link)
        uow.journal.close(entry, Done.CHANGED if changed else Done.ALREADY_SO, now(), found=link.found > 0)
        moved = _offer(uow, space, series, facts)
        _tell_of_trouble(uow, space, facts, now())
        counts = {"meetings": len(series.held), "attendees": len(invited), "moved_there": moved}
        uow.records.report(Report("place_meetings", space.id, space.community, now(), counts))
        uow.commit()
    return Settled()


def _tell_of_trouble(uow: UnitOfWork, space: Space, facts: SeriesFacts, at: datetime) -> None:
    """What the platform could not make is a facilitator's to know, until it is there."""
    about = f"meetings:{space.id}"
    uow.records.clear_notices(space.community, about)
    if facts.trouble is not None:
        uow.records.raise_notice(
            Notice(
                uow.new_id(),
                space.institution,
                space.community,
                about,
                "meetings_incomplete",
                facts.trouble,
                FACILITATOR,
                at,
            )
        )


def series_of(community: Community, rhythm: Rhythm, home_url: str) -> Series:
    """The rhythm with all its meetings, and the words calendars show; the body says where the community lives."""
    address = f"{home_url}/c/{community.id}"
    body = f"{community.charter.about}\n\n{address}"
    return Series(rhythm, community.name, expand(rhythm), body, link=address)


def attendees(uow: UnitOfWork, space: Space, manifests: Mapping[str, Manifest]) -> tuple[str, ...]:
    """The addresses invited on this space's calendar: members who joined and whose home suite this is, sorted."""
    memberships = uow.communities.memberships(space.community)
    here = [m for m in memberships if m.standing is Standing.JOINED and m.institution == space.institution]
    people = uow.people.many([m.person for m in here])
    addresses = set()
    for membership in here:
        person = people.get(membership.person)
        home = home_account(uow, person, manifests) if person else None
        if home and home.integration == space.integration and home.address:
            addresses.add(home.address.strip())
    return tuple(sorted(addresses))


def home_account(uow: UnitOfWork, person: Person, manifests: Mapping[str, Manifest]) -> Account | None:
    """The one account on which someone is invited to meetings: the suite they chose, else the first they proved."""
    inviting = [
        account
        for account in uow.people.accounts(person.id)
        if account.proof is Proof.PROVED
        and account.integration in manifests
        and manifests[account.integration].invites_attendees
    ]
    # Of several on one platform the newest comes first as it is.
    inviting.sort(key=lambda account: (account.integration != person.home, account.integration))
    return inviting[0] if inviting else None


def _offer(uow: UnitOfWork, space: Space, series: Series, facts: SeriesFacts) -> int:
    uow.meetings.drop_offers(space.community, space.id)
    moved = 0
    for meeting in series.held:
        if meeting.original not in facts.starts:
            if facts.complete:
                uow.meetings.place_offer(space.community, space.id, meeting.original.isoformat(), None)
                moved += 1
        elif facts.starts[meeting.original] != meeting.starts:
            start = facts.starts[meeting.original]
            uow.meetings.place_offer(space.community, space.id, meeting.original.isoformat(), start)
            moved += 1
    return moved
