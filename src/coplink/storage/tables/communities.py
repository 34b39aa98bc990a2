"""Communities: their charters, where they come from, who takes part."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, PersonRef, Table


class CommunityRow(Table):
    """A community and its present charter's version. No personal data; kept as long as the community."""

    __tablename__ = "communities"

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    name: Mapped[str]
    charter: Mapped[int]
    stage: Mapped[str]
    founded_at: Mapped[datetime]


class CharterRow(Table):
    """Every charter a community ever had. No personal data is asked for; kept as long as the community."""

    __tablename__ = "charters"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    about: Mapped[str]
    audience: Mapped[str]
    hopes: Mapped[str]
    norms: Mapped[str] = mapped_column(server_default="")


class ContextRow(Table):
    """A course, group or channel that belongs to a community. No personal data; kept as long as the community."""

    __tablename__ = "contexts"
    __table_args__ = (
        UniqueConstraint("community", "institution", "realm", "context"),
        Index(None, "institution", "realm", "context"),
    )

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    realm: Mapped[str]
    context: Mapped[str]
    title: Mapped[str]
    community: Mapped[CommunityRef]
    roster: Mapped[dict[str, Any] | None]
    read_at: Mapped[datetime | None]


class ParticipationRow(Table):
    """An institution's part in a community. Personal data: which admin took it out or said no, and why.

    Kept until it takes part again, else as long as the community.
    """

    __tablename__ = "participations"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True, index=True)
    agreed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")


class ContactRow(Table):
    """Whom to turn to in an institution about a community. Personal data: that somebody took this on, and when.

    Dropped when they give it back, pause or leave, or their institution withdraws.
    """

    __tablename__ = "contacts"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True, index=True)
    person: Mapped[PersonRef]
    since: Mapped[datetime]


class HandoverRow(Table):
    """Who is asked to facilitate a community, by whom, until they answer. Personal data: that they were asked.

    Dropped with their answer, whichever it is, when it is taken back, and when they pause, leave or only listen in.
    """

    __tablename__ = "handovers"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    person: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution: Mapped[InstitutionRef]
    role: Mapped[str]
    asked_by: Mapped[PersonRef]
    asked_at: Mapped[datetime]


class MembershipRow(Table):
    """Who belongs to a community, by their own word. Personal data; it is what coplink is for.

    Kept as long as the community or until erasure; someone who left stays known as such, so as not to be seated again.
    """

    __tablename__ = "memberships"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    institution: Mapped[InstitutionRef]
    role: Mapped[str]
    standing: Mapped[str]
    changed_at: Mapped[datetime]
    by_institution: Mapped[bool] = mapped_column(server_default=false())


class OptOutRow(Table):
    """Someone's wish not to be invited, or who has a letter, or which address, as a keyed hash that names nobody.

    Kept for good: it outlives erasure.
    """

    __tablename__ = "opt_outs"

    hash: Mapped[Key]
