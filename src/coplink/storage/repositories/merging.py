"""Two records that turned out to be one human become one."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from coplink.core.people import PersonId, Proof, Role, Standing
from coplink.storage.repositories.base import AnotherInstitution, Repository
from coplink.storage.tables import (
    AccountRow,
    ArtifactRow,
    HappeningRow,
    IdentityRow,
    LinkRow,
    MembershipRow,
    PersonRow,
    SessionRow,
    UnreachableRow,
)

FURTHER = {standing: place for place, standing in enumerate(Standing)}
"""Invited, joined, paused, left: the way a membership goes, so that nobody's "no" is undone by a merge."""


class Merging(Repository):
    """Moves everything of one person to another of the same institution."""

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
        self._run(update(SessionRow).where(SessionRow.person == gone).values(person=into))
        self._run(update(LinkRow).where(LinkRow.person == gone).values(person=into))
        self._run(update(ArtifactRow).where(ArtifactRow.author == gone).values(author=into))
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
                admin=into.admin or gone.admin,
            )
        )

    def _accounts(self, gone: PersonId, into: PersonId) -> None:
        known = {
            (row.integration, row.account): row
            for row in self._rows(select(AccountRow).where(AccountRow.person == into))
        }
        for row in self._rows(select(AccountRow).where(AccountRow.person == gone)):
            same = known.get((row.integration, row.account))
            if same is None:
                values = {"proof": row.proof, "address": row.address}
            else:
                proved = Proof.PROVED.value in (row.proof, same.proof)
                values = {
                    "proof": (Proof.PROVED if proved else Proof.PROPOSED).value,
                    "address": same.address or row.address,
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
        for row in self._rows(select(MembershipRow).where(MembershipRow.person == gone)):
            best = _further(row, known[row.community]) if row.community in known else row
            role = best.role
            if row.community in known and row.standing == known[row.community].standing:
                role = _leading(best, row if best is known[row.community] else known[row.community])
            self._put(
                MembershipRow,
                community=row.community,
                person=into,
                institution=row.institution,
                role=role,
                standing=best.standing,
                changed_at=best.changed_at,
            )
        self._run(delete(MembershipRow).where(MembershipRow.person == gone))

    def _unreachable(self, gone: PersonId, into: PersonId) -> None:
        # The next look writes this list anew; until then the one record that stays keeps its own line.
        has_one = select(UnreachableRow.space).where(UnreachableRow.person == into)
        self._run(
            delete(UnreachableRow).where(UnreachableRow.person == gone, UnreachableRow.space.in_(has_one))
        )
        self._run(update(UnreachableRow).where(UnreachableRow.person == gone).values(person=into))


def _further(one: MembershipRow, other: MembershipRow) -> MembershipRow:
    return max(one, other, key=lambda row: (FURTHER[Standing(row.standing)], row.changed_at))


def _leading(best: MembershipRow, other: MembershipRow) -> str:
    """Of two equal standings the role that leads is kept: a merge must not leave a community without a facilitator."""
    return max(best.role, other.role, key=lambda role: -list(Role).index(Role(role)))
