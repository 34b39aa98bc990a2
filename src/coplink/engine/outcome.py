"""How a verb ends: settled, or to be gone on with after a while."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from coplink.core.spaces import ConnectionId
from coplink.ports.integration import Connection, Manifest
from coplink.ports.storage import UnitOfWork

Begin = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything asked for has been brought about."""


@dataclass(frozen=True, slots=True)
class Again:
    """Not everything could be decided yet; go on after so many seconds. ``why`` is for the log alone."""

    seconds: float
    why: str = ""


Outcome = Settled | Again


@dataclass(frozen=True, slots=True)
class Reach:
    """An open connection with what its integration declares; ``lag`` is the configured or declared bound."""

    connection: Connection
    manifest: Manifest
    lag: timedelta


Open = Callable[[UnitOfWork, ConnectionId], Reach]
Now = Callable[[], datetime]
