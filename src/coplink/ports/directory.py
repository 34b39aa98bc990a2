"""Directory: which account over there might be a person's. A proposal, never a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from coplink.core.people import AccountId


@dataclass(frozen=True, slots=True)
class Found:
    """One account of the connection's own institution: its id and the address meetings are sent to."""

    account: AccountId
    address: str


class Directory(Protocol):
    """Looks accounts up by e-mail address, inside the connection's own institution only."""

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        """Exactly-one matches, keyed by the address asked; no hit and two hits are both left out: never a guess."""
        ...
