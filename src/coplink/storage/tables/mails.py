"""Who is written to about a community."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import InstitutionRef, Table


class MailRow(Table):
    """That somebody was, or is to be, invited by e-mail to a community. Personal data: to write to nobody twice.

    Who said no has the same row as everybody else. Kept as long as the community; dropped with the person.
    """

    __tablename__ = "mails"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    person: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution: Mapped[InstitutionRef]
    state: Mapped[str]
    asked_at: Mapped[datetime]
