"""What is remembered of rosters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import InstitutionRef, Table


class RosterRow(Table):
    """The last complete reading of a context's roster. Personal data only as keyed fingerprints that name nobody.

    ``pages`` holds a digest (16 bytes) and a count (4) for each page, ``prints`` 8 bytes for each person. Replaced by
    every reading that differs; dropped with its context.
    """

    __tablename__ = "rosters"

    context: Mapped[str] = mapped_column(ForeignKey("contexts.id", ondelete="CASCADE"), primary_key=True)
    institution: Mapped[InstitutionRef]
    meaning: Mapped[str | None]
    pages: Mapped[bytes] = mapped_column(LargeBinary())
    prints: Mapped[bytes] = mapped_column(LargeBinary())
    members: Mapped[int]
    gone: Mapped[int]
    since: Mapped[datetime | None]
    owing: Mapped[bool]
