"""A launch over HTTP from the sandbox's course page to an arrival, step by step, for both districts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.arrival import ProvedAccount
from coplink.core.errors import BadToken, LaunchError, LostState, UnknownDeployment
from coplink.core.roster import whole
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters


def test_a_facilitator_opens_coplink_in_the_course(tool, lms, browser):
    answer = browser.launch(lms, "101", "ana.ruiz")
    assert (answer.status_code, answer.text) == (200, "welcome")
    [result] = tool.arrived
    who = result.arrival
    assert (who.door, who.institution, who.realm) == ("lti", "riverbend", "reg-riverbend")
    assert (who.name, who.email, who.locale) == ("Ana Ruiz", "ana.ruiz@riverbend.example", "en")
    assert who.subject == lms.region.residents["ana.ruiz"].subject
    assert (who.context.title, who.context.kind) == ("Literacy across the curriculum", "course")
    assert who.context.id == lms.region.courses["101"].lti_id
    assert who.leads_context
    assert not who.test_account
    assert who.accounts == (ProvedAccount("canvas", "1001"),)
    assert who.asked == {"course": "101"}
    assert who.roster.values == {
        "url": f"{lms.base_url}/api/lti/courses/101/names_and_roles",
        "context": who.context.id,
        "rlid": who.context.id,
        "institution": "riverbend",
    }
    assert result.target_path == "/"
    assert lms.base_url in result.frame_ancestors
    assert not lms.refusals


def test_a_teachers_own_link_cannot_make_people_somebody_else(tool, lms, browser):
    course = lms.region.courses["101"]
    ana = lms.region.residents["ana.ruiz"]
    forged = {"canvas_user_id": ana.canvas_id, "canvas_course_id": "999"}
    link = lms.school.add_link(course, "Week 3 <reading>", forged)
    page = browser.open(f"{lms.base_url}/courses/101/links/{link.id}?as=ben.okafor")
    assert "Week 3 &lt;reading&gt;" in page.text
    assert browser.submit(browser.submit(page)).text == "welcome"
    [result] = tool.arrived
    who = result.arrival
    assert result.resource_link == link.id
    assert (who.name, who.subject) == ("Ben Okafor", lms.region.residents["ben.okafor"].subject)
    assert who.context.id == course.lti_id
    assert who.accounts == ()
    assert who.asked == {}
    rosters = LtiRosters(
        tool.storage, Connector(tool.storage, tool.keys, tool.clock, Egress(outside=LOOPBACK))
    )
    roster = whole(rosters.read(who.roster))
    named = {person.subject: person.accounts for person in roster.people}
    assert named[who.subject] == {"canvas": "1002"}, "asked of the tool itself, not of the link"
    theirs = replace(who.roster, values={**who.roster.values, "rlid": link.id})
    rosters = LtiRosters(
        tool.storage, Connector(tool.storage, tool.keys, tool.clock, Egress(outside=LOOPBACK))
    )
    roster = whole(rosters.read(theirs))
    assert roster.complete
    assert not any(person.accounts for person in roster.people)
    assert not lms.refusals


def test_the_course_navigation_launches_the_tool_itself(tool, lms, browser):
    browser.launch(lms, "101", "ben.okafor")
    [result] = tool.arrived
    assert result.resource_link == result.arrival.context.id == lms.region.courses["101"].lti_id


def test_a_link_belongs_to_its_course(lms, browser):
    link = lms.school.add_link(lms.region.courses["202"], "Reading", {})
    assert browser.open(f"{lms.base_url}/courses/101/links/{link.id}?as=ana.ruiz").status_code == 404
    assert browser.open(f"{lms.base_url}/courses/202/links/{link.id}?as=ana.ruiz").status_code == 403


def test_a_member_of_the_other_district_is_kept_apart(tool, lms, browser):
    browser.launch(lms, "202", "mei.chen")
    [result] = tool.arrived
    assert (result.arrival.institution, result.arrival.realm) == ("lakeside", "reg-lakeside")
    assert not result.arrival.leads_context


def test_somebody_without_an_address_and_somebody_whose_name_is_markup_arrive(tool, lms, browser):
    lms.school.enrol(lms.region.courses["101"], "walt.silent", "student")
    lms.school.enrol(lms.region.courses["202"], "bobby.tables", "ta")
    browser.launch(lms, "101", "walt.silent")
    browser.launch(lms, "202", "bobby.tables")
    walt, bobby = (result.arrival for result in tool.arrived)
    assert walt.email is None
    assert bobby.name == "<b>Bobby</b> & “Tables” <script>alert(1)</script>"
    assert bobby.leads_context


def test_the_student_view_is_a_test_account(tool, lms, browser):
    browser.launch(lms, "101", "student-view")
    [result] = tool.arrived
    assert result.arrival.test_account
    assert not result.arrival.leads_context


def test_the_same_answer_posted_twice_is_lost(tool, lms, browser):
    page = browser.submit(browser.open(f"{lms.base_url}/courses/101?as=ana.ruiz"))
    first, second = browser.submit(page), browser.submit(page)
    assert (first.status_code, second.status_code) == (200, 400)
    assert isinstance(tool.refused[0], LostState)


def test_a_message_hint_works_once_and_the_platform_says_so(tool, lms, browser):
    page = browser.open(f"{lms.base_url}/courses/101?as=ana.ruiz")
    browser.submit(browser.submit(page))
    answer = browser.submit(browser.submit(page))
    assert answer.status_code == 400
    assert isinstance(tool.refused[0], LaunchError)
    assert "launch_no_longer_valid" in tool.refused[0].detail
    assert "The learning platform could not open coplink" in answer.text


def test_somebody_who_has_left_the_course_meanwhile_must_sign_in_again(tool, lms, browser):
    page = browser.open(f"{lms.base_url}/courses/101?as=ben.okafor")
    lms.school.enrol(lms.region.courses["101"], "ben.okafor", None)
    answer = browser.submit(browser.submit(page))
    assert "no longer signed in" in answer.text
    assert "login_required" in tool.refused[0].detail


def test_a_deployment_named_at_login_must_come_back_in_the_token(tool, lms, browser):
    page = browser.open(f"{lms.base_url}/courses/101?as=ana.ruiz")
    answer = browser.submit(browser.submit(page, {"deployment_id": "other", "lti_deployment_id": "other"}))
    assert answer.status_code == 400
    assert isinstance(tool.refused[0], BadToken)
    with tool.storage.begin() as uow:
        assert [d.deployment_id for d in uow.platforms.deployments("riverbend")] == ["101:a0c1f2d3b4"]


@pytest.mark.parametrize("person", ["zoe.martin", "nobody", ""])
def test_only_people_of_the_course_have_a_page_in_it(lms, browser, person):
    assert browser.open(f"{lms.base_url}/courses/101?as={person}").status_code == 403


def test_a_visitor_takes_somebody_out_of_a_course_and_puts_them_back(lms, browser):
    people = f"{lms.base_url}/courses/101/people?as=ana.ruiz"
    form = {"person": "ben.okafor", "change": "remove", "as": "ana.ruiz"}
    answer = browser.session.post(f"{lms.base_url}/courses/101/people", data=form, timeout=10)
    assert answer.url.replace("localhost", "127.0.0.1") == people
    assert "ben.okafor" not in lms.state()["courses"]["101"]["people"]
    browser.session.post(f"{lms.base_url}/courses/101/people", data={**form, "change": "add"}, timeout=10)
    assert lms.state()["courses"]["101"]["people"]["ben.okafor"] == "student"


def test_pages_show_names_as_text(lms, browser):
    lms.school.enrol(lms.region.courses["202"], "bobby.tables", "student")
    page = browser.open(f"{lms.base_url}/courses/202/people?as=bobby.tables").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_the_doors_lead_to_another_site_than_the_tool(lms):
    doors = list(lms.doors())
    assert doors[0].title == "Open the course as the facilitator (Ana Ruiz)"
    assert len(doors) == 14
    assert all(door.url.startswith("http://localhost:") for door in doors)


def test_an_unknown_deployment_is_the_admins_to_approve(door):
    with pytest.raises(UnknownDeployment):
        door.launch(
            {"https://purl.imsglobal.org/spec/lti/claim/deployment_id": "new"}, {"lti_deployment_id": None}
        )
    pending = [d for d in door.deployments() if d.approved_at is None]
    assert [(d.registration, d.deployment_id) for d in pending] == [("reg-north", "new")]
