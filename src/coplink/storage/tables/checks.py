"""The last check-up of each connection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import InstitutionRef, Table


class CheckUpRow(Table):
    """What a check-up of a connection found, line by line. No personal data; replaced by the next one."""

    __tablename__ = "check_ups"

    connection: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    institution: Mapped[InstitutionRef]
    at: Mapped[datetime]
    lines: Mapped[list[Any]]
