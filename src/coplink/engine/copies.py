"""A course was copied from one where a community meets: nothing is inherited, and nobody is left in the dark.

The copy belongs to no community by itself. Those who facilitate the old course's community are told. Whoever leads the
copy is asked: start afresh, ask to bring the course in, or not now; an offer to bring it in is a facilitator's to take.
What a platform's notice did not tell is seen at the first visit. All of it stays within one institution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coplink.core.access import Action
from coplink.core.arrival import Arrival, Context
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import CommunityId, InstitutionId, Person
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine.reading import community_of
from coplink.ports.copies import CopyState, CourseCopy
from coplink.ports.records import ContextLink, Happening
from coplink.ports.storage import UnitOfWork

PREVIOUS = "previous_contexts"
WAITS = (CopyState.OPEN, CopyState.LATER)
_NOTHING = say("There is nothing here for you, or it has moved.")


@dataclass(frozen=True, slots=True)
class Question:
    """What whoever leads a copied course is asked: about which community, and how far the answer has come."""

    copy: CourseCopy
    community: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """A copied course for those who facilitate: whether somebody asks to bring it in, and who."""

    copy: CourseCopy
    asked_by: str


def arrived(uow: UnitOfWork, arrival: Arrival, now: datetime) -> int:
    """Somebody came from a course that says what it was copied from; a notice that got lost is made good here."""
    if arrival.context is None or not arrival.asked.get(PREVIOUS):
        return 0
    named = [one.strip() for one in arrival.asked[PREVIOUS].split(",") if one.strip()]
    return copied(uow, arrival.institution, arrival.context, named, now)


def copied(
    uow: UnitOfWork, institution: InstitutionId, context: Context, origins: Iterable[str], now: datetime
) -> int:
    """Note that a context was copied from others; how many communities have to know. Told twice is told once."""
    told = 0
    for origin in uow.copies.origins(institution, context.realm, set(origins) - {context.id}):
        community = uow.communities.get(CommunityId(origin.community))
        if community is None:
            continue
        copy = CourseCopy(
            uow.new_id(),
            institution,
            context.realm,
            context.id,
            context.title,
            origin.title,
            community.id,
            CopyState.OPEN,
            now,
        )
        if any(
            own.id == community.id
            for own in uow.communities.in_context(institution, context.realm, context.id)
        ):
            continue  # the copy is this community's own already
        if uow.copies.add(copy):
            sentence = say(
                "The course “{origin}” was copied as “{title}”. Nothing was taken along.",
                origin=origin.title,
                title=context.title,
            )
            uow.records.say(Happening(community.id, institution, now, "", sentence))
            told += 1
    return told


def questions(uow: UnitOfWork, person: Person, context: Context | None) -> tuple[Question, ...]:
    """What is still to be decided about the course somebody came from, as long as no community meets there."""
    if context is None or uow.communities.in_context(person.institution, context.realm, context.id):
        return ()
    found = uow.copies.of_context(person.institution, context.realm, context.id)
    open_ones = [copy for copy in found if copy.state not in (CopyState.AFRESH, CopyState.TAKEN)]
    named = [(copy, uow.communities.get(copy.community)) for copy in open_ones]
    return tuple(Question(copy, community.name) for copy, community in named if community)


def answer(
    uow: UnitOfWork,
    person: Person,
    context: Context | None,
    key: str,
    chosen: CopyState,
    roster: Mapping[str, str] | None,
) -> CourseCopy:
    """Whoever leads the copied course, standing in it, decides: ``AFRESH``, ``ASKED`` or ``LATER``."""
    copy = uow.copies.get(key)
    here = (person.institution, context.realm, context.id) if context is not None else None
    if copy is None or (copy.institution, copy.realm, copy.context) != here:
        raise NotFound(_NOTHING)
    if chosen not in (CopyState.AFRESH, CopyState.ASKED, CopyState.LATER):
        raise DomainError(say("Choose one of the three."))
    if copy.state is CopyState.TAKEN or (copy.state is CopyState.REFUSED and chosen is CopyState.ASKED):
        raise DomainError(say("That has been decided already."))
    asked = chosen is CopyState.ASKED
    changed = replace(
        copy,
        state=chosen,
        asked_by=person.id if asked else None,
        roster=roster if asked else None,
        seen_at=None if asked else copy.seen_at,
    )
    uow.copies.put(changed)
    return changed


def to_know(uow: UnitOfWork, facilitator: Person, key: str) -> Sequence[CopyView]:
    """Copies that those who facilitate have not taken note of, or that wait for their answer; newest first."""
    community = community_of(uow, facilitator, key, Action.SHAPE).community
    found = [
        c for c in uow.copies.of_community(community.id) if c.seen_at is None or c.state is CopyState.ASKED
    ]
    found = [copy for copy in found if copy.state not in (CopyState.TAKEN, CopyState.REFUSED)]
    known = uow.people.many([copy.asked_by for copy in found if copy.asked_by])
    names = {key: one.name for key, one in known.items()}
    return [CopyView(copy, names.get(copy.asked_by, "") if copy.asked_by else "") for copy in found]


def understood(uow: UnitOfWork, facilitator: Person, key: str, copy: str, now: datetime) -> None:
    """A facilitator takes note; what was asked still waits for an answer."""
    uow.copies.put(replace(_of(uow, facilitator, key, copy), seen_at=now))


def take(uow: UnitOfWork, facilitator: Person, key: str, copy: str, now: datetime) -> None:
    """A facilitator takes the course in: its people can be invited from now on, nobody is added."""
    found = _asked(uow, facilitator, key, copy)
    link = ContextLink(
        uow.new_id(),
        found.institution,
        found.realm,
        found.context,
        found.title,
        found.community,
        dict(found.roster) if found.roster else None,
    )
    here = uow.communities.in_context(found.institution, found.realm, found.context)
    if not any(one.id == found.community for one in here):
        uow.communities.put_context(link)
        if link.roster:
            uow.work.mark(Kind.READ_ROSTER, link.id, found.community)
    uow.copies.put(replace(found, state=CopyState.TAKEN, seen_at=now))
    sentence = say("took the course “{title}” in", title=found.title)
    uow.records.say(Happening(found.community, facilitator.institution, now, facilitator.id, sentence))


def refuse(uow: UnitOfWork, facilitator: Person, key: str, copy: str, now: datetime) -> None:
    """A facilitator does not take the course in."""
    found = _asked(uow, facilitator, key, copy)
    uow.copies.put(replace(found, state=CopyState.REFUSED, seen_at=now))


def _of(uow: UnitOfWork, facilitator: Person, key: str, copy: str) -> CourseCopy:
    community = community_of(uow, facilitator, key, Action.SHAPE).community
    found = uow.copies.get(copy)
    if found is None or found.community != community.id:
        raise NotFound(_NOTHING)
    return found


def _asked(uow: UnitOfWork, facilitator: Person, key: str, copy: str) -> CourseCopy:
    found = _of(uow, facilitator, key, copy)
    if found.state is not CopyState.ASKED:
        raise DomainError(say("Nobody asks for that any more."))
    return found
