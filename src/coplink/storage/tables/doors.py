"""What happens at the door: logins under way, sessions, secret links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coplink.storage.tables.base import CommunityRef, InstitutionRef, Key, PersonRef, Sealed, Table, Wrapped


class LoginRow(Table):
    """A login under way. Dropped soon after it expires (minutes).

    No personal data, because nobody is known yet, but in what is held: a launch that waits for the platform's storage
    has what its token says (a name, perhaps an address), and an answer on its way to a course whom a collaboration is
    for, both sealed. Those rows are dropped as they are taken; what nobody takes expires after a minute and goes at the
    worker's next round. The state is kept as a hash; nonce and
    values (a PKCE verifier, for instance) are sealed.
    """

    __tablename__ = "logins"

    state_hash: Mapped[Key]
    door: Mapped[str]
    about: Mapped[str]
    browser: Mapped[str]
    kept: Mapped[Wrapped]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SessionRow(Table):
    """A visitor's session. Personal data: that a person visits, and when; needed to know who asks.

    Dropped soon after it expires (hours). The browser's secret is kept as a hash; form secret and values are sealed, in
    one piece.
    """

    __tablename__ = "sessions"

    id_hash: Mapped[Key]
    person: Mapped[PersonRef | None]
    institution: Mapped[InstitutionRef | None]
    kept: Mapped[Wrapped]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LinkRow(Table):
    """A secret address. Personal data: whose it is. Kept, closed, as long as its community, so that it stays closed.

    Found by the hash of its token; the token is sealed, so that its owner can see it again.
    """

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("kind", "token_hash"),)

    id: Mapped[Key]
    kind: Mapped[str]
    token_hash: Mapped[str]
    token: Mapped[Sealed]
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef | None]
    person: Mapped[PersonRef | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class PresenterRow(Table):
    """Whom a link to one meeting is for. Personal data: a name (sealed), so that those who asked know whom they asked.

    Kept, closed, as its link is.
    """

    __tablename__ = "presenters"

    link: Mapped[str] = mapped_column(ForeignKey("links.id"), primary_key=True)
    institution: Mapped[InstitutionRef]
    community: Mapped[CommunityRef]
    meeting: Mapped[str]
    name: Mapped[Sealed]
