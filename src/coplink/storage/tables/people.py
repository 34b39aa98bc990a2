"""People, the doors they are known by, their accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import InstitutionRef, Key, PersonRef, Table


class PersonRow(Table):
    """One human, known to one institution. Personal data: name and address, to show to their community and to invite.

    Kept until the person or the institution asks for erasure.
    """

    __tablename__ = "people"

    id: Mapped[Key]
    institution: Mapped[InstitutionRef]
    name: Mapped[str]
    email: Mapped[str | None]
    home: Mapped[str | None]
    zone: Mapped[str | None]
    admin: Mapped[bool]


class IdentityRow(Table):
    """A person as one door knows them. Personal data: the platform's id, to know them again.

    Kept as long as the person.
    """

    __tablename__ = "identities"

    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    door: Mapped[Key]
    realm: Mapped[Key]
    subject: Mapped[Key]
    person: Mapped[PersonRef]
    proved_at: Mapped[datetime | None]


class LookUpRow(Table):
    """That a platform's directory was asked for a person in vain. Personal data: only that it was asked, and when.

    It is not asked again at every turn, for directories are slow and count calls. Dropped after 7 days, when the next
    is noted; with the person; and on a merge, for the one record may have an address that the other lacked.
    """

    __tablename__ = "look_ups"

    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    integration: Mapped[Key]
    person: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime] = mapped_column(index=True)


class AccountRow(Table):
    """A person's account on a platform. Personal data: the account and its address, to seat and to invite them; since
    when it is proved, and by which identity (door, realm, subject), to know which of several is used.

    Kept as long as the person.
    """

    __tablename__ = "accounts"
    __table_args__ = (Index(None, "institution", "integration", "account"),)

    person: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    integration: Mapped[Key]
    account: Mapped[Key]
    proof: Mapped[str]
    address: Mapped[str | None]
    since: Mapped[datetime | None]
    door: Mapped[str | None]
    realm: Mapped[str | None]
    subject: Mapped[str | None]
