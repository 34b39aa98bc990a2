"""Copied courses, and the notices by which platforms tell of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, PersonRef, Table


class CopyRow(Table):
    """A course copied from one where a community meets. Personal data: who asked to bring it into the community.

    Kept as long as the community, so that nobody is asked twice.
    """

    __tablename__ = "course_copies"
    __table_args__ = (UniqueConstraint("institution", "realm", "context", "community"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    realm: Mapped[str]
    context: Mapped[str]
    title: Mapped[str]
    origin_title: Mapped[str]
    community: Mapped[CommunityRef]
    state: Mapped[str]
    heard_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    asked_by: Mapped[PersonRef | None]
    roster: Mapped[dict[str, Any] | None]


class NoticeServiceRow(Table):
    """Where a deployment takes orders for notices, and ours there. No personal data; kept as long as it is offered."""

    __tablename__ = "notice_services"
    __table_args__ = (UniqueConstraint("institution", "registration", "deployment"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    registration: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    deployment: Mapped[str]
    url: Mapped[str]
    types: Mapped[list[Any]]
    callback: Mapped[str]
    asked_at: Mapped[datetime | None]
    ordered_at: Mapped[datetime | None]


class HeardNoticeRow(Table):
    """That a notice came, so that it counts once. No personal data; dropped once its token is too old to be used."""

    __tablename__ = "notices_heard"

    registration: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    notice: Mapped[Key]
    until: Mapped[datetime] = mapped_column(index=True)
