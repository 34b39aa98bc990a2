"""Rhythms, and where their series stand on calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import Key, SpaceKey, Table


class RhythmRow(Table):
    """Every version of a community's rhythm. No personal data; kept as long as the community."""

    __tablename__ = "rhythms"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rhythm: Mapped[dict[str, Any]]


class SeriesLinkRow(Table):
    """What is remembered of a series on one calendar. No personal data; kept as long as the space."""

    __tablename__ = "series_links"

    space: Mapped[SpaceKey]
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    remote: Mapped[dict[str, Any]]
    seen: Mapped[dict[str, Any]]
    digest: Mapped[str]
    found: Mapped[int]


class OfferRow(Table):
    """A move or cancellation seen on a calendar, offered to the facilitator. No personal data; kept until answered."""

    __tablename__ = "offers"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    space: Mapped[SpaceKey]
    original: Mapped[Key]
    start: Mapped[datetime | None]
