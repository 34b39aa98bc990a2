"""Who may ask for content, with what: refused in a friendly way, or without a session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.ports.records import Deployment, RegistrationState
from coplink.testing.platform import CORE, MEMBERSHIP

BASE = "http://127.0.0.1:8080"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"


@pytest.mark.parametrize("accepts", [["file", "ltiAssetProcessor"], []])
def test_a_place_that_takes_nothing_of_ours_is_told_so_and_gets_nothing(school, accepts):
    browser = school.ask({"accept_types": accepts})
    assert browser.page.status_code == 400
    assert "This place takes files or pictures" in browser.says()
    _, claims = school.verified(browser.page)
    assert claims[DL + "content_items"] == []
    assert claims[DL + "msg"].startswith("This place takes files")
    assert browser.get("/me").status_code == 303, "there is a session"


LEARNERS = [
    ["Learner"],
    [f"{MEMBERSHIP}#Learner", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"],
    [f"{MEMBERSHIP}#Mentor"],
    ["http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin"],
    [],
    ["", "Teacher"],
]


@pytest.mark.parametrize("roles", LEARNERS[:2])
def test_who_learns_there_may_put_nothing_and_gets_a_way_back(school, roles):
    browser = school.ask(claims={CORE + "roles": roles})
    assert browser.page.status_code == 403
    assert "Only those who teach or shape this course" in browser.says()
    assert "frame-ancestors 'self' https://lms.example" in browser.page.headers["Content-Security-Policy"]
    _, claims = school.verified(browser.page)
    assert claims[DL + "content_items"] == []
    assert claims[DL + "errormsg"].startswith("Only those")
    assert claims[DL + "errorlog"].startswith("coplink reference ")
    assert browser.get("/me").status_code == 303, "there is a session"


def test_nobody_else_may_either(school):
    for roles in LEARNERS[2:]:
        assert school.ask(claims={CORE + "roles": roles}).page.status_code == 403, roles


def test_who_leads_the_course_or_makes_its_content_may(school):
    for role in ("Instructor", "Administrator", "Manager", "ContentDeveloper"):
        for known in (f"{MEMBERSHIP}#{role}", role):
            assert school.ask(claims={CORE + "roles": [known]}).page.status_code == 303, known


UNANSWERABLE = [
    {"deep_link_return_url": None},
    {"deep_link_return_url": ""},
    {"deep_link_return_url": 7},
    {"deep_link_return_url": "http://lms.example/back"},
    {"deep_link_return_url": "javascript:alert(1)"},
    {"deep_link_return_url": "//lms.example/back"},
    {"deep_link_return_url": "https://evil.example/back"},
    {"deep_link_return_url": "https://lms.example@evil.example/"},
    {"deep_link_return_url": "https://lms.example.evil.example/"},
    {"deep_link_return_url": "https://lms.example:444/"},
    {"deep_link_return_url": "https://lms.example/a b"},
    {"deep_link_return_url": "https://lms.example/" + "x" * 8000},
    {"accept_types": None},
    {"accept_types": "ltiResourceLink"},
    {"accept_types": [None]},
    {"accept_multiple": "true"},
    {"accept_presentation_document_targets": "iframe"},
    {"data": {"a": "x" * 32_001}},
    {"data": "x" * 32_001},
    {"title": ["x"]},
]


def test_settings_that_cannot_be_answered_are_refused_without_a_session(school):
    for settings in UNANSWERABLE:
        browser = school.ask(settings)
        assert browser.page.status_code == 401, settings
        assert "evil.example" not in browser.page.text
        assert browser.get("/me").status_code == 303, "there is a session"


def test_a_request_without_settings_is_refused(school):
    for settings in (None, [], "x"):
        browser = school.launch(
            {CORE + "message_type": "LtiDeepLinkingRequest", DL + "deep_linking_settings": settings},
            "/deep-linking",
        )
        assert browser.page.status_code == 401


@pytest.mark.parametrize("kind", ["LtiDataPrivacyLaunchRequest", "LtiSubmissionReviewRequest"])
def test_other_kinds_of_messages_are_refused(school, kind):
    assert school.launch({CORE + "message_type": kind}).page.status_code == 401


def test_somebody_from_elsewhere_finds_nothing_of_it(site, school, another_school, key):
    south = another_school
    browser = south.choosing()
    assert "There is no community yet" in browser.says()
    assert school.put(browser, key, "community").status_code == 404
    for path in ("", "/meetings/next", f"/library/{key[:8]}-Plan.xlsx", "/lists/x"):
        assert browser.get(f"/c/{key}{path}").status_code == 404
        opened = south.launch(target=f"/c/{key}{path}", claims={CORE + "resource_link": {"id": "placed"}})
        assert opened.follow().status_code == 404


def test_what_was_asked_for_lasts_an_hour_and_belongs_to_its_session(site, school, key):
    browser = school.choosing()
    school.launch(browser=browser)  # the same browser comes in again, for something else
    assert browser.get("/deep-linking").status_code == 404
    browser = school.choosing()
    assert site.browser().get("/deep-linking").status_code == 303
    stale = browser.secret()
    site.clock.pass_by(minutes=40)
    assert browser.get("/deep-linking").status_code == 200
    site.clock.pass_by(minutes=21)
    assert school.put(browser, key, "community", csrf=stale).status_code == 404
    assert "Nothing is being put into a course right now" in browser.says()


def test_a_form_from_elsewhere_puts_nothing(school, key):
    browser = school.choosing()
    assert (
        browser.post(
            "/deep-linking", {"community": key, "pick": "community", "do": "put"}, secret="x"
        ).status_code
        == 403
    )


def test_a_deployment_closed_meanwhile_gets_no_answer(site, school, key):
    known, now = school.platform.deployment_id, site.clock.now()
    browser = school.choosing()
    for meanwhile in (
        lambda uow: uow.platforms.put_deployment(Deployment("reg-here", known, site.here.id)),
        lambda uow: uow.platforms.put_deployment(Deployment("reg-here", known, site.here.id, now)),
        lambda uow: uow.platforms.put(
            replace(uow.platforms.get("reg-here"), state=RegistrationState.DISABLED)
        ),
    ):
        assert browser.get("/deep-linking").status_code == 200
        with site.services.begin() as uow:
            meanwhile(uow)
            approved = uow.platforms.deployment("reg-here", known).approved_at
            disabled = uow.platforms.get("reg-here").state is RegistrationState.DISABLED
            uow.commit()
        expected = 200 if approved and not disabled else 404
        assert school.put(browser, key, "community").status_code == expected


def test_a_student_is_told_in_a_browser_that_somebody_else_uses_as_well(site, school, another_school, key):
    browser = another_school.choosing()
    school.ask(claims={CORE + "roles": ["Learner"]}, browser=browser)
    assert browser.page.status_code == 403
    assert "Only those who teach" in browser.says()
