"""Spaces, their seats, and the writes made to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, Number, Sealed, SpaceKey, Table


class SpaceRow(Table):
    """One place of a community on one platform. No personal data; kept as long as the community."""

    __tablename__ = "spaces"

    id: Mapped[Key]
    community: Mapped[CommunityRef]
    institution: Mapped[InstitutionRef]
    connection: Mapped[str] = mapped_column(ForeignKey("connections.id"), index=True)
    integration: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    marker: Mapped[str]
    state: Mapped[str]
    parts: Mapped[dict[str, Any]]
    asked: Mapped[dict[str, Any]]
    trouble: Mapped[dict[str, Any] | None]
    link: Mapped[str | None]
    written_name: Mapped[str] = mapped_column(server_default="")
    archived_at: Mapped[datetime | None]
    parting: Mapped[str | None]
    by_admin: Mapped[bool] = mapped_column(server_default=false())


class LeftoverRow(Table):
    """Something coplink made and left over there. No personal data; kept until the place is taken up again."""

    __tablename__ = "leftovers"

    space: Mapped[SpaceKey]
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    link: Mapped[str]
    how: Mapped[dict[str, Any]]


class UnreachableRow(Table):
    """A member without a seat in a space, and why. Personal data, to help them; replaced at every look."""

    __tablename__ = "unreachable"

    space: Mapped[SpaceKey]
    person: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    reason: Mapped[dict[str, Any]]


class LedgerRow(Table):
    """What coplink did about one account in one space. Personal data: the platform's account id, to know our own work.

    ``prior`` and ``prior_written_at`` are how it stood before the write under way, empty where there was no row. Kept
    while the seat, or that they lead there, is ours or in doubt; of a guest whom somebody took out, as long as the
    place is looked at; of others who are out, until they leave or join anew.
    """

    __tablename__ = "ledger"

    space: Mapped[SpaceKey]
    account: Mapped[Key]
    institution: Mapped[InstitutionRef]
    state: Mapped[str]
    written_at: Mapped[datetime]
    absent_since: Mapped[datetime | None]
    prior: Mapped[str | None]
    prior_written_at: Mapped[datetime | None]


class SeatRow(Table):
    """Who sat in a space at the last reading or was put since. Personal data (account ids), for pages.

    Replaced by every complete reading.
    """

    __tablename__ = "seats"

    space: Mapped[SpaceKey]
    account: Mapped[Key]
    role: Mapped[str]


class JournalRow(Table):
    """Every remote write, before and after. ``what`` may name an account: personal data, to explain each effect.

    Kept as long as the community: its keys make repeated writes one.
    """

    __tablename__ = "journal"
    __table_args__ = (Index(None, "space", "number"),)

    number: Mapped[Number]
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef]
    space: Mapped[str] = mapped_column(ForeignKey("spaces.id"))
    kind: Mapped[str]
    what: Mapped[str]
    key: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    found: Mapped[bool]


class RemovalRow(Table):
    """How many seats an institution's spaces lost, and when. No personal data; kept for 30 days."""

    __tablename__ = "removals"
    __table_args__ = (Index(None, "institution", "at"),)

    number: Mapped[Number]
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    at: Mapped[datetime]
    count: Mapped[int]


class WatchRow(Table):
    """A platform's promise to call us about a space. No personal data; the secret is sealed; kept until it ends."""

    __tablename__ = "watches"

    space: Mapped[SpaceKey]
    remote: Mapped[str]
    ends: Mapped[datetime]
    secret: Mapped[Sealed]
