"""The first community, as people walk it in Chromium with third-party cookies blocked.

One test, because each step stands on the one before: the start page, the course, founding inside the frame, places
appearing, three doors, the other district's agreement, the next meeting, a file. Pages are read as people read them:
by visible words and roles.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect
from settled import days_asked
from visitors import ZONE, admin_link, follow, frame_of_tool, tool

NAME = "Literacy across the curriculum"
ABOUT = "How every subject can teach reading and writing"
LONG = 60_000


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_community_comes_to_life_in_three_suites(visit, demo):
    ana = visit(width=1280)
    ana.goto(demo.start_url)
    follow(ana.get_by_role("link", name="Open the course as the facilitator (Ana Ruiz)"))
    framed = tool(ana)
    expect(framed.get_by_role("heading", level=1)).to_have_text("Welcome, Ana Ruiz")
    outside, inside = urlsplit(ana.url), urlsplit(frame_of_tool(ana).url)
    assert (outside.hostname, inside.hostname) == ("localhost", "127.0.0.1"), (
        "the frame is not of another site"
    )

    found_with_a_preview(framed)
    watch_the_places(framed)

    join_from_the_course(visit(), demo)
    join_from_teams(visit(), demo)
    link = invite_lakeside(framed)
    join_by_the_link(visit(width=800), link)
    agree_for_lakeside(visit(), demo)

    follow(framed.get_by_role("link", name="Places"))
    expect(framed.get_by_text("Every place is ready.")).to_be_visible(timeout=LONG)
    follow(framed.get_by_role("link", name="Home", exact=True))
    see_the_next_meeting(framed)
    add_a_file_in_teams(visit(), demo)
    see_the_file(framed)
    look_into_the_drive(visit(), demo)


def found_with_a_preview(framed: FrameLocator) -> None:
    """Four answers; the preview names the three places and says which one waits."""
    days = days_asked()
    follow(framed.get_by_role("link", name="Begin"))
    framed.get_by_label("Name").fill(NAME)
    framed.get_by_label("About what, in a sentence").fill(ABOUT)
    framed.get_by_label("For whom").fill("Teachers of all subjects in both districts")
    places = framed.get_by_role("group", name="Places")
    for box in places.get_by_role("checkbox").all():
        box.check()
    framed.get_by_label("From").fill(days.first.isoformat())
    framed.get_by_label("Until").fill(days.last.isoformat())
    framed.get_by_label("Time zone").select_option(ZONE)
    framed.get_by_label("Breaks").fill(f"{days.pause.first} to {days.pause.last} {days.pause.name}")
    follow(framed.get_by_role("button", name="Show me what will be made"))
    expect(framed.get_by_role("heading", level=1)).to_contain_text("before anything is made")
    for title in ("Canvas", "Microsoft Teams", "Google Workspace"):
        expect(framed.get_by_role("heading", name=title)).to_be_visible()
    expect(
        framed.get_by_text("Waits until the connection admin of Lakeside School District agrees.")
    ).to_be_visible()
    expect(framed.get_by_text(f"{len(days.held)} meetings until")).to_be_visible()
    expect(framed.get_by_text("School break")).to_be_visible()
    follow(framed.get_by_role("button", name="Found the community"))


def watch_the_places(framed: FrameLocator) -> None:
    """The page follows the work by itself; at its end the own places are ready and the other one waits."""
    expect(framed.get_by_role("heading", level=1)).to_have_text("Places")
    expect(framed.get_by_role("status")).to_have_text(
        "What can be made is made. The rest waits for someone.", timeout=LONG
    )
    for title in ("Canvas", "Microsoft Teams"):
        expect(card(framed, title).get_by_text("ready", exact=True)).to_be_visible()
    expect(card(framed, "Google Workspace").get_by_text("Lakeside School District").first).to_be_visible()
    expect(card(framed, "Google Workspace").get_by_text(re.compile("^Waiting for Lakeside"))).to_be_visible()


def card(framed: FrameLocator, title: str) -> Locator:
    """The part of a list that is about one place."""
    return framed.get_by_role("listitem").filter(has=framed.get_by_role("heading", name=title))


def join_from_the_course(page: Page, demo) -> None:
    """Ben opens the course, sees what joining means, and joins."""
    page.goto(demo.start_url)
    follow(page.get_by_role("link", name="Open the course as a member (Ben Okafor)"))
    framed = tool(page)
    expect(framed.get_by_text("You are invited")).to_be_visible()
    follow(framed.get_by_role("button", name="Join"))
    expect(framed.get_by_role("heading", level=2, name="Next")).to_be_visible()


def join_from_teams(page: Page, demo) -> None:
    """Chloe opens the tab: the page's own script asks Teams for a token; then she says who she is, and joins."""
    page.goto(demo.start_url)
    follow(page.get_by_role("link", name="Open Teams as Chloe Park"))
    framed = tool(page)
    yes = framed.get_by_role("button", name="Yes, that is me")
    for _ in range(
        60
    ):  # the directory is asked in the background; until it has answered there is no question
        expect(framed.get_by_role("heading", level=1)).to_have_text("Welcome, Chloe Park")
        if yes.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    follow(yes)
    follow(framed.get_by_role("link", name=NAME))
    follow(framed.get_by_role("button", name="Join"))
    expect(framed.get_by_role("heading", level=2, name="Next")).to_be_visible()
    page.get_by_label("Theme").select_option("dark")


