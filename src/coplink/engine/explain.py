"""Why things are as they are for one person: how they stand, and for each place what is so, since when, why, what next.

Everything comes from what is stored; no platform is asked. Whoever has not answered an invitation is explained in the
same words, whether or not they said no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from coplink.core.access import Action, may
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Membership, Person, PersonId, Proof, Standing
from coplink.core.plan import GONE_UNSEEN
from coplink.core.spaces import SpaceId, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind
from coplink.engine.reading import PlaceView, Seen, community_of
from coplink.engine.ways import LEADERS, NOBODY, Step, Way, WayIn, places_with_seats, ways_in
from coplink.ports.integration import Manifest
from coplink.ports.records import Happening, Report
from coplink.ports.seats import Done
from coplink.ports.storage import UnitOfWork
from coplink.ports.traces import Deed, SeatTrace

BETWEEN_LOOKS = timedelta(minutes=1)
ASKED = "look_again"

SEATED_BY_US = say("There is a seat, which coplink gave.")
SEATED_BY_HAND = say("There is a seat that coplink did not give; coplink never takes it away.")
SEAT_COMES = say("There is no seat yet.")
NO_SEAT = say("There is no seat.")
SEAT_GOES = say("The seat that is still there is taken away.")
NO_ANSWER_YET = say("Nobody is seated before they have said yes.")
GIVEN_UP = say("Whoever takes a break or leaves gives up the seat.")
NOT_THERE = Step(
    say(
        "coplink gave a seat, and it was not there at the last look. If the next look does not find it either, it "
        "counts as having left over there."
    ),
    LEADERS,
    say("If that is a mistake, put the seat back over there before the next look."),
)
NOT_SEEN = Step(
    say(
        "coplink gave a seat, and it was not there at the last look. If the next look does not find it either, it was "
        "left or taken away over there, and is not given again unasked."
    ),
    NOBODY,
    say("coplink looks again by itself."),
)
IN_DOUBT = say("The platform’s answer about this seat got lost; coplink looks before it does anything more.")


@dataclass(frozen=True, slots=True)
class Explained:
    """One person in one place: what is ``so``, ``since`` when, why, and when coplink looks again (UTC).

    ``next_look`` None: within a minute or so. ``resting``: not before somebody acts. ``again``: the person may ask for
    the seat once more.
    """

    place: PlaceView
    way: Way
    so: Said
    since: datetime | None
    why: tuple[Said, ...]
    step: Step | None
    deeds: tuple[Deed, ...]
    looked: datetime | None
    next_look: datetime | None
    resting: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person for somebody who may know: themselves, or who facilitates.

    ``asked`` is when somebody last wanted a look, ``may_ask`` whether another one can be asked for now.
    """

    seen: Seen
    person: Person
    membership: Membership
    institution: str
    places: tuple[Explained, ...]
    shut: tuple[PlaceView, ...]
    acts: tuple[Happening, ...]
    asked: datetime | None
    may_ask: bool

    @property
    def own(self) -> bool:
        """Whether the reader is this person."""
        return self.person.id == self.seen.reader.id


def explain(
    uow: UnitOfWork,
    reader: Person,
    key: str,
    about: str,
    manifests: Mapping[str, Manifest],
    now: datetime,
    full_every: timedelta,
) -> PersonPage:
    """The page about one person; ``NotFound`` for whom it is no business of."""
    seen, person, membership = _about(uow, reader, key, about)
    institution = uow.institutions.get(membership.institution)
    places, shut = places_with_seats(uow, seen.community.id, manifests)
    ways = ways_in(uow, places, {person.id: person}, manifests)[person.id]
    looks = uow.records.latest("reconcile")
    full = next(iter(uow.records.reports(seen.community.id, "full", 1)), None)
    daily = full.at + full_every if full is not None else None
    asked = _asked(uow, seen)
    return PersonPage(
        seen,
        person,
        membership,
        institution.name if institution else "",
        tuple(_explained(uow, way, membership, looks.get(way.place.space.id), daily) for way in ways),
        shut,
        tuple(uow.traces.acts(seen.community.id, person.id)),
        asked,
        bool(places) and seen.inside and (asked is None or now - asked >= BETWEEN_LOOKS),
    )


def look_again(uow: UnitOfWork, reader: Person, key: str, about: str, now: datetime) -> None:
    """Ask for the seats of every place that gives some, ahead of what coplink does by itself; at most once a minute."""
    seen, _, _ = _about(uow, reader, key, about)
    if not seen.inside:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    asked = _asked(uow, seen)
    if asked is not None and now - asked < BETWEEN_LOOKS:
        raise DomainError(say("Somebody asked for a look a moment ago. You can ask again in a minute."))
    for space in uow.spaces.of(seen.community.id):
        if space.state is SpaceState.READY:
            uow.work.mark(Kind.RECONCILE, space.id, seen.community.id, urgent=True)
    uow.records.report(Report(ASKED, seen.community.id, seen.community.id, now, {}))


