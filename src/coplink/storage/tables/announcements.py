"""What was said to everybody in a community, and how far it is in each place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, PersonRef, Table


class AnnouncementRow(Table):
    """Who said what to everybody, and when. Personal data: who leads says it under their own name.

    Kept as long as the community.
    """

    __tablename__ = "announcements"
    __table_args__ = (Index(None, "community", "at"),)

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    community: Mapped[str] = mapped_column(ForeignKey("communities.id"))
    said_by: Mapped[PersonRef]
    title: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    inviting: Mapped[bool] = mapped_column(server_default=false())


class PostRow(Table):
    """One announcement in one place: whether it appears there, and what is wrong. The institution is the place's.

    No personal data; kept as long as the announcement.
    """

    __tablename__ = "posts"
    __table_args__ = (Index(None, "space", "state"),)

    announcement: Mapped[str] = mapped_column(ForeignKey("announcements.id"), primary_key=True)
    space: Mapped[str] = mapped_column(ForeignKey("spaces.id"), primary_key=True)
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef]
    state: Mapped[str]
    remote: Mapped[str]
    link: Mapped[str]
    trouble: Mapped[dict[str, Any] | None]
    at: Mapped[datetime | None]
