"""Invitations by e-mail: asked for by who facilitates, sent by the worker, to each person once at most, ever.

A row is kept before each letter is handed over, so that after a crash nobody is written to twice: who may have got a
letter gets no other. Whoever said no, has answered otherwise, or shares the address of somebody who has, gets nothing;
their row ends as that of all others, and nothing is counted, so that a "no" shows nowhere.

Nor does it show where only one is invited. After every press a line to the mail server is opened once, with a letter
to hand over or without, and only what is in the way then is told. What happens to letters later is in the log alone;
when was pressed is kept for itself, and so is what the history says of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from coplink.core.access import Action
from coplink.core.community import Community, Stage
from coplink.core.errors import DomainError, NotFound
from coplink.core.people import (
    CommunityId,
    Identity,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Standing,
)
from coplink.core.words import Said, say
from coplink.core.work import Kind, Turn
from coplink.engine import invitations, join
from coplink.engine.attention import SUPPORT
from coplink.engine.inviting import REST, invited_with_address
from coplink.engine.outcome import Again, Begin, Now, Outcome, Settled
from coplink.engine.reading import community_of
from coplink.engine.secrets import fresh_token
from coplink.ports.errors import IntegrationError, Misconfigured
from coplink.ports.mail import Handed, Letter, Line, Mail
from coplink.ports.records import Happening, Link, LinkKind, Report
from coplink.ports.sealing import Sealer
from coplink.ports.storage import StaleTurn, UnitOfWork

BATCH = 50
"""So many letters go over one connection."""
NEWS = timedelta(days=3)
"""What the server did not take until then is not sent any more."""
LIFE = timedelta(days=90)
NOBODY = say("Nobody who is invited has an e-mail address here. Forward the link, or announce it.")
NO_SERVER = say("No mail server is set up any more, and invitations were to be sent.")
PRESSED, HEARD = "letters_asked_for", "mail_server_heard"
"""When letters were asked for last, and when the mail server answered since: reports without a count."""
SOON, LATER = 300.0, 1800.0
"""Seconds until letters go on: after a line broke, and after the server asked for patience (RFC 5321, 4.5.4.1)."""


def ask(uow: UnitOfWork, person: Person, key: str, now: datetime) -> None:
    """Have letters sent to everybody who is invited, has an address and was not written to about this community.

    Who said no is asked for like all others and left out when it is sent: what is kept here must not tell them apart.
    """
    seen = community_of(uow, person, key, Action.INVITE)
    community = seen.community
    if community.stage is Stage.CONCLUDED:
        raise DomainError(REST)
    known, last, news, reached = uow.mails.known(community.id), pressed_at(uow, community.id), False, False
    for institution, people in sorted(invited_with_address(uow, community).items()):
        if not _reachable(uow, community, person, institution, now):
            continue
        reached = True
        news |= _news(uow, community, institution, people, last, now)
        fresh = {one.id: institution for one in people if one.id not in known}
        uow.mails.ask(community.id, fresh, now)
        for one in sorted(fresh):
            uow.links.put(
                Link(
                    uow.new_id(),
                    LinkKind.NO_THANKS,
                    fresh_token(),
                    institution,
                    community.id,
                    one,
                    now,
                    now + LIFE,
                )
            )
    if not reached:
        raise DomainError(NOBODY)
    uow.records.report(Report(PRESSED, community.id, community.id, now, {}))
    if news:
        told = say("sent the invitation by e-mail to the invited who have an address")
        uow.records.say(Happening(community.id, community.institution, now, person.id, told))
    uow.work.mark(Kind.INVITE, community.id, community.id)


def send(begin: Begin, mail: Mail | None, sealer: Sealer, base_url: str, turn: Turn, now: Now) -> Outcome:
    """Send what was asked for, in lots over one connection each.

    Raises ``IntegrationError`` where the server is in the way of the first line after a press, whoever is to be written
    to. After that the go ends without a word and is tried again; so does one with a letter in doubt.
    """
    key, after, later = CommunityId(turn.target), "", False
    with begin() as uow:
        community = uow.communities.get(key)
        uow.mails.give_up(key)
        answerable = {link.institution for link in invitations.open_links(uow, key, now())}
        for institution in uow.institutions.all():
            if institution.id not in answerable:  # somebody closed the link: they may be asked for again
                uow.mails.drop_waiting(key, institution.id)
        if community is None or community.stage is Stage.CONCLUDED:
            uow.mails.drop_waiting(key)
            community = None
        uow.commit()
    if community is None:
        return Settled()
    post = _Post(begin, sealer, base_url, turn, community, now)
    unheard = not post.heard()
    while True:
        with begin() as uow:
            lot = uow.mails.waiting(key, after, BATCH)
        if not lot and not unheard:
            return Again(LATER) if later else Settled()
        after = lot[-1][0] if lot else after
        if not post.pass_over(lot) and not unheard:
            continue
        if mail is None and unheard:
            raise Misconfigured(NO_SERVER, SUPPORT)
        if mail is None:
            return Again(LATER, "no mail server any more")
        try:
            with mail.open() as line:
                if unheard:
                    post.hear()
                    unheard = False
                answered, put_off = post.deliver(line, [one for one, _ in lot])
        except IntegrationError as error:
            if unheard:
                raise
            return Again(SOON, error.detail)
        if not answered:
            return Again(SOON, "a letter: the mail server gave no answer")
        later |= put_off


def pressed_at(uow: UnitOfWork, community: CommunityId) -> datetime | None:
    """When letters were asked for last; the same whoever said no."""
    last = next(iter(uow.records.reports(community, PRESSED, 1)), None)
    return last.at if last is not None else None


def opened(uow: UnitOfWork, token: str, now: datetime) -> tuple[Community, Person, Membership | None]:
    """Who says no by the address in a letter, and to what; raises ``DomainError`` when it no longer opens."""
    link = uow.links.by_token(LinkKind.NO_THANKS, token.strip())
    community = uow.communities.get(CommunityId(link.community)) if link and link.community else None
    person = uow.people.get(PersonId(link.person)) if link and link.person else None
    if link is None or community is None or person is None or not link.open_at(now):
        raise DomainError(say("This address is no longer open. Nothing more is sent to you in any case."))
    return community, person, uow.communities.membership(community.id, person.id)


def refuse(uow: UnitOfWork, sealer: Sealer, token: str, now: datetime) -> Community:
    """No thanks, by the address in a letter; whoever has joined meanwhile is not thrown out by it."""
    community, person, membership = opened(uow, token, now)
    if listed := _listed(uow, token):  # whoever says to be them has not answered
        uow.communities.opt_out(join.hashes(sealer, community.id, listed))
    elif membership is None or membership.standing is Standing.INVITED:
        join.decline(uow, sealer, community, person)
    return community


def _listed(uow: UnitOfWork, token: str) -> list[Identity]:
    """To whom it was sent as a roster listed them, before somebody else said to be them; nobody once that is over."""
    link = uow.links.by_token(LinkKind.NO_THANKS, token.strip())
    if link is None or link.person is None:
        return []
    known = uow.people.identities(PersonId(link.person))
    if not any(one.proved_at for one in known):
        return []
    listed = {uow.links.letter_to(link, one): one for one in known if one.proved_at is None}
    return [listed[kept] for kept in sorted(uow.communities.opted_out(listed))]


def went(sealer: Sealer, community: CommunityId, address: str) -> str:
    """The keyed hash of an address that has its letter: no other goes there, also once its owner has a new one."""
    return sealer.keyed_hash("letter", community, address.strip().casefold())


class _Post:
    """One lot of letters of one community."""

    def __init__(
        self, begin: Begin, sealer: Sealer, base_url: str, turn: Turn, community: Community, now: Now
    ) -> None:
        self._begin, self._sealer, self._base_url = begin, sealer, base_url
        self._turn, self._community, self._now = turn, community, now
        self._same: dict[str, list[PersonId]] = {}

    def heard(self) -> bool:
        """Whether the server has answered since letters were asked for last."""
        with self._begin() as uow:
            pressed = pressed_at(uow, self._community.id)
            last = next(iter(uow.records.reports(self._community.id, HEARD, 1)), None)
        return pressed is None or (last is not None and last.at >= pressed)

    def hear(self) -> None:
        """Keep that it has: from now on nothing is told of letters."""
        key = self._community.id
        with self._begin() as uow:
            self._mine(uow)
            uow.records.report(Report(HEARD, key, key, self._now(), {}))
            uow.records.clear_notices(key, f"{Kind.INVITE}:{key}")
            uow.commit()

    def pass_over(self, lot: Iterable[tuple[PersonId, datetime]]) -> bool:
        """End the rows of those who get nothing; whether anybody is left to write to."""
        left = False
        with self._begin() as uow:
            keys = [one.person for one in uow.communities.memberships(self._community.id)]
            for one in uow.people.many(keys).values():
                self._same.setdefault(_address(one), []).append(one.id)
            for person, asked_at in lot:
                if self._now() - asked_at > NEWS or not self._wanted(uow, person):
                    self._mine(uow)
                    uow.mails.done(self._community.id, person)
                else:
                    left = True
            uow.commit()
        return left

    def deliver(self, line: Line, people: Iterable[PersonId]) -> tuple[bool, bool]:
        """Hand over one letter after the other; whether each was answered, and whether some are to be tried later.

        A letter without an answer ends it: it may have arrived, and is not sent again.
        """
        later = False
        for person in people:
            letter = self._letter(person)
            if letter is None:
                continue
            try:
                outcome = line.hand_over(letter)
            except IntegrationError:
                self._end(person, letter, again=True)
                raise
            self._end(person, letter, again=outcome is Handed.LATER)
            later |= outcome is Handed.LATER
            if outcome is Handed.UNKNOWN:
                return False, later
        return True, later

    def _letter(self, key: PersonId) -> Letter | None:
        """The letter to one person, with its row begun; None where they get nothing after all."""
        with self._begin() as uow:
            self._mine(uow)
            if not uow.mails.begin(self._community.id, key):
                return None
            person, wanted = uow.people.get(key), self._wanted(uow, key)
            letter = self._written(uow, person) if person is not None and wanted else None
            if (
                letter is None and wanted
            ):  # the way to answer was closed meanwhile: they may be asked for again
                uow.mails.drop(self._community.id, key)
            elif letter is None:
                uow.mails.done(self._community.id, key)
            else:
                uow.communities.opt_out([went(self._sealer, self._community.id, letter.to)])
            uow.commit()
        return letter

    def _written(self, uow: UnitOfWork, person: Person) -> Letter | None:
        community = self._community
        open_links = invitations.open_links(uow, community.id, self._now())
        link = next((one for one in open_links if one.institution == person.institution), None)
        decline = next(
            (
                one
                for one in uow.links.of(LinkKind.NO_THANKS, community.id, person.id)
                if one.open_at(self._now())
            ),
            None,
        )
        if link is None or decline is None:
            return None
        no = f"{self._base_url}/no/{decline.token}"
        text = words(uow, community, f"{self._base_url}/i/{link.token}", no)
        name = hashlib.sha256(f"{community.id}:{person.id}".encode()).hexdigest()[:32]
        return Letter(person.email or "", str(subject(community)), text, no, name)

    def _end(self, person: PersonId, letter: Letter, again: bool) -> None:
        with self._begin() as uow:
            if again:
                uow.mails.again(self._community.id, person)
                uow.communities.opt_in([went(self._sealer, self._community.id, letter.to)])
                self._is_nobodys(uow, letter)
            else:
                uow.mails.done(self._community.id, person)
            uow.commit()

    def _is_nobodys(self, uow: UnitOfWork, letter: Letter) -> None:
        """Somebody may have said meanwhile to be whom it did not reach: the next one goes to them instead."""
        link = uow.links.by_token(LinkKind.NO_THANKS, letter.decline.rpartition("/")[2])
        if link is not None and link.person is not None:
            known = uow.people.identities(PersonId(link.person))
            uow.communities.opt_in([uow.links.letter_to(link, one) for one in known])

    def _mine(self, uow: UnitOfWork) -> None:
        if not uow.work.holds(self._turn):
            raise StaleTurn(f"{self._turn.kind.value} of {self._turn.target} was begun by another worker")

    def _wanted(self, uow: UnitOfWork, key: PersonId) -> bool:
        """Whether this person, and everybody else of that address, has given no answer and got no letter.

        Whoever said no may not be known by that record here: their address is asked for as well.
        """
        person = uow.people.get(key)
        if person is None or not _address(person):
            return False
        no = join.no_letters(self._sealer, self._community.id, _address(person))
        if uow.communities.opted_out([no, went(self._sealer, self._community.id, _address(person))]):
            return False
        same = {key, *self._same.get(_address(person), ())}
        if len(same) > 1 and not uow.mails.written(self._community.id).isdisjoint(same - {key}):
            return False
        for one in same:
            membership = uow.communities.membership(self._community.id, one)
            if membership is None or membership.standing is not Standing.INVITED:
                return False
            if join.said_no(uow, self._sealer, self._community.id, one):
                return False
        return True


def subject(community: Community) -> Said:
    """What the letter is about, in one line."""
    return say("You are invited: {name}", name=community.name)


def words(uow: UnitOfWork, community: Community, address: str, decline: str) -> str:
    """The letter: what the community is about, who facilitates, where to answer, and how to say no at once."""
    leading = [
        m.person
        for m in uow.communities.memberships(community.id)
        if m.standing is Standing.JOINED and m.role.leads
    ]
    names = sorted(person.name for person in uow.people.many(leading).values())
    return str(
        say(
            "{name} is a community of practice. It is about: {about}\n\nIt is for: {audience}\n\n"
            "Those who facilitate it and invite you: {names}\n\n"
            "Read more, and say yes or no thanks, here:\n{address}\n\n"
            "Nobody becomes a member without saying yes, and nobody is told about a no. "
            "coplink does not write to you about this community again.\n\n"
            "No thanks, at once and without signing in:\n{decline}\n",
            name=community.name,
            about=community.charter.about,
            audience=community.charter.audience,
            names=", ".join(names),
            address=address,
            decline=decline,
        )
    )


def _reachable(
    uow: UnitOfWork, community: Community, person: Person, institution: InstitutionId, now: datetime
) -> bool:
    """Whether people of this institution have a link to answer by; it is made where there is none yet."""
    try:
        invitations.create(uow, community, person, institution, now)
    except (NotFound, DomainError):  # not known to them, or it stays out
        return False
    return True


def _news(
    uow: UnitOfWork,
    community: Community,
    institution: InstitutionId,
    people: Iterable[Person],
    last: datetime | None,
    now: datetime,
) -> bool:
    """Whether somebody was invited, or a link was made, since letters were asked for last; no answer is looked at."""
    if last is None:
        return True
    links = [one for one in invitations.open_links(uow, community.id, now) if one.institution == institution]
    since = [m.changed_at for one in people if (m := uow.communities.membership(community.id, one.id))]
    return any(at > last for at in (*since, *(one.made_at for one in links)))


def _address(person: Person) -> str:
    return (person.email or "").strip().casefold()
