"""Watches: a platform's promise to call us. What it says is only ever a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coplink.ports.door import InboundRequest, Reply


@dataclass(frozen=True, slots=True)
class Subscription:
    """A promise to call back: its remote id and when it ends (UTC)."""

    remote: str
    ends: datetime


class Watch(Protocol):
    """Subscribes to changes of a space's files and reads the calls that come of it."""

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        """Ask to be called at ``callback``; ``secret`` comes back with every call. Finds an earlier one by callback."""
        ...

    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        """Prolong; raises ``Gone`` when it has ended, so that the caller subscribes anew."""
        ...

    def receive(self, request: InboundRequest, secret: str) -> Reply | bool:
        """A reply to give as it is (a validation echo), or whether the call carries our secret."""
        ...
