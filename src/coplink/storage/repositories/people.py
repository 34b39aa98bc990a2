"""People, the doors they are known by, and their accounts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from sys import intern
from typing import Any

from sqlalchemy import bindparam, case, delete, func, literal, or_, select, update

from coplink.core.people import (
    Account,
    AccountId,
    Identity,
    InstitutionId,
    Person,
    PersonId,
    Proof,
    ProvedBy,
)
from coplink.storage.ready import Insert, Ready
from coplink.storage.ready import Row as Found
from coplink.storage.repositories.base import AT_ONCE, Repository, portions, sql
from coplink.storage.repositories.merging import Merging
from coplink.storage.shapes import Among
from coplink.storage.tables import AccountRow, IdentityRow, LookUpRow, PersonRow

LOOK_UPS_KEPT = timedelta(days=7)
"""How long it is known that a directory was asked for somebody in vain."""


_people, _identities, _accounts = sql(PersonRow), sql(IdentityRow), sql(AccountRow)
_of_person = tuple(
    _people.c[name] for name in ("id", "institution", "name", "email", "home", "zone", "admin")
)

PERSON = Ready(lambda _: select(*_of_person).where(_people.c.id == bindparam("found")))
KNOWN = Ready(
    lambda _: (
        select(*_of_person)
        .join(_identities, _identities.c.person == _people.c.id)
        .where(
            _people.c.institution == bindparam("whose"),
            _identities.c.institution == bindparam("whose"),
            _identities.c.door == bindparam("by"),
            _identities.c.realm == bindparam("within"),
            _identities.c.subject == bindparam("named"),
        )
        # Whoever is recognised stays who they are until this ends: nobody merges them away meanwhile.
        .with_for_update(read=True, key_share=True, of=_people)
    )
)
HOMES = Ready(lambda _: select(_people.c.id, _people.c.institution).where(Among(_people.c.id, "listed")))
HOLDING = Ready(
    lambda _: (
        select(_accounts.c.person, _accounts.c.proof, _accounts.c.address)
        .where(
            _accounts.c.institution == bindparam("whose"),
            _accounts.c.integration == bindparam("on"),
            _accounts.c.account == bindparam("named"),
        )
        .order_by(case((_accounts.c.proof == Proof.PROVED.value, 0), else_=1), _accounts.c.person)
    )
)

_look_ups = sql(LookUpRow)
LOOKED_UP = Ready(
    lambda _: select(_look_ups.c.person).where(
        _look_ups.c.institution == bindparam("whose"),
        _look_ups.c.integration == bindparam("on"),
        _look_ups.c.at >= bindparam("since"),
    )
)


def _identity_put(insert: Insert) -> Any:
    adding = insert(_identities)
    known, new = _identities.c.proved_at, adding.excluded.proved_at
    return adding.on_conflict_do_update(
        index_elements=["institution", "door", "realm", "subject"],
        set_={"proved_at": case((or_(known.is_(None), known < new), new), else_=known)},
    )


BY = ("door", "realm", "subject")
"""Which identity proved an account."""


def _account_put(insert: Insert) -> Any:
    adding = insert(_accounts)
    known, new = _accounts.c, adding.excluded
    proved, denied, claimed = Proof.PROVED.value, Proof.DENIED.value, Proof.CLAIMED.value
    by = {name: case((new.subject.is_not(None), new[name]), else_=known[name]) for name in BY}
    return adding.on_conflict_do_update(
        index_elements=["person", "institution", "integration", "account"],
        set_={
            "proof": case(
                (or_(known.proof == proved, new.proof == proved), proved),
                (or_(known.proof == denied, new.proof == denied), denied),
                (known.proof == claimed, claimed),
                else_=new.proof,
            ),
            "address": func.coalesce(new.address, known.address),
            "since": func.coalesce(known.since, new.since),
            **by,
        },
    )


PUT_IDENTITY, PUT_ACCOUNT = Ready(_identity_put), Ready(_account_put)


class SqlPeople(Repository):
    def put(self, person: Person) -> None:
        self._put(
            PersonRow,
            id=person.id,
            institution=person.institution,
            name=person.name,
            email=person.email,
            home=person.home,
            zone=person.zone,
            admin=person.admin,
        )

    def get(self, key: PersonId) -> Person | None:
        found = self._transaction.first(PERSON, found=key)
        return None if found is None else _person(found)

    def many(self, keys: Iterable[PersonId]) -> Mapping[PersonId, Person]:
        return {PersonId(row.id): to_person(row) for row in self._each_among(PersonRow, "id", keys)}

    def homes(self, keys: Iterable[PersonId]) -> Mapping[PersonId, InstitutionId]:
        given = {key: key for key in keys}  # whose text is kept already
        return {
            given[key]: InstitutionId(intern(institution))
            for listed in portions(sorted(given), AT_ONCE)
            for key, institution in self._transaction.each(HOMES, listed=listed)
        }

    def admins(self, institution: InstitutionId) -> Sequence[Person]:
        query = select(PersonRow).where(PersonRow.institution == institution, PersonRow.admin.is_(True))
        return [to_person(row) for row in self._rows(query.order_by(PersonRow.name, PersonRow.id))]

    def put_identity(self, identity: Identity) -> None:
        """Add it, or note the later proof; whoever was first stays its person.

        Of two transactions that add the same one at once, the second waits and then finds the first's person with
        ``by_identity``. A roster read later does not undo that somebody came in person.
        """
        self._run_ready(
            PUT_IDENTITY,
            institution=identity.institution,
            door=identity.door,
            realm=identity.realm,
            subject=identity.subject,
            person=identity.person,
            proved_at=identity.proved_at,
        )

    def by_identity(self, institution: InstitutionId, door: str, realm: str, subject: str) -> Person | None:
        found = self._transaction.first(KNOWN, whose=institution, by=door, within=realm, named=subject)
        return None if found is None else _person(found)

    def subjects(self, institution: InstitutionId, door: str, realm: str) -> Mapping[str, PersonId]:
        found = self._session.execute(
            select(IdentityRow.subject, IdentityRow.person).where(
                IdentityRow.institution == institution, IdentityRow.door == door, IdentityRow.realm == realm
            )
        )
        return {subject: PersonId(person) for subject, person in found}

    def known_as(
        self, institution: InstitutionId, door: str, realm: str, people: Iterable[PersonId]
    ) -> Sequence[str]:
        query = select(IdentityRow.subject).where(
            IdentityRow.institution == institution, IdentityRow.door == door, IdentityRow.realm == realm
        )
        return sorted(
            subject
            for portion in portions(set(people))
            for subject in self._session.scalars(query.where(IdentityRow.person.in_(portion)))
        )

    def identities(self, person: PersonId) -> Sequence[Identity]:
        return list(map(to_identity, self._find(IdentityRow, "door", "realm", "subject", person=person)))

    def put_account(self, account: Account) -> None:
        """Add or change it: what was proved stays so, what was denied is only ever proved; an address is kept.

        What somebody claimed is not proposed again.
        """
        self._run_ready(
            PUT_ACCOUNT,
            person=account.person,
            institution=account.institution,
            integration=account.integration,
            account=account.account,
            proof=account.proof.value,
            address=account.address,
            since=account.since,
            door=account.by and account.by.door,
            realm=account.by and account.by.realm,
            subject=account.by and account.by.subject,
        )

    def take(self, identity: Identity, person: PersonId) -> None:
        key = {"door": identity.door, "realm": identity.realm, "subject": identity.subject}
        self._run(
            update(IdentityRow)
            .filter_by(institution=identity.institution, person=identity.person, **key)
            .values(person=person)
        )
        theirs = update(AccountRow).filter_by(institution=identity.institution, person=identity.person)
        self._run(theirs.filter_by(proof=Proof.PROVED.value, **key).values(person=person))

    def drop_account(self, account: Account) -> None:
        self._run(
            delete(AccountRow).where(
                AccountRow.person == account.person,
                AccountRow.institution == account.institution,
                AccountRow.integration == account.integration,
                AccountRow.account == account.account,
            )
        )

    def drop_accounts(self, institution: InstitutionId, integration: str) -> None:
        for table in (AccountRow, LookUpRow):
            self._run(delete(table).where(table.institution == institution, table.integration == integration))

    def accounts(self, person: PersonId) -> Sequence[Account]:
        accounts = map(to_account, self._find(AccountRow, person=person))
        return sorted(accounts, key=lambda one: (one.integration, *_proved_first(one)))

    def accounts_on(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Account]:
        found: dict[PersonId, Account] = {}
        of_it = {"institution": institution, "integration": integration}
        for account in map(to_account, self._each_among(AccountRow, "person", people, **of_it)):
            rival = found.setdefault(account.person, account)
            if rival is not account and _proved_first(account) < _proved_first(rival):
                found[account.person] = account
        return found

    def proved_on(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Sequence[Account]]:
        found: dict[PersonId, tuple[Account, ...]] = {}
        of_it = {"institution": institution, "integration": integration, "proof": Proof.PROVED.value}
        for account in map(to_account, self._each_among(AccountRow, "person", people, **of_it)):
            others = found.get(account.person)
            both = (account,) if others is None else (*others, account)
            found[account.person] = both if others is None else tuple(sorted(both, key=_proved_first))
        return found

    def proved_by(self, people: Iterable[PersonId]) -> Mapping[PersonId, Sequence[Account]]:
        found: dict[PersonId, list[Account]] = {}
        proved = {"proof": Proof.PROVED.value}
        for account in map(to_account, self._each_among(AccountRow, "person", people, **proved)):
            found.setdefault(account.person, []).append(account)
        for several in found.values():
            several.sort(key=lambda one: (one.integration, *_proved_first(one)))
        return found

    def holding(self, institution: InstitutionId, integration: str, account: AccountId) -> Sequence[Account]:
        found = self._run_ready(HOLDING, whose=institution, on=integration, named=account)
        return [
            Account(institution, integration, account, PersonId(person), Proof(proof), address)
            for person, proof, address in found
        ]

    def looked_up(self, institution: InstitutionId, integration: str, since: datetime) -> frozenset[PersonId]:
        found = self._run_ready(LOOKED_UP, whose=institution, on=integration, since=since)
        return frozenset(PersonId(person) for (person,) in found)

    def note_looked_up(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId], now: datetime
    ) -> None:
        """Note it for those still known here: while a directory is asked, somebody may be merged away."""
        self._run(delete(LookUpRow).where(LookUpRow.at < now - LOOK_UPS_KEPT))
        for some in portions(sorted(set(people))):
            known = select(
                literal(institution), literal(integration), PersonRow.id, literal(now, LookUpRow.at.type)
            ).where(PersonRow.institution == institution, PersonRow.id.in_(some))
            adding = self._insert(LookUpRow).from_select(
                ["institution", "integration", "person", "at"],
                known.order_by(PersonRow.id).with_for_update(read=True, key_share=True),
            )
            self._run(
                adding.on_conflict_do_update(
                    index_elements=["institution", "integration", "person"], set_={"at": adding.excluded.at}
                )
            )

    def merge(self, gone: PersonId, into: PersonId) -> None:
        Merging(self._transaction, self._sealer).merge(gone, into)


def to_person(row: PersonRow) -> Person:
    """The person of a row."""
    return Person(
        PersonId(row.id),
        InstitutionId(intern(row.institution)),
        row.name,
        row.email,
        row.home and intern(row.home),
        row.zone and intern(row.zone),
        row.admin,
    )


def _person(found: Found) -> Person:
    key, institution, name, email, home, zone, admin = found[:7]
    return Person(PersonId(key), InstitutionId(institution), name, email, home, zone, admin)


def to_identity(row: IdentityRow) -> Identity:
    """The identity of a row."""
    return Identity(
        InstitutionId(row.institution),
        row.door,
        row.realm,
        row.subject,
        PersonId(row.person),
        row.proved_at,
    )


def to_account(row: AccountRow) -> Account:
    """The account of a row."""
    return Account(
        InstitutionId(intern(row.institution)),
        intern(row.integration),
        AccountId(row.account),
        PersonId(row.person),
        Proof(row.proof),
        row.address,
        row.since,
        None if row.subject is None else ProvedBy(row.door or "", row.realm or "", row.subject),
    )


def _proved_first(one: Account) -> tuple[int, float, str]:
    """Of several that are proved the newest first; where that is not known, last."""
    since = math.inf if one.since is None else -one.since.timestamp()
    return ({Proof.PROVED: 0, Proof.DENIED: 2}.get(one.proof, 1), since, one.account)
