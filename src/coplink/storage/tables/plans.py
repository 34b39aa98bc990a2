"""Plans that wait for a person, and what is known of the ledger of each space."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from coplink.storage.tables.base import CommunityRef, InstitutionRef, SpaceKey, Table


class PlanRow(Table):
    """What would be done to a space and was too dangerous to do unasked; who said yes to it. Personal data.

    ``lines`` name people and accounts, to show who would lose a seat and why. Kept until it is carried out, or not
    needed any more.
    """

    __tablename__ = "plans"

    space: Mapped[SpaceKey]
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef]
    digest: Mapped[str]
    hazards: Mapped[list[Any]]
    lines: Mapped[list[Any]]
    made_at: Mapped[datetime]
    changed: Mapped[bool]
    approved: Mapped[str | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]


class LedgerLookRow(Table):
    """Whether the ledger of a space held lines, and since when it is in doubt. No personal data; kept as the space.

    ``held`` tells a ledger that was lost from one that never had a line. While ``adopting``, nothing is taken from
    anybody; ``first_look`` is the first complete reading since.
    """

    __tablename__ = "ledger_looks"

    space: Mapped[SpaceKey]
    institution: Mapped[InstitutionRef]
    held: Mapped[bool]
    adopting: Mapped[bool]
    first_look: Mapped[datetime | None]
