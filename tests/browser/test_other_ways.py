"""The same walks without script, and by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from settled import days_asked
from visitors import course_address, follow, frame_of_tool, launch, tool

LONG = 60_000


def test_without_script_a_guest_joins_reads_and_leaves(visit, demo, settled):
    page = visit(script=False, width=800)
    page.goto(demo.tool_url + settled.link)
    follow(page.get_by_role("link", name="Sign in with Google Workspace"))
    follow(page.get_by_role("button", name="Mei Chen"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Labs that everybody can enter")
    follow(page.get_by_role("button", name="Join"))
    expect(page.get_by_role("region", name="Next")).to_contain_text("15:30")
    follow(page.get_by_role("link", name="Places"))
    expect(page.get_by_text("Google Workspace").first).to_be_visible()
    follow(page.get_by_role("link", name="Library", exact=True))
    expect(page.get_by_role("link", name="Lab roles.docx")).to_be_visible()
    follow(page.get_by_role("link", name="Meetings"))
    follow(page.get_by_role("button", name="Make my address"))
    expect(page.get_by_label("Address of my calendar")).to_have_value(re.compile(r"/feed/.+\.ics$"))
    follow(page.get_by_role("button", name="Leave", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("You left")


def test_without_script_the_course_opens_by_its_buttons(visit, demo, settled):
    page = visit(script=False)
    page.goto(course_address(demo, "keiko.tanaka", "102"))
    page.get_by_role("button", name="Open coplink").click()  # in the frame
    framed = tool(page)
    follow(framed.get_by_role("button", name="Continue"))
    follow(framed.get_by_role("button", name="Join"))
    expect(framed.get_by_role("region", name="Next")).to_be_visible()


@pytest.mark.timeout(240)
def test_founding_and_joining_by_keyboard_alone(visit, demo):
    page = visit()
    launch(page, demo, "luis.ortega", "202")
    days = days_asked()
    hands = Keyboard(page)
    hands.reach("Begin").press("Enter")
    hands.write("Name", "Reading coaches")
    hands.write("About what, in a sentence", "How coaches help each other")
    hands.write("For whom", "Reading coaches of the district")
    hands.reach("Google Workspace Lakeside School District").press("Space")
    hands.reach("Google Workspace Lakeside School District").press("Space")
    hands.write("Breaks (one per line)", f"{days.pause.first} to {days.pause.last}")
    hands.reach("Show me what will be made").press("Enter")
    expect(tool(page).get_by_role("heading", level=1)).to_contain_text("before anything is made")
    hands.reach("Found the community").press("Enter")
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("Places")
    expect(tool(page).get_by_text("Every place is ready.")).to_be_visible(timeout=LONG)

    page = visit()
    hands = Keyboard(page)
    framed = wait_for_invitation(page, demo)
    hands.reach("Join").press("Enter")
    expect(framed.get_by_role("region", name="Next")).to_be_visible()
    hands.reach("Skip to the content").press("Enter")
    hands.reach("Add to my calendar").press("Enter")
    expect(framed.get_by_role("heading", level=1)).to_have_text("Meetings")


def wait_for_invitation(page: Page, demo) -> FrameLocator:
    """Noah opens the course until the roster has been read and his invitation is there."""
    for _ in range(20):
        framed = launch(page, demo, "noah.feld", "202")
        if framed.get_by_role("button", name="Join").count():
            break
        page.wait_for_timeout(1000)
    return framed


class Keyboard:
    """Somebody who uses Tab, Enter, Space and letters only; every stop on the way must be seen to have the focus."""

    NAMED = """() => {
      const at = document.activeElement;
      if (!at || at === document.body) return "";
      const shown = getComputedStyle(at);
      if (shown.outlineStyle === "none") return "without a visible focus: " + at.outerHTML;
      const words = (at.labels && at.labels.length ? at.labels[0] : at).textContent;
      return words.replace(/\\s+/g, " ").trim();
    }"""

    def __init__(self, page: Page) -> None:
        self._page = page

    def reach(self, name: str) -> Keyboard:
        """Press Tab until what is called ``name`` has the focus."""
        tool(self._page).get_by_text(name).first.wait_for(state="attached")
        passed = []
        for _ in range(80):
            self._page.keyboard.press("Tab")
            passed.append(frame_of_tool(self._page).evaluate(self.NAMED))
            assert not passed[-1].startswith("without a visible focus"), passed[-1]
            if passed[-1] == name:
                return self
        raise AssertionError(f"“{name}” is not reached by Tab, only {passed}")

    def press(self, key: str) -> None:
        """Press the key on what has the focus."""
        self._page.keyboard.press(key)

    def write(self, name: str, words: str) -> None:
        """Write into a field, letter by letter."""
        self.reach(name)
        self._page.keyboard.type(words)
