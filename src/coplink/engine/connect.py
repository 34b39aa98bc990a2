"""Setting up: institutions, their first admin, connections, and agreeing to take part. Platforms: ``platforms``.

The command line, the connections page and the demo all come through here: what the demo does, an admin can do with a
real institution.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from coplink.core.community import Community, Participation
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import CommunityId, Institution, InstitutionId, Person, PersonId
from coplink.core.spaces import ConnectionId, SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import marks, organisations, preflight
from coplink.engine.disconnect import under_way
from coplink.engine.lifecycle import LET_GO, afresh
from coplink.engine.provision import try_again
from coplink.engine.secrets import fresh_token
from coplink.engine.upkeep import forget_seats, unseen
from coplink.ports.integration import Field, Manifest
from coplink.ports.records import Connected, Happening, Link, LinkKind
from coplink.ports.storage import UnitOfWork

ADMIN_LINK_LIFE = timedelta(hours=24)
ADDRESSES = ("_url", "issuer")  # how settings that lead to a server end: who issues sign-ins is one of them
LookOver = Callable[[Mapping[str, str]], str]
STILL_LEAVING = say("coplink is still taking its leave of the old connection. Try again in a few minutes.")


def add_institution(uow: UnitOfWork, name: str, listed: bool = False) -> Institution:
    """Add a school or district; the same name again gives the same institution."""
    name = " ".join(name.split())
    if not name:
        raise DomainError(say("Give the institution a name."))
    known = uow.institutions.named(name)
    if known is not None:
        return known
    institution = Institution(InstitutionId(uow.new_id()), name, listed)
    uow.institutions.add(institution)
    return institution


def the_institution(uow: UnitOfWork, name_or_id: str) -> Institution:
    """An institution by its name or id; raises ``NotFound`` with a sentence."""
    found = uow.institutions.named(name_or_id) or uow.institutions.get(InstitutionId(name_or_id))
    if found is None:
        raise NotFound(say("There is no institution called “{name}”.", name=name_or_id))
    return found


def invite_admin(uow: UnitOfWork, institution: Institution, name: str, now: datetime) -> Link:
    """A one-time link (24 hours) that makes whoever opens it this institution's connection admin."""
    person = Person(
        PersonId(uow.new_id()), institution.id, " ".join(name.split()) or "Connection admin", admin=True
    )
    uow.people.put(person)
    link = Link(
        uow.new_id(),
        LinkKind.ADMIN,
        fresh_token(),
        institution.id,
        None,
        person.id,
        now,
        now + ADMIN_LINK_LIFE,
    )
    uow.links.put(link)
    return link


def admin_of(uow: UnitOfWork, token: str, now: datetime) -> Person:
    """Use an admin link; raises ``DomainError`` when it is used up or too old."""
    link = uow.links.by_token(LinkKind.ADMIN, token)
    person = uow.people.get(PersonId(link.person)) if link and link.person else None
    if link is None or person is None or not link.open_at(now) or not uow.links.use(link.id, now):
        raise DomainError(
            say("This link has been used or is too old. Ask for a new one: coplink admin invite.")
        )
    return person


def connect(
    uow: UnitOfWork,
    institution: InstitutionId,
    manifest: Manifest,
    typed: Mapping[str, str],
    look_over: LookOver,
    now: datetime,
    loopback: bool = False,
) -> Connected:
    """Store a connection after its settings were checked for form; a second time changes the settings.

    Unknown settings are refused, missing ones named, addresses must be https (or loopback). Secrets left empty keep
    their old value, unless an address leads to another host: a secret goes nowhere it was not entered for.
    ``look_over`` gives the realm of settings that have the right form, without calling the platform. One that had ended
    begins afresh: everything is entered again, and spaces that were let go stay so until a person takes each up again.
    Until coplink has taken its leave of the old one nothing is connected: the leave would be taken of the new one. Of
    a realm that is another now nothing is taken over, neither accounts nor remote ids.
    """
    known = uow.institutions.connection_of(institution, manifest.key, ended=True)
    if known is not None and under_way(known):
        raise DomainError(STILL_LEAVING)
    old = known.settings if known and known.ended_at is None else {}
    names = {field.name for field in manifest.fields}
    if unknown := sorted(typed.keys() - names):
        raise DomainError(say("“{name}” is not a setting of {title}.", name=unknown[0], title=manifest.title))
    settings: dict[str, str] = {}
    for field in manifest.fields:
        value = _value(field, typed, old)
        if not value and field.default is None:
            raise DomainError(say("“{title}” is missing.", title=field.title))
        if field.name.endswith(ADDRESSES) and value:
            check_address(value, loopback)
        settings[field.name] = value
    if known is not None and known.ended_at is None:
        _keep_to_their_host(manifest, old, typed, settings)
    realm = look_over(settings)
    if known is not None and known.realm != realm:
        _leads_elsewhere(uow, known, manifest, now)
    connected = Connected(
        known.id if known else ConnectionId(uow.new_id()),
        institution,
        manifest.key,
        settings,
        realm,
        known.made_at if known else now,
    )
    uow.institutions.put_connection(connected)
    preflight.changed(uow, connected.id)
    for space in uow.spaces.of_institution(institution):  # what rested for want of this connection goes on
        if space.connection == connected.id:
            try_again(uow, space)
            if space.state is SpaceState.READY:
                marks.inside(uow, space)
    return connected


