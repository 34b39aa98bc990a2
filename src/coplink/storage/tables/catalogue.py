"""The catalogue: what a community made, and how far each library was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, Key, PersonRef, SpaceKey, SpaceRef, Table


class ArtifactRow(Table):
    """One entry of the catalogue. Personal data: who made it, as its provenance; kept as long as the community.

    A file that is gone over there is withdrawn, not dropped. The file itself is never stored.
    """

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("space", "remote"), Index(None, "community", "changed_at"))

    id: Mapped[Key]
    community: Mapped[str] = mapped_column(ForeignKey("communities.id"))
    space: Mapped[SpaceRef]
    remote: Mapped[str]
    title: Mapped[str]
    link: Mapped[str]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[str]
    author: Mapped[PersonRef | None]
    author_name: Mapped[str | None]
    media_type: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class VersionRow(Table):
    """One state an artifact was seen in. No personal data; kept as long as the artifact."""

    __tablename__ = "versions"

    artifact: Mapped[str] = mapped_column(ForeignKey("artifacts.id"), primary_key=True)
    version: Mapped[Key]
    title: Mapped[str]
    changed_at: Mapped[datetime]


class CuratedListRow(Table):
    """A short list of artifacts under one title. Personal data: who made it; kept as long as the community."""

    __tablename__ = "curated_lists"

    id: Mapped[Key]
    community: Mapped[CommunityRef]
    title: Mapped[str]
    why: Mapped[str]
    entries: Mapped[list[Any]]
    made_by: Mapped[PersonRef]
    made_at: Mapped[datetime]


class CursorRow(Table):
    """Where reading a library stopped. No personal data; replaced at every reading."""

    __tablename__ = "cursors"

    space: Mapped[SpaceKey]
    cursor: Mapped[str]
