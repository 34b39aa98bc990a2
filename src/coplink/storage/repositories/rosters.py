"""What was last read of rosters, and the people of a page all at once: one statement for many of them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Text, any_, bindparam, func, literal, select, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from coplink.core.people import Account, CommunityId, Identity, InstitutionId, Membership, Person, PersonId
from coplink.core.roster import PageSeen, Snapshot
from coplink.ports.rosters import LastReading
from coplink.storage.repositories.base import Repository
from coplink.storage.repositories.people import to_account, to_identity
from coplink.storage.tables import AccountRow, IdentityRow, MembershipRow, PersonRow, RosterRow, Table
from coplink.storage.types import PlainText, storable, to_json

_PERSON = ("id", "institution", "name", "email", "home", "zone", "admin")
_IDENTITY = ("institution", "door", "realm", "subject", "person", "proved_at")
_ACCOUNT = ("person", "institution", "integration", "account", "proof", "address")
_MEMBERSHIP = ("community", "person", "institution", "role", "standing", "changed_at")
_PAGE = struct.Struct("<16sI")


class SqlRosters(Repository):
    def secret(self, institution: InstitutionId) -> bytes:
        return bytes.fromhex(self._sealer.keyed_hash("roster", institution))

    def last(self, context: str, hold: bool = False) -> LastReading | None:
        row = self._find_one(RosterRow, lock=hold, context=context)
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
        # Joined to nothing, so that SQLite begins with the community: without statistics it would go through
        # everybody of the realm, which may be a whole district, for a course of thirty.
        by = [column + "" for column in (IdentityRow.institution, IdentityRow.door, IdentityRow.realm)]
        query = (
            select(func.count())
            .select_from(MembershipRow)
            .join(IdentityRow, IdentityRow.person == MembershipRow.person)
            .where(MembershipRow.community == community, by[0] == institution, by[1] == door, by[2] == realm)
        )
        return self._session.scalar(query) or 0

    def known(
        self, institution: InstitutionId, door: str, realm: str, subjects: Iterable[str]
    ) -> Mapping[str, Person]:
        person = cast(SqlTable, PersonRow.__table__).c
        query = (
            select(IdentityRow.subject, *(person[name] for name in _PERSON))
            .join(PersonRow, PersonRow.id == IdentityRow.person)
            .where(
                PersonRow.institution == institution,
                IdentityRow.institution == institution,
                IdentityRow.door == door,
                IdentityRow.realm == realm,
                self._among(IdentityRow.subject, subjects),
            )
        )
        return {subject: Person(*values) for subject, *values in self._session.execute(query)}

    def add(self, people: Sequence[Person], identities: Sequence[Identity]) -> bool:
        """Sorted, so that two who add the same people at once wait for each other and never for ever."""
        self._add_all(PersonRow, _PERSON, people)
        identities = sorted(identities, key=lambda one: one.subject)
        return self._add_all(IdentityRow, _IDENTITY, identities) == len(identities)

    def fill(self, people: Sequence[Person]) -> None:
        if not people:
            return
        changing = (
            update(PersonRow)
            .where(PersonRow.id == bindparam("key"), PersonRow.institution == bindparam("school"))
            .values(name=bindparam("called"), email=func.coalesce(PersonRow.email, bindparam("address")))
        )
        order = sorted(people, key=lambda one: one.id)
        self._session.connection().execute(
            changing,
            [
                {"key": one.id, "school": one.institution, "called": one.name, "address": one.email}
                for one in order
            ],
        )

    def accounts(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Account]]:
        found: dict[PersonId, list[Account]] = defaultdict(list)
        for row in self._rows(select(AccountRow).where(self._among(AccountRow.person, people))):
            found[PersonId(row.person)].append(to_account(row))
        return found

    def identities(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Identity]]:
        found: dict[PersonId, list[Identity]] = defaultdict(list)
        for row in self._rows(select(IdentityRow).where(self._among(IdentityRow.person, people))):
            found[PersonId(row.person)].append(to_identity(row))
        return found

    def propose(self, accounts: Sequence[Account]) -> None:
        order = sorted(accounts, key=lambda one: (one.person, one.integration, one.account))
        self._add_all(AccountRow, _ACCOUNT, order)

    def strangers(self, community: CommunityId, people: Iterable[PersonId]) -> frozenset[PersonId]:
        everybody = set(people)
        query = select(MembershipRow.person).where(
            MembershipRow.community == community, self._among(MembershipRow.person, everybody)
        )
        return frozenset(everybody.difference(map(PersonId, self._session.scalars(query))))

    def invite(self, memberships: Sequence[Membership]) -> None:
        self._add_all(MembershipRow, _MEMBERSHIP, sorted(memberships, key=lambda one: one.person))

    def _among(self, column: InstrumentedAttribute[Any], values: Iterable[str]) -> ColumnElement[bool]:
        """``column`` is one of many values, which travel as one: an ``IN`` of a thousand costs more than the rows."""
        listed = [storable(value) for value in values]
        if self._sqlite:
            each = func.json_each(to_json(listed)).table_valued("value")
            return column.in_(select(each.c.value))
        return column == any_(literal(listed, ARRAY(Text())))

    def _add_all(self, table: type[Table], names: Sequence[str], values: Sequence[Any]) -> int:
        """Add many rows, each a value with these fields; whoever's key is there stays. How many were added."""
        if not values:
            return 0
        target, dialect = cast(SqlTable, table.__table__), self._session.get_bind().dialect
        columns = []
        for name in names:
            kind = target.c[name].type
            given = [getattr(value, name) for value in values]
            if isinstance(kind, PlainText):
                columns.append([None if text is None else storable(str(text)) for text in given])
                continue
            turn = kind.dialect_impl(dialect).bind_processor(dialect)
            columns.append(given if turn is None else [turn(one) for one in given])
        marks = ", ".join(["?" if self._sqlite else "%s"] * len(names))
        words = f"INSERT INTO {target.name} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
        rows = list(zip(*columns, strict=True))
        return self._session.connection().exec_driver_sql(words, rows).rowcount

    @property
    def _sqlite(self) -> bool:
        return self._session.get_bind().dialect.name == "sqlite"


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
