"""LTI registrations, deployments, and our own signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, bindparam, delete, or_, select
from sqlalchemy.exc import IntegrityError

from coplink.core.errors import NotAllowed
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.ports.records import Deployment, KeyPair, Registration, RegistrationState
from coplink.storage.ready import Ready
from coplink.storage.ready import Row as Found
from coplink.storage.repositories.base import SERVER, Repository, sql
from coplink.storage.tables import (
    DeploymentRow,
    HeardNoticeRow,
    IdentityRow,
    KeyPairRow,
    NoticeServiceRow,
    RegistrationRow,
    SessionRow,
)

PRIVATE_KEY = "private key"
DOOR = "lti"


_registrations, _deployments = sql(RegistrationRow), sql(DeploymentRow)
_NAMES = tuple(field.name for field in fields(Registration))
_of_registration = tuple(_registrations.c[name] for name in _NAMES)

REGISTRATION = Ready(lambda _: select(*_of_registration).where(_registrations.c.id == bindparam("found")))
DEPLOYMENT = Ready(
    lambda _: select(
        _deployments.c.institution, _deployments.c.approved_at, _deployments.c.disabled_at
    ).where(
        _deployments.c.registration == bindparam("of"), _deployments.c.deployment_id == bindparam("named")
    )
)


class SqlPlatforms(Repository):
    def put(self, registration: Registration) -> None:
        try:
            self._keep(registration)
        except IntegrityError as error:
            # Two that register the same client at the same instant: the database decides which is the first.
            if "unique" not in str(error.orig).lower():
                raise
            raise NotAllowed(
                say("This platform's client id is already registered, perhaps by another institution."),
                f"{registration.issuer} {registration.client_id!r} belongs to another registration",
            ) from error

    def _keep(self, registration: Registration) -> None:
        self._put(
            RegistrationRow,
            id=registration.id,
            institution=registration.institution,
            issuer=registration.issuer,
            client_id=registration.client_id,
            authorization_url=registration.authorization_url,
            token_url=registration.token_url,
            jwks_url=registration.jwks_url,
            audience=registration.audience,
            claims=dict(registration.claims),
            state=registration.state.value,
            managed_url=registration.managed_url,
        )

    def get(self, key: str) -> Registration | None:
        found = self._transaction.first(REGISTRATION, found=key)
        return None if found is None else told_registration(found)

    def find(self, issuer: str, client_id: str | None) -> Sequence[Registration]:
        query = select(RegistrationRow).where(RegistrationRow.issuer == issuer)
        if client_id is not None:
            query = query.where(RegistrationRow.client_id == client_id)
        return [_registration(row) for row in self._rows(query.order_by(RegistrationRow.client_id))]

    def all(self) -> Sequence[Registration]:
        query = select(RegistrationRow).order_by(RegistrationRow.issuer, RegistrationRow.client_id)
        return [_registration(row) for row in self._rows(query)]

    def put_deployment(self, deployment: Deployment) -> None:
        self._put(
            DeploymentRow,
            registration=deployment.registration,
            deployment_id=deployment.deployment_id,
            institution=deployment.institution,
            approved_at=deployment.approved_at,
            disabled_at=deployment.disabled_at,
        )

    def add_deployment(self, deployment: Deployment) -> None:
        adding = self._insert(DeploymentRow).values(
            registration=deployment.registration,
            deployment_id=deployment.deployment_id,
            institution=deployment.institution,
            approved_at=deployment.approved_at,
            disabled_at=deployment.disabled_at,
        )
        self._run(adding.on_conflict_do_nothing())

    def drop_deployment(self, registration: str, deployment_id: str) -> None:
        named = (DeploymentRow.registration == registration, DeploymentRow.deployment_id == deployment_id)
        self._run(delete(DeploymentRow).where(*named))

    def deployment(self, registration: str, deployment_id: str) -> Deployment | None:
        found = self._transaction.first(DEPLOYMENT, of=registration, named=deployment_id)
        if found is None:
            return None
        institution, approved_at, disabled_at = found
        return Deployment(registration, deployment_id, InstitutionId(institution), approved_at, disabled_at)

    def deployments(self, institution: InstitutionId) -> Sequence[Deployment]:
        query = select(DeploymentRow).where(DeploymentRow.institution == institution)
        query = query.order_by(DeploymentRow.registration, DeploymentRow.deployment_id)
        return [_deployment(row) for row in self._rows(query)]

    def deployments_of(self, registration: str) -> Sequence[Deployment]:
        query = select(DeploymentRow).where(DeploymentRow.registration == registration)
        return [_deployment(row) for row in self._rows(query.order_by(DeploymentRow.deployment_id))]

    def forget(self, registration: str) -> bool:
        deployments = select(DeploymentRow).where(DeploymentRow.registration == registration)
        used = or_(DeploymentRow.approved_at.is_not(None), DeploymentRow.disabled_at.is_not(None))
        traces = (
            deployments.where(used),
            select(IdentityRow).where(IdentityRow.door == DOOR, IdentityRow.realm == registration),
            select(NoticeServiceRow).where(NoticeServiceRow.registration == registration),
            select(HeardNoticeRow).where(HeardNoticeRow.registration == registration),
        )
        if any(self._session.scalars(one.limit(1)).first() is not None for one in traces):
            return False
        self._run(delete(DeploymentRow).where(DeploymentRow.registration == registration))
        return bool(self._run(delete(RegistrationRow).where(RegistrationRow.id == registration)))

    def end_visits(self, registration: str, institution: InstitutionId | None, spared: str) -> int:
        # What a session carries is sealed; whom the platform knows is not, and is found by the key of identities.
        houses = {one.institution for one in self.deployments_of(registration)}
        if institution is not None:
            houses = {institution}
        came = select(IdentityRow.person).where(
            IdentityRow.institution.in_(houses), IdentityRow.door == DOOR, IdentityRow.realm == registration
        )
        return self._run(delete(SessionRow).where(SessionRow.person.in_(came), SessionRow.id_hash != spared))

    def keys(self) -> Sequence[KeyPair]:
        query = select(KeyPairRow).order_by(KeyPairRow.made_at.desc(), KeyPairRow.kid)
        return [
            KeyPair(
                row.kid,
                self._sealer.open(SERVER, PRIVATE_KEY, row.private_pem),
                row.made_at,
                row.retired_at,
                row.signs_from,
            )
            for row in self._rows(query)
        ]

    def put_key(self, key: KeyPair) -> None:
        self._put(
            KeyPairRow,
            kid=key.kid,
            private_pem=self._sealer.seal(SERVER, PRIVATE_KEY, key.private_pem),
            made_at=key.made_at,
            retired_at=key.retired_at,
            signs_from=key.signs_from,
        )

    def drop_key(self, kid: str) -> None:
        self._run(delete(KeyPairRow).where(KeyPairRow.kid == kid))


def of_registration() -> tuple[Column[Any], ...]:
    """What is read of a registration."""
    return _of_registration


def _registration(row: RegistrationRow) -> Registration:
    return told_registration(tuple(getattr(row, column.key) for column in _of_registration))


def told_registration(found: Found) -> Registration:
    """The registration of a row of ``of_registration``."""
    values = dict(zip(_NAMES, found, strict=True))
    return Registration(**{**values, "state": RegistrationState(values["state"])})


def _deployment(row: DeploymentRow) -> Deployment:
    return Deployment(
        row.registration,
        row.deployment_id,
        InstitutionId(row.institution),
        row.approved_at,
        row.disabled_at,
    )
