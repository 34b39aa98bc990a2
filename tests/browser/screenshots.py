"""Takes the pictures in docs/screenshots: a demo of its own plays the story, then every main page is looked at.

Run by ``make screenshots``. Names: ``<page>-<width>[-dark|-contrast].png``. Nothing of the machine is in them.
``words.json`` keeps what the pages said, so that a test knows when they say something else (``test_screenshots``).
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from settled import days_asked, new_admin_link
from visitors import ZONE, follow, frame_of_tool, fresh, launch, launch_on_its_own, tool

from coplink.cli.demo.people import NAME
from coplink.cli.demo.processes import Demo
from coplink.cli.demo.story import Story
from coplink.testing.chromium import chromium, start_chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WIDTHS = {320: 640, 800: 840, 1280: 760}
MOST_BYTES = 3_000_000
FOUNDER = "ana.ruiz"
WORDS = FOLDER / "words.json"
PASSING = re.compile(
    r"\d|day|January|February|March|April|May|June|July|August|September|October|November|December"
)

Keep = Callable[[Page, str], None]


def main() -> None:
    """Play the story as far as the files, and take all pictures."""
    path = chromium()
    if path is None:
        sys.exit("chromium is missing: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    said: dict[str, list[str]] = {}

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=FOLDER / f"{name}.png")
        said[name] = words(page)

    with (
        tempfile.TemporaryDirectory() as folder,
        Demo(Path(folder), fixed_ports=False) as demo,
        sync_playwright() as kit,
    ):
        browser = start_chromium(kit, path)
        take(browser, demo, keep)
        browser.close()
    WORDS.write_text(json.dumps(said, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    size = sum(one.stat().st_size for one in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.2f} MB")
    if size > MOST_BYTES:
        sys.exit(f"more than {MOST_BYTES / 1e6} MB")


def take(browser: Browser, demo: Demo, keep: Keep) -> None:
    """Play the story in this demo; every page goes to ``keep`` with its name."""
    story = Story(demo)
    story.inside.until_idle()  # every connection has been checked
    story.found()
    story.provision()
    camera = Camera(browser, demo, story.community, keep)
    camera.while_lakeside_is_asked()
    story.join()
    story.seats()
    story.files()
    camera.afterwards()


def words(page: Page) -> list[str]:
    """What is said on the page and in its frames, line by line, without what changes from day to day."""
    said = "\n".join(frame.locator("body").inner_text() for frame in page.frames)
    return sorted({line.strip() for line in said.splitlines() if line.strip() and not PASSING.search(line)})


class Camera:
    """Goes to a page as somebody, and takes its picture at every width."""

    def __init__(self, browser: Browser, demo: Demo, community: str, keep: Keep) -> None:
        self._browser, self._demo, self._community, self._keep = browser, demo, community, keep

    def while_lakeside_is_asked(self) -> None:
        """What can only be seen before the other district has agreed."""
        for width in WIDTHS:
            page = self._ana(width)
            self._shoot(page, "places", f"/c/{self._community}/places")
            page.context.close()

    def afterwards(self) -> None:
        """Everything else."""
        for width in WIDTHS:
            page = self._ana(width)
            for name, path in (
                ("home", ""),
                ("meetings", "/meetings"),
                ("library", "/library"),
                ("people", "/people"),
            ):
                self._shoot(page, name, f"/c/{self._community}{path}")
            self._founding(page)
            if width == 1280:
                self._shoot(page, "announcements", f"/c/{self._community}/announcements")
                self._shoot(page, "life", f"/c/{self._community}/life")
            page.context.close()
            self._admin(width)
            self._in_the_course(width)
            self._in_teams(width)
        for palette in ("dark", "contrast"):
            page = self._ana(1280, palette)
            self._shoot(page, "home", f"/c/{self._community}", f"-{palette}")
            page.context.close()

    def _ana(self, width: int, palette: str = "light") -> Page:
        page = self._context(width, palette).new_page()
        launch_on_its_own(page, self._demo, FOUNDER)
        return page

    def _context(self, width: int, palette: str = "light") -> BrowserContext:
        return fresh(self._browser, width=width, palette="dark" if palette == "dark" else "light")

    def _shoot(self, page: Page, name: str, path: str = "", suffix: str = "") -> None:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        if path:
            page.goto(self._demo.tool_url + path)
        if suffix == "-contrast":  # the palette that Teams asks for
            page.evaluate("document.documentElement.dataset.theme = 'contrast'")
        self._keep(page, f"{name}-{width}{suffix}")

    def _founding(self, page: Page) -> None:
        days = days_asked()
        page.goto(f"{self._demo.tool_url}/found")
        page.get_by_label("Name").fill(NAME)
        page.get_by_label("About what, in a sentence").fill("How every subject can teach reading and writing")
        page.get_by_label("For whom").fill("Teachers of all subjects in both districts")
        for box in page.get_by_role("group", name="Places").get_by_role("checkbox").all():
            box.check()
        page.get_by_label("Time zone").select_option(ZONE)
        page.get_by_label("Breaks").fill(f"{days.pause.first} to {days.pause.last} {days.pause.name}")
        page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
        self._shoot(page, "found")
        follow(page.get_by_role("button", name="Show me what will be made"))
        page.get_by_role("heading", name="What will be made").wait_for()
        self._shoot(page, "preview")

    def _admin(self, width: int) -> None:
        page = self._context(width).new_page()
        page.goto(new_admin_link(self._demo, "riverbend"))
        follow(page.get_by_role("button", name="Begin"))
        page.get_by_role("heading", level=1).wait_for()
        self._shoot(page, "admin")
        if width == 1280:
            self._shoot(page, "connect", "/admin/connections/google")
            self._shoot(page, "check-up", "/admin/connections/teams")
            self._shoot(page, "disconnect", "/admin/connections/teams/disconnect")
        page.context.close()

    def _in_the_course(self, width: int) -> None:
        page = self._context(width).new_page()
        launch(page, self._demo, FOUNDER)
        tool(page).get_by_role("region", name="Next").wait_for()
        self._shoot(page, "course")
        page.context.close()

    def _in_teams(self, width: int) -> None:
        page = self._context(width).new_page()
        page.goto(f"{self._demo.url('teams')}/teams/chloe.park")
        tool(page).get_by_role("link", name="Chloe Park").wait_for()  # the door has let her in
        frame_of_tool(page).goto(f"{self._demo.tool_url}/c/{self._community}")
        tool(page).get_by_role("region", name="Next").wait_for()
        self._shoot(page, "teams")
        page.context.close()


if __name__ == "__main__":
    main()
