"""How visitors of the demo region reach coplink's pages in Chromium: the courses, the Teams page, the sign-in page.

Chromium is started as Debian ships it. Its contexts are private ones, which block third-party cookies;
``test_cookies.py`` proves that. ``localhost`` (the platforms) and ``127.0.0.1`` (coplink) are two sites.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ElementHandle, Error, FrameLocator, Locator, Page

from coplink.cli.demo.processes import Demo

ZONE = "America/Los_Angeles"
HEIGHT = 900
PATIENCE = 400  # times 50 ms


def fresh(browser: Browser, width: int = 1280, script: bool = True, palette: str = "light") -> BrowserContext:
    """A browser nobody has used before; ``palette`` is light, dark or contrast (forced colours)."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        locale="en-US",
        timezone_id=ZONE,
        java_script_enabled=script,
        color_scheme="light" if palette == "light" else "dark",
        forced_colors="active" if palette == "contrast" else "none",
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    return context


def course_address(demo: Demo, who: str, course: str) -> str:
    """Where somebody opens coplink from the navigation of a course."""
    return f"{demo.url('lti')}/courses/{course}?as={who}"


def follow(clicked: Locator) -> None:
    """Click, and wait until the page that was clicked has made way for the next.

    A click of Playwright's ends before that: the next words would be looked for, and typed, on the page before.
    """
    before = clicked.evaluate_handle("it => it.ownerDocument.body")
    clicked.click()
    for _ in range(PATIENCE):
        if not _stands(before):
            return
        clicked.page.wait_for_timeout(50)
    raise AssertionError(f"{clicked} led nowhere")


def _stands(body: ElementHandle) -> bool:
    try:
        return bool(body.evaluate("it => it.isConnected && it.ownerDocument.defaultView !== null"))
    except Error:  # its document is no more
        return False


def tool(page: Page) -> FrameLocator:
    """coplink, framed in the page of a platform."""
    return page.get_by_title("coplink").content_frame


def launch(page: Page, demo: Demo, who: str, course: str = "101") -> FrameLocator:
    """Open coplink in its frame in the course."""
    page.goto(course_address(demo, who, course))
    framed = tool(page)
    framed.get_by_role("link", name="coplink", exact=True).wait_for()
    return framed


def add_to_course(page: Page, demo: Demo, who: str, course: str, placement: str) -> FrameLocator:
    """Ask coplink, in its frame in the course, for something to add there."""
    page.goto(f"{demo.url('lti')}/courses/{course}/placements/{placement}?as={who}")
    framed = tool(page)
    framed.get_by_role("link", name="coplink", exact=True).wait_for()
    return framed


def launch_on_its_own(page: Page, demo: Demo, who: str, course: str = "101") -> None:
    """The same launch in the whole window, as a platform does that opens tools in a new tab."""
    page.route("**/courses/*", _without_script)
    page.goto(course_address(demo, who, course))
    page.unroute("**/courses/*")
    page.evaluate("document.getElementById('login').target = '_top'")
    page.evaluate("document.getElementById('login').submit()")
    page.wait_for_url(lambda address: address.startswith(demo.tool_url) and "/lti/" not in address)


def show_in_frame(page: Page, path: str) -> None:
    """Go to another of coplink's pages inside the frame."""
    frame = frame_of_tool(page)
    frame.goto("{0.scheme}://{0.netloc}".format(urlsplit(frame.url)) + path)


def frame_of_tool(page: Page):
    """The frame coplink is in."""
    framed = (frame for frame in page.frames if frame.parent_frame is not None)
    return next(frame for frame in framed if frame.name != "post_message_forwarding")


def connection(demo: Demo, district: str, integration: str) -> str:
    """The id of a connection."""
    for known in demo.ask("start", "state")["connections"]:
        if (known["district"], known["integration"]) == (district, integration):
            return str(known["id"])
    raise LookupError(f"{integration} of {district}")


def community_in(address: str) -> str:
    """The community whose page this is."""
    found = re.search(r"/c/([0-9a-f]{32})", address)
    if found is None:
        raise LookupError(f"no community in {address}")
    return found[1]


def admin_link(demo: Demo, district: str) -> str:
    """The one-time link of a district's connection admin."""
    return dict(line.split(" ", 1) for line in demo.ask("start", "state")["admins"])[district]


def _without_script(route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r"<script>.*?</script>", "", answer.text(), flags=re.S))
