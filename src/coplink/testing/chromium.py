"""Debian's Chromium for tests: where it is, and started once in a test process (Playwright allows no second loop).

Chromium's private contexts block third-party cookies, as a careful school's browser does. Frames of other sites stay in
the page's process: Playwright now and then loses a frame that changes processes several times within a launch, while
the page itself is as it should be. What cookies, storage and scripts may do does not hang on processes.
"""

from __future__ import annotations

import atexit
import shutil
from functools import cache

from playwright.sync_api import Browser, Playwright, sync_playwright

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process",
)


def chromium() -> str | None:
    """Where Debian's Chromium is, if it is installed."""
    return shutil.which("chromium")


def start_chromium(kit: Playwright, path: str) -> Browser:
    """Start Chromium without a window."""
    return kit.chromium.launch(executable_path=path, args=list(QUIET))


@cache
def the_browser(path: str) -> Browser:
    """The one Chromium of this test process, started at the first call and closed at its end."""
    manager = sync_playwright()
    running = start_chromium(manager.__enter__(), path)
    atexit.register(manager.__exit__)
    atexit.register(running.close)
    return running
