"""A teacher adds something of a community to a course, in the frame, and it opens for the class as it should."""

from __future__ import annotations

from cookie_rules import NONE_AT_ALL, chromium_with, keeps_no_cookie
from playwright.sync_api import expect
from settled import COURSE, FACILITATOR, INVITED, MEMBER, NAME
from visitors import add_to_course, course_address, follow, frame_of_tool, tool


def test_a_meeting_and_a_file_are_put_into_a_module_and_open_there(visit, demo, settled):
    page = visit()
    page.goto(course_address(demo, FACILITATOR, COURSE))
    follow(page.get_by_role("link", name="Add from coplink"))
    follow(page.get_by_role("link", name="Module: add a link"))
    framed = tool(page)
    expect(framed.get_by_role("heading", level=1)).to_have_text("Put into “Lab safety refresher”")
    framed.get_by_label("Its next meeting").check()
    framed.get_by_label("Lab roles.docx").check()
    follow(framed.get_by_role("button", name="Put it there"))
    # The frame answered the platform, and the platform's page went on by itself; nothing opened beside it.
    expect(page.get_by_role("heading", level=2, name="Add from coplink")).to_be_visible()
    assert len(page.context.pages) == 1
    meeting = page.get_by_role("link", name=f"Next meeting: {NAME}")
    expect(meeting).to_have_count(1)
    page.goto(course_address(demo, MEMBER, COURSE))
    follow(page.get_by_role("link", name=f"Next meeting: {NAME}"))
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("Next meeting")
    expect(tool(page).get_by_text("15:30").first).to_be_visible()
    follow(page.get_by_role("link", name="Lab roles.docx"))
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("Lab roles.docx")
    page.goto(course_address(demo, INVITED, COURSE))
    follow(page.get_by_role("link", name="Lab roles.docx"))
    expect(tool(page).get_by_text("You are invited")).to_be_visible()


def test_a_list_is_made_on_the_way_without_script(visit, demo, settled):
    page = visit(script=False, width=800)
    page.goto(f"{demo.url('lti')}/courses/{COURSE}/placements/conference_selection?as={FACILITATOR}")
    page.get_by_role("button", name="Open coplink").click()  # in the frame
    framed = tool(page)
    follow(framed.get_by_role("button", name="Continue"))
    follow(framed.get_by_role("button", name="Make a short list of files"))
    framed.get_by_label("Title").fill("Before <you> start")
    framed.get_by_label("Lab roles.docx").check()
    follow(framed.get_by_role("button", name="Keep the list"))
    expect(framed.get_by_label("Before <you> start")).to_be_checked()
    framed.get_by_label("Title in the course").fill("Read first")
    follow(framed.get_by_role("button", name="Put it there"))
    follow(framed.get_by_role("button", name="Back to the course"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("Added")
    follow(framed.get_by_role("link", name="Back to the course"))
    expect(page.get_by_role("heading", level=2, name="On the page of the course")).to_be_visible()
    expect(
        page.get_by_title("Read first").content_frame.get_by_role("link", name="Read first")
    ).to_be_visible()


def test_cancelling_leaves_the_course_as_it_is(visit, demo, settled):
    page = visit()
    framed = add_to_course(page, demo, FACILITATOR, COURSE, "collaboration")
    follow(framed.get_by_role("button", name="Cancel"))
    expect(page.get_by_role("heading", level=2, name="Add from coplink")).to_be_visible()


def test_a_student_is_told_why_not_and_finds_back(visit, demo, settled):
    page = visit()
    framed = add_to_course(page, demo, INVITED, COURSE, "editor_button")
    expect(framed.get_by_text("Only those who teach or shape this course")).to_be_visible()
    follow(framed.get_by_role("button", name="Back to the course"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("Nothing was added")
    expect(framed.get_by_text("Only those who teach or shape this course")).to_be_visible()
    assert frame_of_tool(page).url.startswith(demo.url("lti"))


def test_without_any_cookie_it_goes_back_all_the_same(browser, demo, settled, tmp_path):
    context = chromium_with(browser, tmp_path, NONE_AT_ALL)
    page = context.pages[0]
    framed = add_to_course(page, demo, FACILITATOR, COURSE, "module_index_menu_modal")
    framed.get_by_label("For the first week").check()
    assert keeps_no_cookie(frame_of_tool(page))
    follow(framed.get_by_role("button", name="Put it there"))
    expect(page.get_by_role("link", name="For the first week")).to_be_visible()
    assert len(context.pages) == 1
    framed = add_to_course(page, demo, INVITED, COURSE, "editor_button")
    assert keeps_no_cookie(frame_of_tool(page))
    follow(framed.get_by_role("button", name="Back to the course"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("Nothing was added")
    context.close()
