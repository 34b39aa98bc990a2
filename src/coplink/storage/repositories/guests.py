"""People of elsewhere whom a platform of an institution lets in, and who agreed that it has their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from coplink.core.guests import Guest
from coplink.core.people import AccountId, CommunityId, InstitutionId, PersonId
from coplink.storage.mapping import from_said, to_said
from coplink.storage.repositories.base import Repository, portions
from coplink.storage.tables import DisclosureRow, GuestRow

ENTER = "page that lets a guest in"


class SqlGuests(Repository):
    def put(self, guest: Guest) -> None:
        self._put(
            GuestRow,
            institution=guest.institution,
            integration=guest.integration,
            person=guest.person,
            address=guest.address,
            account=guest.account,
            enter=self._sealer.seal(guest.institution, ENTER, guest.enter),
            refused=None if guest.refused is None else from_said(guest.refused),
            asked_at=guest.asked_at,
            since=guest.since,
        )

    def at(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Guest]:
        of_it = {"institution": institution, "integration": integration}
        return {
            PersonId(row.person): self._guest(row)
            for row in self._each_among(GuestRow, "person", people, **of_it)
        }

    def of(self, person: PersonId) -> Sequence[Guest]:
        return list(map(self._guest, self._find(GuestRow, "institution", "integration", person=person)))

    def holding(
        self,
        institution: InstitutionId,
        integration: str,
        addresses: Iterable[str] = (),
        accounts: Iterable[AccountId] = (),
    ) -> Sequence[Guest]:
        query = select(GuestRow).where(
            GuestRow.institution == institution,
            GuestRow.integration == integration,
            GuestRow.account.is_not(None),
        )
        rows = {
            row.person: row
            for column, wanted in ((GuestRow.address, addresses), (GuestRow.account, accounts))
            for some in portions(sorted(set(wanted)))
            for row in self._rows(query.where(column.in_(some)))
        }
        return [self._guest(row) for _, row in sorted(rows.items())]

    def drop(self, institution: InstitutionId, integration: str) -> None:
        self._run(
            delete(GuestRow).where(GuestRow.institution == institution, GuestRow.integration == integration)
        )

    def answer(
        self,
        community: CommunityId,
        person: PersonId,
        institution: InstitutionId,
        address: str | None,
        now: datetime,
    ) -> None:
        self._put(
            DisclosureRow,
            community=community,
            person=person,
            institution=institution,
            agreed=address is not None,
            answered_at=now,
            address=address or "",
        )

    def answers(self, community: CommunityId, person: PersonId) -> Mapping[InstitutionId, bool]:
        rows = self._find(DisclosureRow, community=community, person=person)
        return {InstitutionId(row.institution): row.agreed for row in rows}

    def answers_at(self, community: CommunityId, institution: InstitutionId) -> Mapping[PersonId, bool]:
        rows = self._find(DisclosureRow, community=community, institution=institution)
        return {PersonId(row.person): row.agreed for row in rows}

    def shown_at(self, community: CommunityId, institution: InstitutionId) -> Mapping[PersonId, str]:
        rows = self._find(DisclosureRow, community=community, institution=institution, agreed=True)
        return {PersonId(row.person): row.address for row in rows}

    def forget_yes(
        self, community: CommunityId, person: PersonId, institution: InstitutionId | None = None
    ) -> None:
        theirs = DisclosureRow.community == community, DisclosureRow.person == person, DisclosureRow.agreed
        there = () if institution is None else (DisclosureRow.institution == institution,)
        self._run(delete(DisclosureRow).where(*theirs, *there))

    def _guest(self, row: GuestRow) -> Guest:
        return Guest(
            InstitutionId(row.institution),
            row.integration,
            PersonId(row.person),
            row.address,
            None if row.account is None else AccountId(row.account),
            self._sealer.open(row.institution, ENTER, row.enter),
            None if row.refused is None else to_said(row.refused),
            row.asked_at,
            row.since,
        )
