"""Rosters: who a platform says is in a context."""

from __future__ import annotations

from typing import Protocol

from coplink.core.arrival import RosterSourceAddress
from coplink.core.roster import Roster


class RosterSource(Protocol):
    """Reads a roster completely, or says that it could not."""

    def read(self, address: RosterSourceAddress) -> Roster:
        """All pages of a roster; ``complete=False`` when reading stopped half way. Test accounts are left out."""
        ...
