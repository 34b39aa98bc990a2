"""What was last read of rosters, and the people of a page all at once: one statement for many of them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table as SqlTable
from sqlalchemy import func, select

from coplink.core.people import Account, CommunityId, Identity, InstitutionId, Membership, Person, PersonId
from coplink.core.roster import PageSeen, Snapshot
from coplink.ports.rosters import LastReading
from coplink.storage.repositories.base import Repository, portions
from coplink.storage.repositories.people import to_account
from coplink.storage.tables import AccountRow, IdentityRow, MembershipRow, PersonRow, RosterRow, Table

_PAGE = struct.Struct("<16sI")


class SqlRosters(Repository):
    def secret(self, institution: InstitutionId) -> bytes:
        return bytes.fromhex(self._sealer.keyed_hash("roster", institution))

    def last(self, context: str) -> LastReading | None:
        row = self._one(select(RosterRow).where(RosterRow.context == context))
        return None if row is None else _last(row)

    def keep(self, last: LastReading) -> None:
        seen = last.snapshot
        self._put(
            RosterRow,
            context=last.context,
            institution=last.institution,
            meaning=seen.meaning if seen else None,
            pages=b"".join(_PAGE.pack(page.digest, page.listed) for page in seen.pages) if seen else b"",
            prints=seen.prints if seen else b"",
            members=last.members,
            gone=last.gone,
            since=last.since,
            owing=last.owing,
        )

    def owe(self, context: str, institution: InstitutionId) -> None:
        empty = {"meaning": None, "pages": b"", "prints": b"", "members": 0, "gone": 0, "since": None}
        adding = self._insert(RosterRow).values(context=context, institution=institution, owing=True, **empty)
        self._run(
            adding.on_conflict_do_update(
                index_elements=["context"],
                set_={"owing": True},
                where=RosterRow.institution == institution,
            )
        )

    def members(self, community: CommunityId) -> int:
        query = select(func.count()).select_from(MembershipRow)
        return self._session.scalar(query.where(MembershipRow.community == community)) or 0

    def subjects(self, community: CommunityId, institution: InstitutionId, door: str, realm: str) -> int:
        query = (
            select(func.count())
            .select_from(IdentityRow)
            .join(MembershipRow, MembershipRow.person == IdentityRow.person)
            .where(
                MembershipRow.community == community,
                IdentityRow.institution == institution,
                IdentityRow.door == door,
                IdentityRow.realm == realm,
            )
        )
        return self._session.scalar(query) or 0

    def known(
        self, institution: InstitutionId, door: str, realm: str, subjects: Iterable[str]
    ) -> Mapping[str, Person]:
        person = cast(SqlTable, PersonRow.__table__).c
        query = (
            select(
                IdentityRow.subject,
                person.id,
                person.institution,
                person.name,
                person.email,
                person.home,
                person.zone,
                person.admin,
            )
            .join(PersonRow, PersonRow.id == IdentityRow.person)
            .where(
                PersonRow.institution == institution,
                IdentityRow.institution == institution,
                IdentityRow.door == door,
                IdentityRow.realm == realm,
            )
        )
        return {
            subject: Person(*values)
            for some in portions(subjects)
            for subject, *values in self._session.execute(query.where(IdentityRow.subject.in_(some)))
        }

    def add(self, people: Sequence[Person], identities: Sequence[Identity]) -> None:
        """Sorted, so that two who add the same people at once wait for each other and never for ever."""
        self._add_all(
            PersonRow,
            [
                {
                    "id": person.id,
                    "institution": person.institution,
                    "name": person.name,
                    "email": person.email,
                    "home": person.home,
                    "zone": person.zone,
                    "admin": person.admin,
                }
                for person in people
            ],
        )
        self._add_all(
            IdentityRow,
            [
                {
                    "institution": identity.institution,
                    "door": identity.door,
                    "realm": identity.realm,
                    "subject": identity.subject,
                    "person": identity.person,
                    "proved_at": identity.proved_at,
                }
                for identity in sorted(identities, key=lambda one: one.subject)
            ],
        )

    def accounts(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Account]]:
        found: dict[PersonId, list[Account]] = defaultdict(list)
        for some in portions(people):
            for row in self._rows(select(AccountRow).where(AccountRow.person.in_(some))):
                found[PersonId(row.person)].append(to_account(row))
        return found

    def propose(self, accounts: Sequence[Account]) -> None:
        self._add_all(
            AccountRow,
            [
                {
                    "person": account.person,
                    "institution": account.institution,
                    "integration": account.integration,
                    "account": account.account,
                    "proof": account.proof.value,
                    "address": account.address,
                }
                for account in sorted(accounts, key=lambda one: (one.person, one.integration, one.account))
            ],
        )

    def strangers(self, community: CommunityId, people: Iterable[PersonId]) -> frozenset[PersonId]:
        query = select(MembershipRow.person).where(MembershipRow.community == community)
        here: set[PersonId] = set()
        everybody = set(people)
        for some in portions(everybody):
            found = self._session.scalars(query.where(MembershipRow.person.in_(some)))
            here.update(PersonId(person) for person in found)
        return frozenset(everybody - here)

    def invite(self, memberships: Sequence[Membership]) -> None:
        self._add_all(
            MembershipRow,
            [
                {
                    "community": membership.community,
                    "person": membership.person,
                    "institution": membership.institution,
                    "role": membership.role.value,
                    "standing": membership.standing.value,
                    "changed_at": membership.changed_at,
                }
                for membership in sorted(memberships, key=lambda one: one.person)
            ],
        )

    def _add_all(self, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add many rows; those whose key is there stay as they are."""
        if rows:
            key = [column.name for column in cast(SqlTable, table.__table__).primary_key]
            adding = self._insert(table).on_conflict_do_nothing(index_elements=key)
            self._session.connection().execute(adding, list(rows))


def _last(row: RosterRow) -> LastReading:
    snapshot = None
    if row.meaning is not None:
        pages = tuple(PageSeen(digest, listed) for digest, listed in _PAGE.iter_unpack(row.pages))
        snapshot = Snapshot(row.meaning, pages, row.prints)
    return LastReading(
        row.context,
        InstitutionId(row.institution),
        snapshot,
        row.members,
        row.gone,
        row.since,
        row.owing,
    )
