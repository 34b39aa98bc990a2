"""The Canvas connector over its own sandbox on loopback, with the real SDK in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.rhythm import Break, Rhythm, Series, Weekly, expand
from coplink.core.spaces import Seat
from coplink.ports.integration import Call, Surroundings
from coplink.ports.pace import UNPACED, Pace
from coplink.ports.spaces import SpaceWish
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.weather import Rule
from coplink.sandbox.wire import Served
from coplink_canvas import integration
from coplink_canvas.operations import BY_CALL
from coplink_canvas.sandbox import CanvasSandbox, make


class Wall:
    """A clock that shows what it is told, else the present."""

    def __init__(self) -> None:
        self.shows: datetime | None = None

    def now(self) -> datetime:
        return self.shows or datetime.now(UTC)


@dataclass
class Canvas:
    """One district's connection, the sandbox behind it, and what was called."""

    sandbox: CanvasSandbox
    calls: list[Call] = field(default_factory=list)
    wall: Wall = field(default_factory=Wall)
    timeout: float = 5.0
    pace: Pace = UNPACED
    marker: str = "coplink:" + "0123456789abcdef" * 2
    ana, ben, chloe = AccountId("1001"), AccountId("1002"), AccountId("1003")
    stranger, luis = AccountId("1021"), AccountId("2001")

    def connect(self, district: str = "riverbend", **settings: str) -> Any:
        around = Surroundings(self.wall, self.calls.append, timeout=self.timeout, pace=self.pace)
        return integration.connect({**self.sandbox.settings(district), **settings}, around)

    def keyed(self, district: str = "riverbend", scopes: list[str] | None = None, **settings: str) -> Any:
        """The same by a scoped developer key to which the service account has consented."""
        refresh = self.sandbox.consent(district, scopes)
        given = {**self.sandbox.key_settings(district), "refresh_token": refresh, **settings}
        around = Surroundings(self.wall, self.calls.append, timeout=self.timeout, pace=self.pace)
        return integration.connect(given, around)

    def wish(self, **changes: Any) -> SpaceWish:
        values = {
            "name": "Reading circle",
            "about": "We read together.",
            "marker": self.marker,
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

    def series(self, **changes: Any) -> Series:
        """Every second Wednesday at four, from autumn into winter, with a break."""
        values: dict[str, Any] = {
            "zone": "America/Los_Angeles",
            "start": time(16, 0),
            "minutes": 60,
            "first": date(2026, 9, 2),
            "last": date(2026, 12, 16),
            "pattern": Weekly(2, (2,)),
            "breaks": (Break(date(2026, 10, 12), date(2026, 10, 16), "Autumn break"),),
        }
        rhythm = Rhythm(**{**values, **changes})
        return Series(
            rhythm,
            "Reading circle",
            expand(rhythm),
            "We read.\n\nBring a book.",
            "Room 7",
            "https://c.example/c/1",
        )

    def enrol(self, accounts: Iterable[str], course: str = "101") -> None:
        """Put accounts into a course, whoever they are."""
        with self.sandbox.store.change():
            for account in accounts:
                self.sandbox.enrol(course, account)

    def rain(self, match: str, act: str = "answer", **rest: Any) -> None:
        self.sandbox.weather.add(Rule(match, act, **rest))  # type: ignore[arg-type]

    @staticmethod
    def seat(account: str, role: Role = Role.MEMBER) -> Seat:
        return Seat(AccountId(account), role)

    @property
    def writes(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.sandbox.calls if call.write]

    @property
    def reads(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.sandbox.calls if not call.write]

    def forget_calls(self) -> None:
        self.sandbox.calls.clear()
        self.sandbox.complete_reads.clear()

    def state(self, kind: str) -> list[dict[str, Any]]:
        return list(self.sandbox.state()[kind])

    def starts(self) -> list[str]:
        """The starts on all calendars."""
        return sorted(event["start"] for event in self.state("events"))

    @staticmethod
    def stamps(series: Series) -> list[str]:
        """The starts that a calendar should show."""
        return sorted(meeting.starts.strftime("%Y-%m-%dT%H:%M:%SZ") for meeting in series.held)

    def move(self, event: str, by: timedelta) -> None:
        """A person moves an event over there."""
        kept = self.sandbox.store.get("canvas.events", event)
        assert kept is not None
        moved = {
            n: (datetime.fromisoformat(kept[n]) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
            for n in ("start_at", "end_at")
        }
        self.sandbox.write_event(kept, **moved)

    def edit(self, event: str, **fields: str) -> None:
        """A person edits an event over there."""
        kept = self.sandbox.store.get("canvas.events", event)
        assert kept is not None
        self.sandbox.write_event(kept, **fields)


class Front:
    """A WSGI application whose inside is another one for every test: stopping a server takes half a second."""

    inside: CanvasSandbox

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.inside(environ, start_response)


@pytest.fixture(scope="session")
def _front() -> Iterator[tuple[Front, str]]:
    front = Front()
    served = Served(front)
    yield front, served.url
    served.stop()


@pytest.fixture
def canvas(_front: tuple[Front, str]) -> Iterator[Canvas]:
    store = Store()
    sandbox = make(region(), store)
    front, sandbox.base_url = _front
    front.inside = sandbox
    rig = Canvas(sandbox)
    yield rig
    sandbox.weather.clear()
    store.close()
    beside = {call.operation for call in rig.calls} - BY_CALL.keys() - {"POST /login/oauth2/token"}
    assert beside == set(), "a call that the table of operations does not name"


@pytest.fixture
def faultless(canvas: Canvas) -> Iterator[Canvas]:
    """The same; in the end nothing that the connector asked for may have been refused."""
    yield canvas
    assert canvas.sandbox.refusals == []
    assert canvas.sandbox.replacements == 0


@pytest.fixture
def parts(canvas: Canvas) -> dict[str, str]:
    """A space that is ready."""
    made = canvas.provision()
    canvas.forget_calls()
    return made


@pytest.fixture
def calendar(canvas: Canvas, parts: dict[str, str]) -> Any:
    """The calendar of a space that is ready."""
    return canvas.connect().calendar
