"""What was kept about one person while seats were given and taken, for the page that explains it to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coplink.core.people import AccountId, CommunityId, PersonId
from coplink.core.spaces import SpaceId
from coplink.ports.records import Happening
from coplink.ports.seats import Done


@dataclass(frozen=True, slots=True)
class SeatTrace:
    """What coplink did about one account in one space, last at ``written_at`` (UTC).

    ``removed``: it took the seat away; ``doubtful``: no answer came; ``missing_since``: the first complete reading in a
    row that lacked a seat of ours; ``unseen``: the platform said yes to it, and no reading has shown it yet.
    """

    written_at: datetime
    removed: bool = False
    doubtful: bool = False
    taken_out: bool = False
    missing_since: datetime | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """One write that named an account, as it was kept before and after the call; ``outcome`` None: no end is known."""

    removing: bool
    begun: datetime
    outcome: Done | None


class Traces(Protocol):
    """Reads only."""

    def seat(self, space: SpaceId, account: AccountId) -> SeatTrace | None: ...
    def deeds(self, space: SpaceId, account: AccountId, limit: int = 3) -> Sequence[Deed]:
        """The newest first; of a large lot only those accounts that its line names."""
        ...

    def acts(self, community: CommunityId, person: PersonId, limit: int = 12) -> Sequence[Happening]:
        """What this person did in a community, newest first."""
        ...
