"""Work: something to bring up to date, and how often it was asked for.

Work is level-triggered. A row says *this is asked for, the n-th time*; a job is only ever a hint that it may be due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What is to be brought up to date."""

    READ_ROSTER = "read_roster"
    PROVISION = "provision"
    RECONCILE = "reconcile"
    COLLECT = "collect"
    PLACE_MEETINGS = "place_meetings"
    RENEW_WATCH = "renew_watch"
    ORDER_NOTICES = "order_notices"
    PREFLIGHT = "preflight"
    ANNOUNCE = "announce"
    UPKEEP = "upkeep"
    DISCONNECT = "disconnect"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Dirty:
    """Work that is due: asked for up to ``generation``, tried ``attempt`` times; ``partition`` is its community.

    ``urgent``: it follows from what a person did; else coplink does it by itself and lets people's work go first.
    """

    kind: Kind
    target: str
    partition: str
    generation: int
    attempt: int
    urgent: bool = True

    @property
    def job_id(self) -> str:
        """The name of the job for exactly this go: enqueueing it twice is one job."""
        return f"{self.kind}:{self.target}:{self.generation}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One worker's go at a piece of work: the generation to bring about, and a token that only it holds.

    ``attempt`` counts the goes of this generation that failed; waiting for a platform's lag is no failure. ``urgent``:
    it follows from what a person did.
    """

    kind: Kind
    target: str
    partition: str
    generation: int
    attempt: int
    token: str
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class WorkState:
    """How one piece of work stands, for pages: settled or not, why it rests, when it goes on (UTC).

    ``begun`` is the generation at which somebody began it last; ``resting``: it failed, and waits to be asked again.
    """

    kind: Kind
    target: str
    partition: str
    generation: int
    settled: int
    attempt: int
    not_before: datetime | None
    reason: str | None
    begun: int = 0
    resting: bool = False

    @property
    def awaited(self) -> bool:
        """Whether a go is still to begin that was asked for, so that what happened until now will be seen by it."""
        return self.generation > max(self.begun, self.settled)

    @property
    def done(self) -> bool:
        """Whether everything asked for has been brought about."""
        return self.settled >= self.generation
