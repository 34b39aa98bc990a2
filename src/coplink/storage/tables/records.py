"""What coplink tells people: reports, notices, the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, Number, Table


class ReportRow(Table):
    """What one run did. Its sentences may name people of the community: personal data.

    Only the newest of a community and kind are kept.
    """

    __tablename__ = "reports"
    __table_args__ = (Index(None, "community", "number"), Index(None, "kind", "target", "at"))

    number: Mapped[Number]
    kind: Mapped[str]
    target: Mapped[str]
    community: Mapped[str]
    at: Mapped[datetime]
    counts: Mapped[dict[str, Any]]
    sentences: Mapped[list[Any]]


class NoticeRow(Table):
    """Something a person should do. May name people: personal data; kept until it is cleared."""

    __tablename__ = "notices"
    __table_args__ = (Index(None, "about", "code"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef | None]
    about: Mapped[str]
    code: Mapped[str]
    message: Mapped[dict[str, Any]]
    who: Mapped[str]
    at: Mapped[datetime]


class HappeningRow(Table):
    """One line of a community's history, append-only. Personal data: who did what; kept as long as the community."""

    __tablename__ = "happenings"
    __table_args__ = (Index(None, "community", "number"),)

    number: Mapped[Number]
    community: Mapped[str] = mapped_column(ForeignKey("communities.id"))
    institution: Mapped[InstitutionRef]
    at: Mapped[datetime]
    actor: Mapped[str]
    message: Mapped[dict[str, Any]]