def seat_again(uow: UnitOfWork, reader: Person, key: str, place: str, now: datetime) -> None:
    """Whoever was out of a place before coplink saw their seat there asks for one again; for themselves, by a click."""
    seen = community_of(uow, reader, key, Action.SEE_INSIDE)
    space = uow.spaces.get(SpaceId(place))
    joined = seen.membership.standing is Standing.JOINED
    if space is None or space.community != seen.community.id or not joined:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    missing = uow.spaces.unreachable(space.id)
    mine = [one for one in missing if one.person == reader.id and one.reason.text == GONE_UNSEEN.text]
    account = uow.people.accounts_on(space.institution, space.integration, [reader.id]).get(reader.id)
    if not mine or account is None or account.proof is not Proof.PROVED:
        return  # nothing keeps them out, or they asked a moment ago
    uow.ledger.rejoined(space.id, [account.account], now)
    uow.spaces.put_unreachable(space.id, [one for one in missing if one not in mine])
    uow.work.mark(Kind.RECONCILE, space.id, seen.community.id, urgent=True)


def _about(uow: UnitOfWork, reader: Person, key: str, about: str) -> tuple[Seen, Person, Membership]:
    seen = community_of(uow, reader, key, Action.SEE_CHARTER)
    own = about == reader.id
    membership = seen.membership if own else uow.communities.membership(seen.community.id, PersonId(about))
    person = reader if own else uow.people.get(PersonId(about))
    if not own and not may(reader, Action.SHAPE, seen.community, seen.membership):
        membership = None
    if membership is None or person is None:
        raise NotFound(say("There is nothing here for you, or it has moved."))
    return seen, person, membership


def _asked(uow: UnitOfWork, seen: Seen) -> datetime | None:
    last = next(iter(uow.records.reports(seen.community.id, ASKED, 1)), None)
    return last.at if last is not None else None


def _explained(
    uow: UnitOfWork, way: WayIn, membership: Membership, looked: datetime | None, daily: datetime | None
) -> Explained:
    space = way.place.space
    trace = uow.traces.seat(space.id, way.account) if way.account else None
    deeds = tuple(uow.traces.deeds(space.id, way.account)) if way.account else ()
    work = uow.work.state(Kind.RECONCILE, space.id)
    at_work = work is not None and not work.done
    next_look = work.not_before if work is not None and at_work else daily
    so, since, why, step, stands = _so(way, membership, trace)
    resting = work is not None and at_work and work.resting
    again = step is not None and step.reason.text == GONE_UNSEEN.text
    return Explained(way.place, stands, so, since, why, step, deeds, looked, next_look, resting, again)


def _so(
    way: WayIn, membership: Membership, trace: SeatTrace | None
) -> tuple[Said, datetime | None, tuple[Said, ...], Step | None, Way]:
    """What is so, since when, why, who can change it, and how it counts."""
    ours = trace is not None and not trace.removed and not trace.taken_out
    doubt = (IN_DOUBT,) if trace is not None and trace.doubtful else ()
    written = trace.written_at if trace is not None else None
    if membership.standing is not Standing.JOINED:
        invited = membership.standing is Standing.INVITED
        if way.role:
            goes = ours and not invited
            return SEAT_GOES if goes else SEATED_BY_HAND, None, doubt, None, Way.SEATED
        why = NO_ANSWER_YET if invited else GIVEN_UP
        since = membership.changed_at if not invited else None
        return NO_SEAT, since, (why, *doubt), None, Way.NONE
    if way.role:
        return SEATED_BY_US if ours else SEATED_BY_HAND, written if ours else None, doubt, way.step, way.way
    if ours and trace is not None and trace.missing_since is not None:
        return NO_SEAT, trace.missing_since, doubt, NOT_SEEN if trace.unseen else NOT_THERE, Way.NONE
    so = SEAT_COMES if way.way is Way.COMING else NO_SEAT
    return so, membership.changed_at, doubt, way.step, way.way


def told(deed: Deed) -> Said:
    """One write in a sentence."""
    match deed.outcome, deed.removing:
        case None | Done.UNKNOWN, True:
            return say("coplink took the seat away; the answer is not known.")
        case None | Done.UNKNOWN, False:
            return say("coplink gave a seat; the answer is not known.")
        case Done.REFUSED, True:
            return say("The platform refused to take the seat away.")
        case Done.REFUSED, False:
            return say("The platform refused the seat.")
        case _, True:
            return say("coplink took the seat away.")
        case _:
            return say("coplink gave the seat, or changed what it may do there.")
