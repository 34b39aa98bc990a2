"""axe-core finds nothing on any page, in any palette; nothing scrolls sideways at 320 pixels; one main heading each.

Run on the frame itself: on the outer page axe does not see what is inside. WCAG 2.2's target size is not in axe's
default set, so the tags are named.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import MORE, NOT_PAGES, PAGES, Look, Tour
from playwright.sync_api import Frame, Page, expect
from settled import FACILITATOR, days_asked
from visitors import ZONE, add_to_course, follow, frame_of_tool, fresh, launch

from coplink.cli.demo.inside import Inside
from coplink.web import create_app

AXE = Axe().axe_script
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
COLOURS = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}
EVERY_LOOK = {**PAGES, **MORE}
BY_KEYBOARD = (
    "/c/<key>/people",
    "/c/<key>/people/<member>",
    "/c/<key>/access",
    "/c/<key>/invite",
    "/c/<key>/places/<space>",
    "/c/<key>/invitation",
    "/c/<key>/life",
    "/admin/communities/<community>/withdraw",
    "a plan waits",
)
CONTROLS = """[...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(
    it => it.type !== 'hidden' && it.checkVisibility({ visibilityProperty: true }))"""


@pytest.fixture(scope="module")
def tour(browser, demo, settled) -> Iterator[Tour]:
    contexts = []

    def new_page() -> Page:
        contexts.append(fresh(browser))
        return contexts[-1].new_page()

    yield Tour(demo, settled, new_page)
    for context in contexts:
        context.close()


def test_no_page_is_forgotten(demo):
    rules = create_app(Inside(demo.environment()).services).url_map.iter_rules()
    answered = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
    assert answered == PAGES.keys() | NOT_PAGES.keys()


@pytest.mark.parametrize("name", EVERY_LOOK)
def test_axe_finds_nothing(tour, name):
    frame = shown(tour, EVERY_LOOK[name])
    width(frame, 320)
    palette(frame, "light")
    assert not sideways(frame), "scrolls sideways at 320 pixels"
    found = [violations(frame, ALL)]
    width(frame, 800)
    for one in ("dark", "contrast"):
        palette(frame, one)
        found.append(violations(frame, COLOURS))
    palette(frame, "light")
    assert not any(found), "\n".join(found)


@pytest.mark.parametrize("name", BY_KEYBOARD)
def test_every_control_is_reached_by_tab_in_the_order_of_the_page(tour, name):
    frame = shown(tour, EVERY_LOOK[name])
    width(frame, 320)
    controls = frame.evaluate(f"{CONTROLS}.length")
    frame.evaluate("document.querySelector('.skip').focus()")
    stops = []
    for _ in range(controls):
        stops.append(frame.evaluate(f"{CONTROLS}.indexOf(document.activeElement)"))
        frame.page.keyboard.press("Tab")
    assert stops == list(range(controls))
    assert controls > 4


def test_axe_does_see_what_is_wrong_inside_the_frame(tour):
    frame = shown(tour, PAGES["/c/<key>/library"])
    frame.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    found = violations(frame, ALL)
    assert found.startswith("label ("), found


@pytest.mark.long
@pytest.mark.parametrize("name", EVERY_LOOK)
@pytest.mark.parametrize("colours", ["light", "dark", "contrast", "forced"])
@pytest.mark.parametrize("pixels", [320, 480, 800, 1280])
def test_axe_finds_nothing_at_any_width_in_any_palette(tour, name, colours, pixels):
    frame = shown(tour, EVERY_LOOK[name])
    width(frame, pixels)
    palette(frame, colours)
    assert not sideways(frame)
    found = violations(frame, ALL)
    palette(frame, "light")
    assert not found, found


def test_choosing_for_a_course_step_by_step(visit, demo, settled):
    page = visit()
    framed = add_to_course(page, demo, "ana.ruiz", "101", "link_selection")
    expect(framed.get_by_role("heading", level=1)).to_contain_text("Put into")
    everywhere_fine(frame_of_tool(page))  # nothing to choose from, or whose
    framed = add_to_course(page, demo, FACILITATOR, "102", "collaboration")
    follow(framed.get_by_role("button", name="Make a short list of files"))
    follow(framed.get_by_role("button", name="Keep the list"))
    expect(framed.get_by_role("alert")).to_have_text("Give the list a title.")
    everywhere_fine(frame_of_tool(page))


def test_the_preview_and_a_wrong_answer(visit, demo, settled):
    page = visit()
    framed = launch(page, demo, FACILITATOR, "102")
    follow(framed.get_by_role("link", name="coplink", exact=True))
    follow(framed.get_by_role("link", name="Begin"))
    framed.get_by_label("Name").fill("A second one")
    framed.get_by_label("About what, in a sentence").fill("What to do when a lab goes wrong")
    framed.get_by_label("For whom").fill("Science teachers")
    framed.get_by_label("Time zone").select_option(ZONE)
    framed.get_by_label("Breaks").fill("some day in spring")
    follow(framed.get_by_role("button", name="Show me what will be made"))
    expect(framed.get_by_role("alert")).to_contain_text("The break “some day in spring” is not understood.")
    everywhere_fine(frame_of_tool(page))
    pause = days_asked().pause
    framed.get_by_label("Breaks").fill(f"{pause.first} to {pause.last}")
    follow(framed.get_by_role("button", name="Show me what will be made"))
    expect(framed.get_by_role("heading", level=1)).to_contain_text("before anything is made")
    everywhere_fine(frame_of_tool(page))


def test_what_somebody_sees_after_their_answer(visit, demo, settled):
    page = visit()
    framed = launch(page, demo, "nadia.petrova", "102")
    follow(framed.get_by_role("button", name="No thanks"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("All right")
    everywhere_fine(frame_of_tool(page))
    follow(framed.get_by_role("link", name="I changed my mind"))
    expect(framed.get_by_role("button", name="Join")).to_be_visible()
    everywhere_fine(frame_of_tool(page))
    follow(framed.get_by_role("button", name="Join"))
    follow(framed.get_by_role("button", name="Take a break"))
    expect(framed.get_by_role("button", name="Come back")).to_be_visible()
    everywhere_fine(frame_of_tool(page))
    follow(framed.get_by_role("button", name="Come back"))
    expect(framed.get_by_role("button", name="Take a break")).to_be_visible()
    follow(framed.get_by_role("link", name="Meetings"))
    follow(framed.get_by_role("button", name="Make my address"))
    expect(framed.get_by_label("Address of my calendar")).to_be_visible()
    everywhere_fine(frame_of_tool(page))
    follow(framed.get_by_role("link", name="Nadia Petrova"))
    follow(framed.get_by_role("button", name="Fetch a code"))
    expect(framed.get_by_label("Your code")).to_be_visible()
    everywhere_fine(frame_of_tool(page))


@pytest.mark.parametrize(
    ("sandbox", "path"),
    [
        ("start", "/"),
        ("lti", "/"),
        ("lti", "/courses/102?as=hugo.marsh"),
        ("lti", "/courses/102/people?as=hugo.marsh"),
        ("canvas", "/look/courses/102"),
        ("teams", "/teams/imani.brooks"),
        ("teams", "/look/team"),
        ("google", "/look/drive"),
    ],
)
def test_the_pages_of_the_sandboxes_are_accessible_too(visit, demo, settled, sandbox, path):
    page = visit(width=320)
    page.goto(demo.url(sandbox) + path)
    assert not sideways(page.main_frame), "scrolls sideways at 320 pixels"
    found = [violations(page.main_frame, ALL)]
    page.set_viewport_size({"width": 800, "height": 700})
    page.emulate_media(color_scheme="dark")
    found.append(violations(page.main_frame, COLOURS))
    assert not any(found), "\n".join(found)


def shown(tour: Tour, look: Look) -> Frame:
    """The page, loaded, with its one main heading."""
    frame = tour.go(look)
    expect(frame.get_by_role("heading", level=1)).to_have_count(1)
    expect(frame.get_by_role("heading", level=1)).to_contain_text(look.heading)
    return frame


def everywhere_fine(frame: Frame) -> None:
    """One main heading, nothing sideways at 320 pixels, and axe finds nothing at 320 and 800."""
    expect(frame.get_by_role("heading", level=1)).to_have_count(1)
    for pixels in (320, 800):
        width(frame, pixels)
        assert not sideways(frame), f"scrolls sideways at {pixels} pixels"
        assert not (found := violations(frame, ALL)), found


def violations(frame: Frame, options: dict) -> str:
    """What axe finds, in lines a person can act on; empty when nothing."""
    if not frame.evaluate("'axe' in window"):  # half a megabyte: once for each page
        frame.evaluate(AXE)
    found = frame.evaluate("options => axe.run(options)", options)
    return "\n".join(
        f"{one['id']} ({one['help']}): {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    )


def sideways(frame: Frame) -> bool:
    """Whether the page is wider than what shows it."""
    return bool(frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def palette(frame: Frame, name: str) -> None:
    """Show a palette: by the reader's preference, by what Teams says, or by forced colours."""
    page = frame.page
    page.emulate_media(
        color_scheme="dark" if name == "dark" else "light",
        forced_colors="active" if name == "forced" else "none",
    )
    frame.evaluate(
        "name => name ? document.documentElement.dataset.theme = name : delete document.documentElement.dataset.theme",
        "contrast" if name == "contrast" else "",
    )


def width(frame: Frame, pixels: int) -> None:
    """Make the frame (not the window around it) this wide."""
    for _ in range(3):
        seen = frame.evaluate("innerWidth")
        if seen == pixels:
            return
        size = frame.page.viewport_size or {"width": 1280, "height": 900}
        frame.page.set_viewport_size({"width": size["width"] + pixels - seen, "height": size["height"]})
        frame.page.wait_for_timeout(50)
    assert frame.evaluate("innerWidth") == pixels
