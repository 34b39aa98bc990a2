"""How people stand in each place: seated, on the way, or without a way in; why, who can change it, and what is next.

Everything is read from what is stored: seats at the last look, the list of who could not be seated, and how the work
stands. No platform is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coplink.core.desired import not_linked
from coplink.core.guests import ELSEWHERE, ENTER, SAY_YES, SHOW_ADDRESS, TAKEN_OUT
from coplink.core.people import AccountId, CommunityId, Person, PersonId, Proof
from coplink.core.plan import GONE_UNSEEN
from coplink.core.spaces import Space, SpaceState
from coplink.core.words import Said, say
from coplink.core.work import Kind, WorkState
from coplink.engine.guests import BEING_KNOWN
from coplink.engine.reading import PlaceView, places_of
from coplink.ports.integration import Manifest
from coplink.ports.records import Notice
from coplink.ports.storage import UnitOfWork

THEMSELVES = say("the person themselves")
NOBODY = say("nobody: it goes on by itself")
LEADERS = say("those who facilitate")
BY_ITSELF = say("Nothing has to be done: the seat follows by itself.")
LOOKED = say("coplink has looked since, and found no seat there.")
LOOK_AGAIN = say("Let coplink look again; if nothing changes, ask whoever looks after that place.")
ON_THE_WAY = say("The seat is on its way.")
LAST_TRY = {
    "throttled": say("The platform asked coplink to slow down; it comes back by itself."),
    "unavailable": say("The platform did not answer the last time; coplink tries again by itself."),
    "transient": say("The platform did not answer the last time; coplink tries again by itself."),
    "not_ready_yet": say("The platform is still making something ready; coplink comes back by itself."),
    "outcome_unknown": say("An answer of the platform got lost; coplink looks first and then goes on."),
    "gone": say("Something had changed over there; coplink looks anew."),
    "failed": say("Something went wrong inside coplink; it tries again by itself."),
}
"""What an interrupted look means to people."""
ASK_AGAIN = say(
    "They ask for it again on their own page, or by taking a break and coming back; somebody who looks after that "
    "place can let them in, too."
)
AT_REST = say("The seats of this place wait until somebody acts.")
OPENING = not_linked("").text


class Way(StrEnum):
    """Whether somebody has a seat that they can use."""

    SEATED = "seated"
    COMING = "coming"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Step:
    """Why somebody has no seat, who can change it, and what the next step is."""

    reason: Said
    who: Said
    next: Said


@dataclass(frozen=True, slots=True)
class WayIn:
    """One person in one place. ``step`` is None for whoever is seated; ``at`` when coplink goes on by itself (UTC)."""

    place: PlaceView
    way: Way
    account: AccountId | None = None
    role: str = ""
    step: Step | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """What keeps the seats of a whole place from being brought up to date; ``at``: it goes on by itself then."""

    step: Step
    at: datetime | None = None


def ways_in(
    uow: UnitOfWork,
    places: Sequence[PlaceView],
    people: Mapping[PersonId, Person],
    manifests: Mapping[str, Manifest],
) -> Mapping[PersonId, tuple[WayIn, ...]]:
    """How each of these, who belong, stands in each of these places; places and reasons as they were read last."""
    found: dict[PersonId, list[WayIn]] = {key: [] for key in people}
    for place in places:
        space, keys = place.space, list(people)
        accounts = uow.people.accounts_on(space.institution, space.integration, keys)
        guests = uow.guests.at(space.institution, space.integration, keys)
        alone = keys[0] if len(keys) == 1 else None
        reasons = {PersonId(one.person): one.reason for one in uow.spaces.unreachable(space.id, alone)}
        seats = uow.ledger.seats(space.id)
        work = uow.work.state(Kind.RECONCILE, space.id)
        held = _held(uow, space, work)
        for key, person in people.items():
            known = accounts.get(key)
            account = known.account if known is not None and known.proof is Proof.PROVED else None
            if person.institution != space.institution and key in guests:
                account = guests[key].account
            reason = reasons.get(key)
            if reason is not None and reason.text == OPENING and account is not None:
                reason = None  # they have come in since
            found[key].append(_way(place, manifests.get(space.integration), account, seats, reason, held))
    return {key: tuple(ways) for key, ways in found.items()}


def step_of(reason: Said, place: PlaceView, manifest: Manifest | None) -> Step:
    """Who can change a reason that was given for one person, and how."""
    if reason.text in (OPENING, ENTER.text, SHOW_ADDRESS.text, SAY_YES.text):
        return Step(reason, THEMSELVES, _own_step(reason))
    if reason.text == BEING_KNOWN.text:
        return Step(reason, NOBODY, BY_ITSELF)
    admin = say(
        "the {admin} of {school}", admin=manifest.admin if manifest else place.title, school=place.institution
    )
    if reason.text == ELSEWHERE.text:
        return Step(
            reason,
            admin,
            say("Add a place of their own school, under Places, or ask whether guests may be let in."),
        )
    if reason.text == GONE_UNSEEN.text:
        return Step(reason, THEMSELVES, ASK_AGAIN)
    if reason.text == TAKEN_OUT.text:
        return Step(reason, admin, say("Ask whoever looks after that place to let them in again."))
    return Step(reason, admin, say("Ask them to change it over there, then let coplink look again."))


def _own_step(reason: Said) -> Said:
    if reason.text == OPENING:
        return say("Ask them to open {door} once.", **reason.values)
    if reason.text == ENTER.text:
        return say("Ask them to open the invitation on “My page” once.")
    if reason.text == SHOW_ADDRESS.text:
        return say("Ask them to open coplink once in the Teams or Google of their own school.")
    return say("They are asked on the community’s page; it is for them alone to answer.")


def _way(
    place: PlaceView,
    manifest: Manifest | None,
    account: AccountId | None,
    seats: Mapping[AccountId, str],
    reason: Said | None,
    held: _Held | None,
) -> WayIn:
    role = seats.get(account, "") if account is not None else ""
    if reason is not None:
        return WayIn(place, Way.NONE, account, role, step_of(reason, place, manifest))
    if role:
        return WayIn(place, Way.SEATED, account, role)
    if held is not None:
        coming = held.step.who is NOBODY
        return WayIn(place, Way.COMING if coming else Way.NONE, account, "", held.step, held.at)
    return WayIn(place, Way.NONE, account, "", Step(LOOKED, LEADERS, LOOK_AGAIN))


def _held(uow: UnitOfWork, space: Space, work: WorkState | None) -> _Held | None:
    """How far the seats of a place are; None where all that was asked for has been done."""
    if work is None or work.done:
        return None
    notice = notice_of(uow, space)
    if work.resting:
        reason = notice.message if notice else AT_REST
        who = say(notice.who) if notice and notice.who else LEADERS
        return _Held(Step(reason, who, say("As soon as that is changed, let coplink look again.")))
    if notice is not None:
        return _Held(Step(notice.message, NOBODY, BY_ITSELF), work.not_before)
    return _Held(Step(LAST_TRY.get(work.reason or "", ON_THE_WAY), NOBODY, BY_ITSELF), work.not_before)


def held_up(uow: UnitOfWork, space: Space) -> Step | None:
    """What keeps the seats of a whole place from being brought up to date, who can change it, and what is next."""
    held = _held(uow, space, uow.work.state(Kind.RECONCILE, space.id))
    return held.step if held is not None else None


def notice_of(uow: UnitOfWork, space: Space) -> Notice | None:
    """What is said about the seats of a place, if something is in their way."""
    about = f"{Kind.RECONCILE}:{space.id}"
    return next((one for one in uow.records.notices(community=space.community) if one.about == about), None)


def places_with_seats(
    uow: UnitOfWork, community: CommunityId, manifests: Mapping[str, Manifest]
) -> tuple[tuple[PlaceView, ...], tuple[PlaceView, ...]]:
    """The community's places that give seats, and those that do not yet, or not any more for now."""
    found = uow.communities.get(community)
    every = places_of(uow, found, manifests) if found is not None else ()
    shut = (SpaceState.DETACHED, SpaceState.REFUSED)
    return (
        tuple(place for place in every if place.space.state is SpaceState.READY),
        tuple(place for place in every if place.space.state not in (SpaceState.READY, *shut)),
    )
