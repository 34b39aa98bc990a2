"""A clock that the test moves, and patience: what the engine does between two goes of making a space in Teams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.integrations.teams.conftest import Rig

from coplink.ports.errors import NotReadyYet, OutcomeUnknown
from coplink.ports.spaces import SpaceWish
from coplink_teams import long_running, missing


@dataclass
class Moving:
    """A clock the test moves; the sandbox and the connector read it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def moved(rig: Rig, mode: str) -> Moving:
    """From now on the sandbox and the connector read a clock of ours, in one of the two modes."""
    moving = Moving(datetime.now(UTC).replace(microsecond=0))
    rig.wire.clock = lambda: moving.at.timestamp()
    rig.around = replace(rig.around, clock=moving)
    rig.wire.mode = mode
    return moving


def forget_this_process() -> None:
    """As after a restart: what was only in memory is lost."""
    for memory in (long_running._asked, long_running._done, long_running._pending, missing._since):
        memory.clear()


def patiently(rig: Rig, wish: SpaceWish, clock: Moving, parts: dict[str, str] | None = None) -> list[str]:
    """Make a space as the engine does, a new connection and no memory for every call; what was waited for."""
    parts = {} if parts is None else parts
    said: list[str] = []
    for step in rig.connect().spaces.steps(replace(wish, parts=dict(parts))):
        while step not in parts:
            try:
                parts[step] = rig.connect().spaces.ensure(step, wish, parts, "key").remote
            except NotReadyYet as error:
                said.append(str(error.message))
                assert len(said) < 100
                clock.pass_by(error.retry_after or 30)
            except OutcomeUnknown:
                clock.pass_by(900)
            forget_this_process()
    return said
