"""In which order test files come, and which of them share what is dear to start.

A running demo costs seconds to start and processor time as long as it runs, whether or not a test asks it anything.
Hence the files that share one come first, one after another and in one test process; their conftest stops it when the
last of them has ended. What takes long comes next: at the end of a run no process waits for another's long file.
Everything else stays in the order of chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# The beginnings of paths; who shares a demo, by the name of what they share.
SHARED = {
    "tests/browser/": "tests/browser",
    "tests/journeys/test_trouble": "tests/journeys",
    "tests/journeys/test_announcing": "tests/journeys",
}
EARLY = (
    *SHARED,
    "tests/simulation/",
    "tests/docs/test_recipes",
    "tests/journeys/",
    "tests/cli/",
    "tests/jobs/",
    "tests/isolation/",
    "tests/hostile/",
    "tests/conformance/",
)


def unit(path: str) -> str:
    """What runs in one process with this file: the file alone, or all that share a demo with it."""
    return next((name for beginning, name in SHARED.items() if path.startswith(beginning)), path)


def turn(path: str) -> int:
    """When the file's turn is: the lower, the earlier."""
    return next((at for at, beginning in enumerate(EARLY) if path.startswith(beginning)), len(EARLY))


def file_of(test: str) -> str:
    """The file of a test's name."""
    return test.partition("::")[0]


def is_last_of_unit(test: str, following: str | None) -> bool:
    """Whether nothing of what runs with this test comes after it."""
    return following is None or unit(file_of(following)) != unit(file_of(test))


def by_units(schedule: type[Any]) -> Callable[..., Any]:
    """The way pytest-xdist hands out files, handing out units instead."""

    class Units(schedule):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return unit(file_of(nodeid))

    return Units
