"""One demo and one Chromium for all browser tests; without Chromium they are skipped, or fail where it is required."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.journeys.tapes import Tapes

from coplink.cli.demo.processes import Demo
from coplink.sandbox import tape

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests

from playwright.sync_api import Browser, BrowserContext, Page, expect
from settled import Settled, settle
from visitors import fresh

expect.set_options(timeout=20_000)  # a machine that does other things as well


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for one in items:
        if Path(__file__).parent in one.path.parents:
            one.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as a visitor starts it: coplink and the region, each in a process of its own; what it asks is lawful."""
    tapes = Tapes(tmp_path_factory.mktemp("tapes"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(tape.VARIABLE, str(tapes.folder))
        running = Demo(tmp_path_factory.mktemp("demo"), fixed_ports=False).__enter__()
    try:
        yield running
    finally:
        running.stop()
    assert tapes.wrong() == []


@pytest.fixture(scope="session")
def settled(demo: Demo) -> Settled:
    """A community that has people, places, meetings and a file."""
    return settle(demo)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A page in a browser nobody has used before; closed after the test."""
    contexts: list[BrowserContext] = []

    def new(**how: object) -> Page:
        contexts.append(fresh(browser, **how))
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()