def _leads_elsewhere(uow: UnitOfWork, known: Connected, manifest: Manifest, now: datetime) -> None:
    """Forget what was proved and made in one realm, since in another the same ids are of strangers.

    A place is looked for by its mark, or made anew; one that rests is let go. Nothing is called.
    """
    spaces = [s for s in uow.spaces.of_institution(known.institution) if s.connection == known.id]
    if any(space.parting is not None for space in spaces):
        raise DomainError(STILL_LEAVING)
    uow.people.drop_accounts(known.institution, known.integration)
    uow.guests.drop(known.institution, known.integration)
    for space in spaces:
        if space.state is SpaceState.DETACHED:
            uow.ledger.forget_all(space.id, those_out=True)
        if space.state not in LET_GO:
            continue
        uow.watches.drop(space.id)
        forget_seats(uow, space)
        uow.ledger.forget_all(space.id, those_out=True)  # who was taken out of another house
        if space.state is SpaceState.ARCHIVED:
            uow.spaces.put_left(space.id, [unseen(space)])
            uow.spaces.put(replace(space, state=SpaceState.DETACHED, link=None, trouble=None))
        else:
            afresh(uow, replace(space, link=None))
        said = say("the system of a place is another one now: {place}", place=manifest.title)
        uow.records.say(Happening(space.community, space.institution, now, "", said))


def _value(field: Field, typed: Mapping[str, str], old: Mapping[str, str]) -> str:
    """What a setting is to be: what was typed, or the default where it was emptied. Secrets left empty are kept."""
    entered = typed.get(field.name, "").strip()
    kept = "" if field.name in typed and not field.secret else old.get(field.name, "")
    value = entered or kept or field.default or ""
    if not field.choices or value in field.choices:
        return value
    if entered.casefold() in field.choices:
        return entered.casefold()
    if not entered:  # one of an earlier release, or never set
        return field.choices[0]
    known = ", ".join(field.choices)
    raise DomainError(
        say("“{value}” is no choice for “{title}”: {known}.", value=entered, title=field.title, known=known)
    )


def _keep_to_their_host(
    manifest: Manifest, old: Mapping[str, str], typed: Mapping[str, str], settings: dict[str, str]
) -> None:
    """Take no kept secret to another host: each is entered again, or ``DomainError`` names it.

    Where one was entered, others that need not be there are given up: consent, say, which is then given anew.
    """
    addresses = [field for field in manifest.fields if field.name.endswith(ADDRESSES)]
    moved = [
        field
        for field in addresses
        if _origin(old.get(field.name) or field.default or "") != _origin(settings[field.name])
    ]
    if not moved:
        return
    secrets = [field for field in manifest.fields if field.secret]
    entered = any((typed.get(field.name) or "").strip() for field in secrets)
    for field in secrets:
        if (typed.get(field.name) or "").strip() or not old.get(field.name):
            continue
        if field.default is None or not entered:
            raise DomainError(
                say(
                    "“{address}” leads to another server now, and what is kept was not entered for that one. "
                    "Enter “{secret}” again.",
                    address=moved[0].title,
                    secret=field.title,
                )
            )
        settings[field.name] = field.default


def _origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address that has the right form; of none, nothing."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def agree(uow: UnitOfWork, admin: Person, community: CommunityId, now: datetime) -> Community:
    """The institution takes part: its waiting spaces are made.

    After it had stayed out its people come back by their own click, and an admin takes each place up again.
    """
    uow.communities.hold(community)
    found, _ = _asked(uow, admin, community)
    uow.communities.put_participation(Participation(community, admin.institution, agreed_at=now))
    organisations.answered(uow, community, admin.institution)
    for space in uow.spaces.of(community):
        if space.institution == admin.institution and space.state in (SpaceState.WAITING, SpaceState.REFUSED):
            uow.spaces.put(replace(space, state=SpaceState.MAKING))
            uow.work.mark(Kind.PROVISION, space.id, community)
    uow.records.say(Happening(community, admin.institution, now, admin.id, say("agreed to take part")))
    return found


def refuse(uow: UnitOfWork, admin: Person, community: CommunityId, now: datetime) -> None:
    """The institution does not take part: nothing is made there, and who came in by a link pauses.

    It can be agreed to later. Said a second time it changes nothing, but where somebody is in who came before a no kept
    anybody out.
    """
    uow.communities.hold(community)
    found, participation = _asked(uow, admin, community)
    if participation.agreed:
        raise DomainError(say("Your institution takes part already."))
    if participation.withdrawn:
        raise DomainError(say("Your institution has withdrawn already."))
    if participation.stays_out and not organisations.people_in(uow, admin, found):
        return
    organisations.say_no(uow, admin, found, participation, now)


def _asked(uow: UnitOfWork, admin: Person, community: CommunityId) -> tuple[Community, Participation]:
    found = uow.communities.get(community)
    participation = uow.communities.participation(community, admin.institution)
    if not admin.admin or found is None or participation is None:
        raise NotFound(say("Your institution has not been asked to take part in that."))
    return found, participation


def check_address(address: str, loopback: bool = False) -> None:
    """Raise ``DomainError`` unless this is an https address of a host out there.

    ``loopback``: plain HTTP on this machine is fine too, because the server itself runs so. Private and link-local
    addresses are refused: nobody may aim the server at its own network.
    """
    wrong = DomainError(say("“{address}” is not an https address.", address=address[:80]))
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if not host or "@" in parts.netloc or parts.fragment:
        raise wrong
    if host in ("localhost", "127.0.0.1", "::1"):
        if not (loopback and parts.scheme in ("http", "https")):
            raise wrong
    elif parts.scheme != "https" or not _public(host):
        raise wrong


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:  # a name: where it leads is for the outbound client to judge
        return not host.endswith((".localhost", ".local", ".internal"))
