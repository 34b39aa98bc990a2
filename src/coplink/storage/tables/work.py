"""What is to be brought up to date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, true
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import Key, Table


class WorkRow(Table):
    """One piece of work. No personal data; kept as long as its target.

    ``turned`` orders the queue: the nanosecond at which it last went to the back. ``token`` belongs to the worker who
    began it last, at the generation ``begun``. ``urgent``: a person's act asks for it.
    """

    __tablename__ = "work"
    __table_args__ = (Index(None, "turned"),)

    kind: Mapped[Key]
    target: Mapped[Key]
    partition: Mapped[str]
    generation: Mapped[int]
    settled: Mapped[int]
    begun: Mapped[int] = mapped_column(server_default="0")
    attempt: Mapped[int]
    failures: Mapped[int]
    token: Mapped[str | None]
    not_before: Mapped[datetime | None]
    resting: Mapped[bool]
    reason: Mapped[str | None]
    turned: Mapped[int] = mapped_column(BigInteger())
    urgent: Mapped[bool] = mapped_column(server_default=true())
