"""One demo and one Chromium for all browser tests; without Chromium they are skipped, or fail where it is required."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from tests.journeys.tapes import Tapes

from coplink.cli.demo.processes import Demo
from coplink.sandbox import tape
from coplink.testing.kept import Kept
from coplink.testing.order import is_last_of_unit

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


_running: Kept[Demo] = Kept()
_settled: Kept[Settled] = Kept()


@contextmanager
def _started(factory: pytest.TempPathFactory) -> Iterator[Demo]:
    tapes = Tapes(factory.mktemp("tapes"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(tape.VARIABLE, str(tapes.folder))
        running = Demo(factory.mktemp("demo"), fixed_ports=False).__enter__()
    try:
        yield running
    finally:
        running.stop()
    assert tapes.wrong() == []


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as a visitor starts it: coplink and the region, each in a process of its own; what it asks is lawful.

    One for all files of this folder.
    """
    return _running.get(lambda: _started(tmp_path_factory))


@pytest.fixture(scope="module")
def settled(demo: Demo) -> Settled:
    """A community that has people, places, meetings and a file."""
    return _settled.get(lambda: nullcontext(settle(demo)))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The demo ends with the last test that may ask it."""
    if is_last_of_unit(item.nodeid, nextitem and nextitem.nodeid):
        _settled.end()
        _running.end()


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
