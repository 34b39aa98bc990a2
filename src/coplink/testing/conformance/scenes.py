"""What the suites have in common: a space that is ready, a school year of meetings, a run that is repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import TypeVar

import pytest

from coplink.core.rhythm import Break, Rhythm, Series, Weekly, check, expand
from coplink.ports.errors import NotReadyYet, Transient
from coplink.ports.integration import Capability
from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance.rig import Rig

Port = TypeVar("Port")

# Two clock changes of the United States lie within, and a school break
YEAR = Rhythm(
    zone="America/Denver",
    start=time(16, 0),
    minutes=60,
    first=date(2030, 9, 4),
    last=date(2031, 5, 28),
    pattern=Weekly(2, (2,)),
    breaks=(Break(date(2030, 12, 20), date(2031, 1, 5), "Winter break"),),
)
BREAK_DAY, FIRST_DAY, LATER_DAY = date(2030, 12, 25), date(2030, 9, 4), date(2030, 10, 16)


def offered(port: Port | None, capability: Capability, rig: Rig) -> Port:
    """The port; skips a suite of what is not declared, fails where it is declared and missing."""
    if capability not in rig.integration.manifest.capabilities:
        pytest.skip(f"{rig.integration.manifest.title} declares no {capability}")
    assert port is not None, f"{capability} is declared, and the connection offers None"
    return port


def a_space(rig: Rig, wish: SpaceWish | None = None) -> dict[str, str]:
    """The parts of a space that is ready, made step by step as the engine does it."""
    wish = wish or rig.wish()
    spaces = rig.connection.spaces
    assert spaces is not None, "a space is needed to try this"
    parts: dict[str, str] = {}
    for step in spaces.steps(wish):
        parts[step] = spaces.ensure(step, wish, dict(parts), f"{wish.marker}/{step}").remote
    return parts


def remake(rig: Rig, wish: SpaceWish, parts: Mapping[str, str]) -> dict[str, str]:
    """Every step once more, as when our row of it was lost."""
    spaces = rig.connection.spaces
    assert spaces is not None
    found: dict[str, str] = {}
    for step in spaces.steps(wish):
        found[step] = spaces.ensure(step, wish, dict(found), f"another key/{step}").remote
    return found


def a_series(**changes: object) -> Series:
    """Every second Wednesday at four, for a school year; ``changes`` are the rhythm's."""
    rhythm = check(replace(YEAR, **changes))  # type: ignore[arg-type]  # fields of Rhythm, by name
    link = "https://coplink.example/c/1"
    return Series(rhythm, "Reading circle", expand(rhythm), "Bring a text.", "Library", link)


def held(series: Series) -> list[datetime]:
    """When the meetings take place that take place, in UTC, in order."""
    return sorted(meeting.starts for meeting in series.held)


def sooner_or_later(rig: Rig, attempt: Callable[[], Port], goes: int = 4) -> Port:
    """What the engine does about trouble that passes: again, after the platform has caught up."""
    for _ in range(goes - 1):
        try:
            return attempt()
        except (NotReadyYet, Transient):
            rig.catch_up()
    return attempt()
