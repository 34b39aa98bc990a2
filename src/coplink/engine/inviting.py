"""Invitations reach people by the press of somebody who facilitates, never by a timer: announced, forwarded, or mailed.

The page is the same whether or not somebody among the invited said no: it knows addresses and letters, no answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coplink.core.access import Action
from coplink.core.announcing import SaidToAll
from coplink.core.community import Community, Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import Institution, InstitutionId, Person, Standing
from coplink.core.words import Said, say
from coplink.engine import saying
from coplink.engine.invitations import open_links
from coplink.engine.reading import Seen, community_of
from coplink.engine.saying import Drawn, Place
from coplink.ports.integration import Manifest
from coplink.ports.records import Link
from coplink.ports.storage import UnitOfWork

NO_MAIL = say("coplink sends no e-mail here: whoever runs it has named no mail server.")
REST = say("This community rests: wake it before you invite people.")


@dataclass(frozen=True, slots=True)
class Way:
    """How people of one institution are reached: its open link, if there is one, and words that lead there.

    ``places`` are those of the institution in which an announcement would appear.
    """

    institution: Institution
    link: Link | None
    address: str
    sentence: Said
    title: Said
    text: Said
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class InvitePage:
    """Every way to reach people."""

    seen: Seen
    ways: tuple[Way, ...]
    rests: bool


def page(
    uow: UnitOfWork, reader: Person, key: str, manifests: Mapping[str, Manifest], base_url: str, now: datetime
) -> InvitePage:
    """The page of who facilitates; nobody else has it."""
    seen = community_of(uow, reader, key, Action.INVITE)
    community = seen.community
    links = {link.institution: link for link in open_links(uow, community.id, now)}
    part = {one.institution: one for one in uow.communities.participations(community.id)}
    wanted = {reader.institution, community.institution, *part, *links}
    wanted -= {key for key, one in part.items() if one.stays_out}
    schools = [one for one in uow.institutions.all() if one.id in wanted]
    schools.sort(key=lambda one: (one.id != reader.institution, one.name.casefold()))
    return InvitePage(
        seen,
        tuple(_way(uow, community, one, links.get(one.id), manifests, base_url) for one in schools),
        community.stage is Stage.CONCLUDED,
    )


def announce(
    uow: UnitOfWork,
    person: Person,
    key: str,
    institution: str,
    drawn: Drawn,
    manifests: Mapping[str, Manifest],
    base_url: str,
    now: datetime,
) -> SaidToAll:
    """Say it once in the places of one institution, with the link by which its people answer."""
    way = way_of(page(uow, person, key, manifests, base_url, now), institution)
    if not way.address or way.address not in drawn.text:
        raise DomainError(say("Keep the link in the text: without it nobody can answer."))
    return saying.say_to_all(uow, person, key, drawn, manifests, now, way.institution.id)


def shown(
    uow: UnitOfWork, found: InvitePage, way: Way, manifests: Mapping[str, Manifest], text: str
) -> tuple[Place, ...]:
    """How a text would look in each place of an institution."""
    return saying.places_at(uow, found.seen.community.id, way.institution.id, manifests, text)


def way_of(found: InvitePage, institution: str) -> Way:
    """The way to people of one institution; ``NotFound`` where there is none."""
    for way in found.ways:
        if way.institution.id == institution:
            return way
    raise NotFound(say("That institution is not known here."))


def _way(
    uow: UnitOfWork,
    community: Community,
    institution: Institution,
    link: Link | None,
    manifests: Mapping[str, Manifest],
    base_url: str,
) -> Way:
    address = f"{base_url}/i/{link.token}" if link is not None else ""
    values = {
        "name": community.name,
        "about": ended(community.charter.about),
        "audience": community.charter.audience,
        "address": address,
    }
    text = say(
        "{name} is about: {about}\n\nIt is for: {audience}\n\nWhoever would like to take part opens this link, reads "
        "more and says yes or no thanks. Nobody is told about a no.\n\n{address}",
        **values,
    )
    return Way(
        institution,
        link,
        address,
        say(
            "You are invited to “{name}”. It is about: {about} Read more and answer here, yes or no thanks: {address}",
            **values,
        ),
        say("You are invited: {name}", **values),
        text,
        saying.places_at(uow, community.id, institution.id, manifests, str(text)),
    )


def ended(text: str) -> str:
    """A text that others follow: with a full stop, where it has no end of its own."""
    return text if not text or text[-1] in ".!?…。！？" else f"{text}."


def invited_with_address(uow: UnitOfWork, community: Community) -> Mapping[InstitutionId, tuple[Person, ...]]:
    """Everybody who is invited and has an e-mail address, by institution; whoever said no among them."""
    keys = [m.person for m in uow.communities.memberships(community.id) if m.standing is Standing.INVITED]
    found: dict[InstitutionId, list[Person]] = {}
    for person in uow.people.many(keys).values():
        if person.email:
            found.setdefault(person.institution, []).append(person)
    return {key: tuple(people) for key, people in found.items()}
