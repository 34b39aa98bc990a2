"""Two records that turned out to be one human become one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from coplink.core.people import PersonId, Proof, Role, Standing
from coplink.storage.repositories.base import AnotherInstitution, Repository
from coplink.storage.repositories.mails import DONE, WAITING
from coplink.storage.tables import (
    AccountRow,
    AnnouncementRow,
    ArtifactRow,
    CommunityRow,
    ContactRow,
    CopyRow,
    CuratedListRow,
    DisclosureRow,
    GuestRow,
    HandoverRow,
    HappeningRow,
    IdentityRow,
    LinkRow,
    LookUpRow,
    MailRow,
    MembershipRow,
    ParticipationRow,
    PersonRow,
    SessionRow,
    UnreachableRow,
)

FURTHER = {standing: place for place, standing in enumerate(Standing)}
"""Invited, joined, paused, left: the way a membership goes."""


STRONGEST = (Proof.PROVED.value, Proof.DENIED.value, Proof.CLAIMED.value, Proof.PROPOSED.value)


class Merging(Repository):
    """Moves what one person is and did to another of the same institution.

    What was only lent to ``gone`` ends: the right to look after connections, and sessions, for whoever holds one of
    those has proved to be ``gone`` and nobody else.
    """

    def merge(self, gone: PersonId, into: PersonId) -> None:
        """Move it all and drop ``gone``; nothing happens when they are one already or ``gone`` is not there."""
        query = select(PersonRow).where(PersonRow.id.in_([gone, into])).with_for_update()
        rows = {row.id: row for row in self._rows(query)}
        if gone == into or gone not in rows:
            return
        if into not in rows or rows[gone].institution != rows[into].institution:
            raise AnotherInstitution("two people of different institutions are never one record")
        self._run(update(IdentityRow).where(IdentityRow.person == gone).values(person=into))
        self._accounts(gone, into)
        self._memberships(gone, into)
        self._unreachable(gone, into)
        self._guests(gone, into)
        self._disclosures(gone, into)
        self._handovers(gone, into)
        self._mails(gone, into)
        self._run(delete(SessionRow).where(SessionRow.person == gone))
        self._run(delete(LookUpRow).where(LookUpRow.person.in_([gone, into])))
        self._run(update(LinkRow).where(LinkRow.person == gone).values(person=into))
        self._run(update(ArtifactRow).where(ArtifactRow.author == gone).values(author=into))
        self._run(update(CuratedListRow).where(CuratedListRow.made_by == gone).values(made_by=into))
        self._run(update(AnnouncementRow).where(AnnouncementRow.said_by == gone).values(said_by=into))
        self._run(update(CopyRow).where(CopyRow.asked_by == gone).values(asked_by=into))
        self._contacts(gone, into)
        self._run(
            update(ParticipationRow).where(ParticipationRow.withdrawn_by == gone).values(withdrawn_by=into)
        )
        self._run(update(HappeningRow).where(HappeningRow.actor == gone).values(actor=into))
        self._fill(rows[gone], rows[into])
        self._run(delete(PersonRow).where(PersonRow.id == gone))

    def _fill(self, gone: PersonRow, into: PersonRow) -> None:
        """What only ``gone`` knew about the person is kept."""
        self._run(
            update(PersonRow)
            .where(PersonRow.id == into.id)
            .values(
                name=into.name or gone.name,
                email=into.email or gone.email,
                home=into.home or gone.home,
                zone=into.zone or gone.zone,
            )
        )

    def _accounts(self, gone: PersonId, into: PersonId) -> None:
        known = {
            (row.integration, row.account): row
            for row in self._rows(select(AccountRow).where(AccountRow.person == into))
        }
        for row in self._rows(select(AccountRow).where(AccountRow.person == gone)):
            same = known.get((row.integration, row.account))
            one, other = row, same or row
            if STRONGEST.index(other.proof) <= STRONGEST.index(one.proof):
                one, other = other, one  # by whom it was proved goes with the proof
            known_since = [since for since in (one.since, other.since) if since is not None]
            values = {
                "proof": one.proof,
                "address": (same.address if same else None) or row.address,
                "since": min(known_since, default=None),
                "door": one.door,
                "realm": one.realm,
                "subject": one.subject,
            }
            self._put(
                AccountRow,
                person=into,
                institution=row.institution,
                integration=row.integration,
                account=row.account,
                **values,
            )
        self._run(delete(AccountRow).where(AccountRow.person == gone))

    def _memberships(self, gone: PersonId, into: PersonId) -> None:
        known = {
            row.community: row
            for row in self._rows(select(MembershipRow).where(MembershipRow.person == into))
        }
        theirs = self._rows(select(MembershipRow).where(MembershipRow.person == gone))
        # Held: another who leads and leaves at this moment has left, or leaves after this merge.
        both = sorted({row.community for row in theirs} & known.keys())
        held = select(CommunityRow.id).where(CommunityRow.id.in_(both)).order_by(CommunityRow.id)
        self._session.execute(held.with_for_update(key_share=True))
        for row in theirs:
            other = known.get(row.community)
            kept = row if other is None else self._one_of(row, other)
            role = kept.role if other is None or row.standing != other.standing else _leading(row, other)
            self._put(
                MembershipRow,
                community=row.community,
                person=into,
                institution=row.institution,
                role=role,
                standing=kept.standing,
                changed_at=kept.changed_at,
                by_institution=kept.by_institution,
            )
        self._run(delete(MembershipRow).where(MembershipRow.person == gone))

    def _one_of(self, one: MembershipRow, other: MembershipRow) -> MembershipRow:
        """The later answer, or the one that leads when nobody else in the community does."""
        later = max(one, other, key=_answered)
        leading = [row for row in (one, other) if _leads(row)]
        if not leading or _leads(later):
            return later
        others = select(MembershipRow).where(
            MembershipRow.community == one.community, MembershipRow.person.not_in([one.person, other.person])
        )
        rows = self._rows(others.order_by(MembershipRow.person))
        return later if any(map(_leads, rows)) else leading[0]

    def _guests(self, gone: PersonId, into: PersonId) -> None:
        # Where both are guests, the one that stays keeps its account: the other one's is an admin's to take away.
        for row in self._rows(select(GuestRow).where(GuestRow.person == into)):
            same = (GuestRow.institution == row.institution, GuestRow.integration == row.integration)
            self._run(delete(GuestRow).where(GuestRow.person == gone, *same))
        self._run(update(GuestRow).where(GuestRow.person == gone).values(person=into))

    def _disclosures(self, gone: PersonId, into: PersonId) -> None:
        # Where both answered about one institution, a "no" outranks a "yes"; a yes ends with a leaving.
        for row in self._rows(select(DisclosureRow).where(DisclosureRow.person == gone)):
            same = (DisclosureRow.community == row.community, DisclosureRow.institution == row.institution)
            if not row.agreed:
                self._run(
                    update(DisclosureRow)
                    .where(DisclosureRow.person == into, *same)
                    .values(agreed=False, address="")
                )
            if self._rows(select(DisclosureRow).where(DisclosureRow.person == into, *same)):
                self._run(delete(DisclosureRow).where(DisclosureRow.person == gone, *same))
        self._run(update(DisclosureRow).where(DisclosureRow.person == gone).values(person=into))
        belongs = select(MembershipRow.community).where(
            MembershipRow.person == into,
            MembershipRow.standing.in_([Standing.JOINED.value, Standing.PAUSED.value]),
        )
        self._run(
            delete(DisclosureRow).where(
                DisclosureRow.person == into, DisclosureRow.agreed, DisclosureRow.community.not_in(belongs)
            )
        )

    def _handovers(self, gone: PersonId, into: PersonId) -> None:
        # Asked under both names is asked once; who leads by now, or does not belong, is not asked any more.
        both = select(HandoverRow.community).where(HandoverRow.person == into)
        self._run(delete(HandoverRow).where(HandoverRow.person == gone, HandoverRow.community.in_(both)))
        self._run(update(HandoverRow).where(HandoverRow.person == gone).values(person=into))
        self._run(update(HandoverRow).where(HandoverRow.asked_by == gone).values(asked_by=into))
        open_to = select(MembershipRow.community).where(
            MembershipRow.person == into,
            MembershipRow.standing == Standing.JOINED.value,
            MembershipRow.role.in_([role.value for role in Role if role.may_be_asked]),
        )
        self._run(
            delete(HandoverRow).where(HandoverRow.person == into, HandoverRow.community.not_in(open_to))
        )

    def _contacts(self, gone: PersonId, into: PersonId) -> None:
        # Whoever has left, or pauses, by the later answer is the contact no more, as if they had said so there.
        self._run(update(ContactRow).where(ContactRow.person == gone).values(person=into))
        joined = select(MembershipRow.community).where(
            MembershipRow.person == into, MembershipRow.standing == Standing.JOINED.value
        )
        self._run(delete(ContactRow).where(ContactRow.person == into, ContactRow.community.not_in(joined)))

    def _mails(self, gone: PersonId, into: PersonId) -> None:
        # Who was written to under either name is not written to again.
        theirs = select(MailRow.community).where(MailRow.person == gone)
        written = theirs.where(MailRow.state != WAITING)
        mine = update(MailRow).where(MailRow.person == into)
        self._run(mine.where(MailRow.community.in_(written)).values(state=DONE))
        both = select(MailRow.community).where(MailRow.person == into)
        self._run(delete(MailRow).where(MailRow.person == gone, MailRow.community.in_(both)))
        self._run(update(MailRow).where(MailRow.person == gone).values(person=into))

    def _unreachable(self, gone: PersonId, into: PersonId) -> None:
        # The next look writes this list anew; until then the one record that stays keeps its own line.
        has_one = select(UnreachableRow.space).where(UnreachableRow.person == into)
        self._run(
            delete(UnreachableRow).where(UnreachableRow.person == gone, UnreachableRow.space.in_(has_one))
        )
        self._run(update(UnreachableRow).where(UnreachableRow.person == gone).values(person=into))


def _answered(row: MembershipRow) -> tuple[int, datetime, int]:
    """How late an answer is; of two at the same moment, the one that goes further is later.

    An invitation is no answer, and what an institution decided outranks nobody's own word.
    """
    standing = Standing(row.standing)
    own = 0 if standing is Standing.INVITED else 1 if row.by_institution else 2
    return own, row.changed_at, FURTHER[standing]


def _leads(row: MembershipRow) -> bool:
    return row.standing == Standing.JOINED and Role(row.role).leads


def _leading(one: MembershipRow, other: MembershipRow) -> str:
    """Of two equal standings the role that leads more: it was given to this human, through whichever door."""
    return min(one.role, other.role, key=lambda role: list(Role).index(Role(role)))
