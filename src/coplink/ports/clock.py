"""Time as the outside tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The present moment, always in UTC and aware."""

    def now(self) -> datetime: ...
