"""LTI registrations, deployments, and our own signing keys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from coplink.core.people import InstitutionId
from coplink.ports.records import Deployment, KeyPair, Registration, RegistrationState
from coplink.storage.repositories.base import SERVER, Repository
from coplink.storage.tables import DeploymentRow, KeyPairRow, RegistrationRow

PRIVATE_KEY = "private key"


class SqlPlatforms(Repository):
    def put(self, registration: Registration) -> None:
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
        row = self._one(select(RegistrationRow).where(RegistrationRow.id == key))
        return None if row is None else _registration(row)

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

    def deployment(self, registration: str, deployment_id: str) -> Deployment | None:
        row = self._one(
            select(DeploymentRow).where(
                DeploymentRow.registration == registration, DeploymentRow.deployment_id == deployment_id
            )
        )
        return None if row is None else _deployment(row)

    def deployments(self, institution: InstitutionId) -> Sequence[Deployment]:
        query = select(DeploymentRow).where(DeploymentRow.institution == institution)
        query = query.order_by(DeploymentRow.registration, DeploymentRow.deployment_id)
        return [_deployment(row) for row in self._rows(query)]

    def deployments_of(self, registration: str) -> Sequence[Deployment]:
        query = select(DeploymentRow).where(DeploymentRow.registration == registration)
        return [_deployment(row) for row in self._rows(query.order_by(DeploymentRow.deployment_id))]

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


def _registration(row: RegistrationRow) -> Registration:
    return Registration(
        id=row.id,
        institution=InstitutionId(row.institution),
        issuer=row.issuer,
        client_id=row.client_id,
        authorization_url=row.authorization_url,
        token_url=row.token_url,
        jwks_url=row.jwks_url,
        audience=row.audience,
        claims=row.claims,
        state=RegistrationState(row.state),
        managed_url=row.managed_url,
    )


def _deployment(row: DeploymentRow) -> Deployment:
    return Deployment(
        row.registration,
        row.deployment_id,
        InstitutionId(row.institution),
        row.approved_at,
        row.disabled_at,
    )
