"""Institutions, their connections to platforms, and the LTI platforms that may knock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import InstitutionRef, Key, Sealed, Table


class InstitutionRow(Table):
    """A school or district. No personal data; kept as long as the institution takes part."""

    __tablename__ = "institutions"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    listed: Mapped[bool]


class ConnectionRow(Table):
    """One institution's way to one platform. No personal data, but credentials: ``settings`` are sealed.

    Kept until the institution disconnects; then the settings are empty and ``ended_at`` says since when.
    """

    __tablename__ = "connections"
    __table_args__ = (UniqueConstraint("institution", "integration"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    integration: Mapped[str]
    settings: Mapped[Sealed]
    realm: Mapped[str]
    made_at: Mapped[datetime]
    trouble: Mapped[dict[str, Any] | None]
    ended_at: Mapped[datetime | None]


class RegistrationRow(Table):
    """coplink as registered on one LTI platform. No personal data; kept until it is taken back."""

    __tablename__ = "registrations"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    issuer: Mapped[str]
    client_id: Mapped[str]
    authorization_url: Mapped[str]
    token_url: Mapped[str]
    jwks_url: Mapped[str]
    audience: Mapped[str]
    claims: Mapped[dict[str, Any]]
    state: Mapped[str]
    managed_url: Mapped[str]


class DeploymentRow(Table):
    """One deployment of a registration. No personal data; kept as long as its registration."""

    __tablename__ = "deployments"

    registration: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    deployment_id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    approved_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class KeyPairRow(Table):
    """Our signing keys, the private part sealed. No personal data; dropped some time after they are retired."""

    __tablename__ = "key_pairs"

    kid: Mapped[Key]
    private_pem: Mapped[Sealed]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    signs_from: Mapped[datetime | None]
