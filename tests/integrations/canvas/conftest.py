"""The Canvas connector over its own sandbox on loopback, with the real SDK in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.integration import Call, Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import serve
from coplink_canvas import integration
from coplink_canvas.sandbox import CanvasSandbox, make

MARKER = "coplink:" + "0123456789abcdef" * 2
ANA, BEN, CHLOE, STRANGER, LUIS = (AccountId(i) for i in ("1001", "1002", "1003", "1021", "2001"))


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Canvas:
    """One district's connection, the sandbox behind it, and what was called."""

    sandbox: CanvasSandbox
    calls: list[Call] = field(default_factory=list)
    district: str = "riverbend"
    timeout: float = 5.0

    def connect(self, district: str | None = None, **settings: str) -> Any:
        around = Surroundings(Now(), self.calls.append, timeout=self.timeout)
        return integration.connect({**self.sandbox.settings(district or self.district), **settings}, around)

    def wish(self, **changes: Any) -> SpaceWish:
        values = {
            "name": "Reading circle",
            "about": "We read together.",
            "marker": MARKER,
            "asked": {"course": "101"},
            "home_url": "https://coplink.example/c/1",
        }
        return SpaceWish(**{**values, **changes})

    def provision(self, **changes: Any) -> dict[str, str]:
        """A space made step by step, as the engine does it."""
        spaces, wish = self.connect().spaces, self.wish(**changes)
        parts: dict[str, str] = {}
        for step in spaces.steps(wish):
            parts[step] = spaces.ensure(step, wish, parts, f"key-{step}").remote
        return parts

    def rain(self, match: str, act: str = "answer", **rest: Any) -> None:
        self.sandbox.weather.add(Rule(match, act, **rest))  # type: ignore[arg-type]

    @property
    def writes(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.sandbox.calls if call.write]

    @property
    def reads(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.sandbox.calls if not call.write]

    def forget_calls(self) -> None:
        self.sandbox.calls.clear()
        self.sandbox.complete_reads.clear()


@pytest.fixture
def canvas() -> Iterator[Canvas]:
    store = Store()
    sandbox = make(region(), store)
    served = serve(sandbox)
    yield Canvas(sandbox)
    sandbox.weather.clear()
    served.stop()
    store.close()


def seat(account: str, role: Role = Role.MEMBER) -> Seat:
    return Seat(AccountId(account), role)
