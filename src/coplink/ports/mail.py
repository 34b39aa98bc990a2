"""E-mail, where the operator named a server: letters handed over one by one, and who was written to already.

``Line.hand_over`` raises ``IntegrationError`` where it is the line that fails: ``Transient`` when the letter was surely
not taken, ``NeedsAttention`` when a person must change a setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coplink.core.people import CommunityId, InstitutionId, PersonId


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter in plain text. ``key`` names it for good; ``decline`` is the address by which its reader says no."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    decline: str = field(repr=False)
    key: str = ""


class Handed(StrEnum):
    """What became of a letter.

    ``later``: surely not taken, and the server asks for patience. ``refused``: for good. ``unknown``: no answer came,
    and it may have been taken.
    """

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Line(Protocol):
    """An open line to the server."""

    def hand_over(self, letter: Letter) -> Handed: ...


class Mail(Protocol):
    """The operator's mail server."""

    def open(self) -> AbstractContextManager[Line]: ...


class Mails(Protocol):
    """Who is written to about a community: a row per person before anything is sent, so that it happens once at most.

    *Waiting*: to be written to. *Begun*: perhaps sent. *Done*: never again, whatever came of it. Who said no has the
    same row as everybody else.
    """

    def ask(self, community: CommunityId, people: Mapping[PersonId, InstitutionId], now: datetime) -> None:
        """Let these wait; whoever has a row keeps it as it is."""
        ...

    def known(self, community: CommunityId) -> frozenset[PersonId]:
        """Everybody who has a row."""
        ...

    def waiting(self, community: CommunityId, after: str, limit: int) -> Sequence[tuple[PersonId, datetime]]:
        """Those who wait, by id, after this one; and since when."""
        ...

    def begin(self, community: CommunityId, person: PersonId) -> bool:
        """From waiting to begun, atomically; False when somebody else was first."""
        ...

    def done(self, community: CommunityId, person: PersonId) -> None: ...
    def again(self, community: CommunityId, person: PersonId) -> None:
        """The letter was surely not taken: wait once more."""
        ...

    def give_up(self, community: CommunityId) -> None:
        """What was begun and has no end is never begun again."""
        ...

    def drop(self, community: CommunityId, person: PersonId) -> None:
        """They get nothing now, for no reason of theirs; they may be asked for again."""
        ...

    def drop_waiting(self, community: CommunityId, institution: InstitutionId | None = None) -> None:
        """Those who wait (of one institution, or all) are not written to after all; they may be asked for again."""
        ...

    def written(self, community: CommunityId) -> frozenset[PersonId]:
        """Whose row is begun or done."""
        ...
