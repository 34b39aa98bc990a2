"""What a door has to know of somebody who comes, in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy import Table as SqlTable

from coplink.core.people import (
    Account,
    AccountId,
    CommunityId,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.ports.doorstep import Came, Recognised
from coplink.ports.records import ContextLink, Deployment, Registration
from coplink.storage.ready import Ready
from coplink.storage.ready import Row as Found
from coplink.storage.repositories.base import Repository, sql
from coplink.storage.repositories.platforms import of_registration, told_registration
from coplink.storage.tables import (
    AccountRow,
    ContextRow,
    DeploymentRow,
    IdentityRow,
    MembershipRow,
    PersonRow,
    RegistrationRow,
)

_registrations, _deployments = sql(RegistrationRow), sql(DeploymentRow)
_people, _identities, _accounts = sql(PersonRow), sql(IdentityRow), sql(AccountRow)
_contexts, _memberships = sql(ContextRow), sql(MembershipRow)


def _columns(table: SqlTable, *names: str) -> list[Any]:
    """Columns under names of their own: several tables call theirs the same."""
    return [table.c[name].label(f"{table.name}_{name}") for name in names]


def _with_deployment() -> Select[*tuple[Any, ...]]:
    theirs = and_(
        _deployments.c.registration == _registrations.c.id, _deployments.c.deployment_id == bindparam("at")
    )
    of_deployment = _columns(_deployments, "institution", "approved_at", "disabled_at")
    return select(*of_registration(), *of_deployment).select_from(
        _registrations.outerjoin(_deployments, theirs)
    )


_of_issuer = _registrations.c.issuer == bindparam("by")
_of_client = _registrations.c.client_id == bindparam("named")
OF_ISSUER = Ready(lambda _: _with_deployment().where(_of_issuer).order_by(_registrations.c.client_id))
OF_CLIENT = Ready(lambda _: _with_deployment().where(_of_issuer, _of_client))
LAUNCHED = Ready(lambda _: _with_deployment().where(_registrations.c.id == bindparam("found")))

_OF_PERSON = ("id", "institution", "name", "email", "home", "zone", "admin")
_OF_MEMBERSHIP = ("institution", "role", "standing", "changed_at")
_OF_ACCOUNT = ("person", "proof", "address")
_OF_CONTEXT = ("id", "title", "community", "roster", "read_at")


def _recognised() -> Select[*tuple[Any, ...]]:
    whose: Any = bindparam("whose")
    named = and_(
        _identities.c.institution == whose,
        _identities.c.door == bindparam("by"),
        _identities.c.realm == bindparam("within"),
        _identities.c.subject == bindparam("named"),
        _identities.c.person == _people.c.id,
    )
    wanted = and_(_memberships.c.community == bindparam("wanted"), _memberships.c.person == _people.c.id)
    holding = and_(
        _accounts.c.institution == whose,
        _accounts.c.integration == bindparam("on_platform"),
        _accounts.c.account == bindparam("account"),
    )
    here = and_(
        _contexts.c.institution == whose,
        _contexts.c.realm == bindparam("context_realm"),
        _contexts.c.context == bindparam("context"),
    )
    brought = (
        _identities.join(_people, named)
        .outerjoin(_memberships, wanted)
        .outerjoin(_accounts, holding)
        .outerjoin(_contexts, here)
    )
    return (
        select(
            *_columns(_people, *_OF_PERSON),
            _identities.c.proved_at,
            *_columns(_memberships, *_OF_MEMBERSHIP),
            *_columns(_accounts, *_OF_ACCOUNT),
            *_columns(_contexts, *_OF_CONTEXT),
        )
        .select_from(brought)
        .where(_people.c.institution == whose)
        # Whoever is recognised stays who they are until this ends: nobody merges them away meanwhile.
        .with_for_update(read=True, key_share=True, of=_people)
    )


RECOGNISED = Ready(lambda _: _recognised())


class SqlDoorstep(Repository):
    def asked(
        self, issuer: str, client_id: str | None, deployment_id: str
    ) -> Sequence[tuple[Registration, Deployment | None]]:
        if client_id is None:
            rows = self._run_ready(OF_ISSUER, by=issuer, at=deployment_id)
        else:
            rows = self._run_ready(OF_CLIENT, by=issuer, named=client_id, at=deployment_id)
        return [_registration(row, deployment_id) for row in rows]

    def launched(
        self, registration: str, deployment_id: str
    ) -> tuple[Registration, Deployment | None] | None:
        row = self._transaction.first(LAUNCHED, found=registration, at=deployment_id)
        return None if row is None else _registration(row, deployment_id)

    def recognised(self, came: Came) -> Recognised | None:
        integration, account = came.account or ("", "")
        realm, context = came.context or ("", "")
        rows = self._run_ready(
            RECOGNISED,
            whose=came.institution,
            by=came.door,
            within=came.realm,
            named=came.subject,
            wanted=came.community or "",
            on_platform=integration,
            account=account,
            context_realm=realm,
            context=context,
        )
        if not rows:
            return None
        return _read(came, rows)


def _registration(row: Found, deployment_id: str) -> tuple[Registration, Deployment | None]:
    registration = told_registration(row[:-3])
    institution, approved_at, disabled_at = row[-3:]
    if institution is None:
        return registration, None
    theirs = Deployment(registration.id, deployment_id, InstitutionId(institution), approved_at, disabled_at)
    return registration, theirs


def _read(came: Came, rows: Sequence[Found]) -> Recognised:
    """One row for each pair of account and context; all are of one person."""
    key, institution, name, email, home, zone, admin, proved_at, theirs, role, standing, changed_at = rows[0][
        :12
    ]
    person = Person(PersonId(key), InstitutionId(institution), name, email, home, zone, admin)
    membership = None
    if came.community is not None and theirs is not None:
        membership = Membership(
            came.community, person.id, InstitutionId(theirs), Role(role), Standing(standing), changed_at
        )
    holding: dict[str, Account] = {}
    here: dict[str, ContextLink] = {}
    for row in rows:
        holder, proof, address, link, title, community, roster, read_at = row[12:]
        if came.account is not None and holder is not None and holder not in holding:
            integration, account = came.account
            holding[holder] = Account(
                came.institution, integration, AccountId(account), PersonId(holder), Proof(proof), address
            )
        if came.context is not None and link is not None and link not in here:
            realm, context = came.context
            here[link] = ContextLink(
                link, came.institution, realm, context, title, CommunityId(community), roster, read_at
            )
    return Recognised(
        person,
        proved_at,
        tuple(sorted(holding.values(), key=lambda one: (one.proof is not Proof.PROVED, one.person))),
        tuple(sorted(here.values(), key=lambda one: (one.title, one.id))),
        membership,
    )
