"""Seats: who sits in a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said


class Done(StrEnum):
    """How one write ended: it changed something, it was already so, or nobody knows."""

    CHANGED = "changed"
    ALREADY_SO = "already so"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The outcome per account, and a sentence for each that was refused."""

    outcomes: Mapping[AccountId, Done]
    reasons: Mapping[AccountId, Said] = field(default_factory=dict)


class Seats(Protocol):
    """Reads and changes seats. ``parts`` are the remote ids of the space's steps.

    Both writes are idempotent: what is already so is no error, and one account that cannot be seated does not spoil the
    others. A whole-call failure is raised; one whose answer never came is reported per account as ``UNKNOWN``.
    Accounts that are the connection's own (a service account that must own the place) are never reported or removed.
    """

    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody who sits there; ``complete=False`` if reading stopped half way. ``gone`` stays empty here."""
        ...

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account, past any listing; None when it has no seat."""
        ...

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """Seat these, or change the role of those already there; at most ``limits.batch`` at a time.

        Whom no listing had shown (``Seat.before`` is None), and who leads there all the same, is left so: that is
        already so, whatever role was asked for.
        """
        ...

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """Take these seats away; at most ``limits.batch`` at a time."""
        ...