def invite_lakeside(framed: FrameLocator) -> str:
    """Ana makes the link of the other district."""
    follow(framed.get_by_role("link", name="Invite people"))
    district = framed.get_by_role("listitem").filter(
        has=framed.get_by_role("heading", name="Lakeside School District")
    )
    follow(district.get_by_role("button", name="Make a link"))
    return framed.get_by_label("Link for Lakeside School District").input_value()


def join_by_the_link(page: Page, link: str) -> None:
    """Luis reads what it is about, signs in with Google, and joins, on coplink's own page."""
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    follow(page.get_by_role("link", name="Sign in with Google Workspace"))
    follow(page.get_by_role("button", name="Luis Ortega"))
    follow(page.get_by_role("button", name="Join"))
    expect(page.get_by_role("heading", level=2, name="Next")).to_be_visible()
    expect(page.get_by_text("Luis Ortega")).to_be_visible()


def agree_for_lakeside(page: Page, demo) -> None:
    """The connection admin of the other district sees names and places, and agrees."""
    page.goto(admin_link(demo, "lakeside"))
    follow(page.get_by_role("button", name="Begin"))
    asked = page.get_by_role("region", name="Communities")
    expect(asked.get_by_text("Asks your institution to take part.").first).to_be_visible()
    follow(asked.get_by_role("button", name="Agree").first)
    expect(asked.get_by_role("heading", name="Google Workspace").first).to_be_visible()


def see_the_next_meeting(framed: FrameLocator) -> None:
    """The first meeting stands on the home page, with a way to put it on one's own calendar."""
    first = days_asked().held[0]
    soon = framed.get_by_role("region", name="Next")
    expect(soon.get_by_text(f"{first:%a} {first.day} {first:%b}, 15:30")).to_be_visible()
    expect(soon.get_by_role("link", name="Add to my calendar")).to_be_visible()


def add_a_file_in_teams(page: Page, demo) -> None:
    """Chloe adds a file over there."""
    page.goto(demo.start_url)
    follow(page.get_by_role("link", name="Look into the team"))
    channel = page.locator("section").filter(has=page.get_by_role("heading", name=NAME)).first
    channel.get_by_label("New file").fill("Sentence frames.docx")
    channel.get_by_label("by", exact=True).select_option("Chloe Park")
    follow(channel.get_by_role("button", name="Add file"))
    expect(channel.get_by_text("Sentence frames.docx")).to_be_visible()


def see_the_file(framed: FrameLocator) -> None:
    """It turns up in the library by itself, with its author and its place."""
    name = framed.get_by_role("link", name="Sentence frames.docx")
    for _ in range(30):
        follow(framed.get_by_role("link", name="Library", exact=True))
        expect(framed.get_by_role("heading", level=1)).to_have_text("Library")
        if name.count():
            break
        framed.owner.page.wait_for_timeout(1000)
    expect(framed.get_by_role("listitem").filter(has=name)).to_contain_text("Chloe Park · Microsoft Teams")


def look_into_the_drive(page: Page, demo) -> None:
    """Over there the drive exists, and Luis sits in it."""
    page.goto(demo.start_url)
    follow(page.get_by_role("link", name="look into the shared drive"))
    expect(page.get_by_role("heading", name=NAME).first).to_be_visible()
    expect(page.get_by_text("luis.ortega@lakeside.example").first).to_be_visible()
