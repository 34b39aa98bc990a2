"""People of elsewhere whom a platform of an institution lets in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import Key, Sealed, Table


class DisclosureRow(Table):
    """Somebody's answer: whether platforms of an institution get their address for one community. Personal data.

    ``address`` is the one they were shown when they said yes; empty where none was. Kept as long as they belong to the
    community, so that nobody's address is given out whom nobody asked.
    """

    __tablename__ = "disclosures"

    community: Mapped[str] = mapped_column(ForeignKey("communities.id"), primary_key=True)
    person: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    agreed: Mapped[bool]
    answered_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(server_default="")


class GuestRow(Table):
    """One person at a platform of an institution that is not theirs. Personal data: the address handed to it, so that
    they come in, the account they got, and the page they open once (sealed).

    The institution is the platform's. Kept as long as the person, and dropped when that institution disconnects it.
    """

    __tablename__ = "guests"

    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    integration: Mapped[Key]
    person: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    address: Mapped[str]
    account: Mapped[str | None]
    enter: Mapped[Sealed]
    refused: Mapped[dict[str, Any] | None]
    asked_at: Mapped[datetime]
    since: Mapped[datetime | None]
