"""Watches: a platform's promise to call us. What it says is only ever a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subscription:
    """A promise to call back: its remote id and when it ends (UTC)."""

    remote: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call hints at: files to read, or a subscription to see to."""

    files: bool = True
    renew: bool = False


class Watch(Protocol):
    """Subscribes to changes of a space's files; ``Integration.receive`` reads the calls that come of it."""

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        """Ask to be called at ``callback``; ``secret`` comes back with every call. Finds an earlier one by callback."""
        ...

    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        """Prolong; raises ``Gone`` when it has ended, so that the caller subscribes anew."""
        ...

    def stop(self, subscription: Subscription) -> None:
        """Take the promise back; one that is gone is no error."""
        ...
