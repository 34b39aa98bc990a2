"""Founding: each bad answer gets a sentence and keeps the others; twice is once; nothing is made by looking."""

from __future__ import annotations

import io
import threading

import pytest

BAD = {
    "no name": ({"name": " "}, "Give the community a name."),
    "a long name": ({"name": "x" * 81}, "Keep the name under 80 characters."),
    "no about": ({"about": ""}, "Say in a sentence what the community is about."),
    "a long about": ({"about": "x" * 281}, "Keep what it is about under 280 characters."),
    "no audience": ({"audience": ""}, "Say who the community is for."),
    "long hopes": ({"hopes": "x" * 2001}, "That answer is too long"),
    "no place": ({"places": []}, "Choose at least one place."),
    "a place that does not exist": ({"places": ["nothing"]}, "One of the places cannot be chosen here."),
    "no weekday": ({"days": []}, "Choose at least one weekday"),
    "a ninth weekday": ({"days": ["9"]}, "Choose at least one weekday"),
    "a weekday in words": ({"days": ["wednesday"]}, "Choose a weekday."),
    "zero weeks": ({"every_weeks": "0"}, "Choose at least one weekday and how many weeks"),
    "weeks in words": ({"every_weeks": "two"}, "Say how many weeks lie between meetings."),
    "arabic digits": ({"every_weeks": "٢"}, "Say how many weeks lie between meetings."),
    "no pattern": ({"pattern": "sometimes"}, "Choose how often the community meets."),
    "fifth weekday": ({"pattern": "nth", "nth": "5"}, "Choose first to fourth or last"),
    "thirteen months": ({"pattern": "nth", "every_months": "13"}, "Choose first to fourth or last"),
    "day 31": ({"pattern": "day", "month_day": "31"}, "Choose a day of the month from 1 to 28."),
    "no first day": ({"first": ""}, "Say on which day the meetings begin."),
    "30 February": ({"first": "2027-02-30"}, "Say on which day the meetings begin."),
    "the last before the first": ({"last": "2026-12-01"}, "The last date lies before the first."),
    "years ahead": ({"last": "2029-12-01"}, "Plan at most 18 months ahead"),
    "the year 9999": ({"first": "9999-12-31", "last": "9999-12-31"}, "The year 9999 is too far away."),
    "the year 1": ({"first": "0001-01-01"}, "The year 1 is too far away."),
    "no time": ({"at": ""}, "Say at what time the meetings begin"),
    "25 o'clock": ({"at": "25:00"}, "Say at what time the meetings begin"),
    "a time with a zone": ({"at": "16:00+02:00"}, "Say at what time the meetings begin"),
    "no minutes": ({"minutes": ""}, "Say how many minutes a meeting takes."),
    "two minutes": ({"minutes": "2"}, "A meeting takes between 5 minutes and a day."),
    "negative minutes": ({"minutes": "-5"}, "Say how many minutes a meeting takes."),
    "no zone": ({"zone": ""}, "Choose a time zone."),
    "an unknown zone": ({"zone": "Mars/Olympus"}, "The time zone “Mars/Olympus” is not known."),
    "a zone that is a path": ({"zone": "../../etc/passwd"}, "is not known."),
    "a break in words": ({"breaks": "around Christmas"}, "The break “around Christmas” is not understood."),
    "a break without such a day": ({"breaks": "2026-13-40"}, "A break has a date that does not exist."),
    "a break backwards": ({"breaks": "2027-01-02 to 2027-01-01 x"}, "ends before it begins"),
    "a hundred and one breaks": ({"breaks": "2026-12-21\n" * 101}, "Name at most 100 breaks."),
    "a broken calendar": ({"breaks": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:nonsense"}, "cannot be read"),
    "nothing but breaks": (
        {"breaks": "2026-12-01 to 2027-06-30 all"},
        "Every meeting would fall into a break.",
    ),
    "no meeting between": (
        {"first": "2026-12-03", "last": "2026-12-05"},
        "No meeting falls between these dates.",
    ),
    "too much agreed": ({"norms": "x" * 2001}, "Keep what is agreed under 2000 characters."),
    "no key": ({"key": ""}, "This form is damaged."),
    "a damaged key": ({"key": "../../../../x"}, "This form is damaged."),
}


@pytest.fixture
def ana(site):
    browser = site.enter("ana", leads=True)
    browser.get("/found")
    return browser


@pytest.mark.parametrize("address", ["/found/preview", "/found"])
def test_what_is_wrong_is_said_and_every_answer_kept(site, ana, address):
    wrong = []
    for what, (changed, sentence) in BAD.items():
        sent = site.answers(**changed)
        answer = ana.post(address, sent)
        page = ana.soup()
        said = page.select_one("[role=alert]")
        places = [box["value"] for box in page.select("[name=places][checked]")]
        kept = (
            page.select_one("#name")["value"] == sent["name"].strip()
            and page.select_one("#about").get_text().strip() == sent["about"]
            and page.select_one("#minutes")["value"] == sent["minutes"]
            and places == [place for place in sent["places"] if place != "nothing"]
        )
        if answer.status_code != 400 or said is None or sentence not in said.get_text() or not kept:
            wrong.append(f"{what}: {answer.status_code}, {said and said.get_text()}, kept: {kept}")
    assert not wrong, "\n".join(wrong)
    with site.services.begin() as uow:
        assert not uow.communities.all()


def test_the_same_form_twice_is_one_founding(site, ana):
    first = ana.post("/found", site.answers())
    second = ana.post("/found", site.answers(), secret=None)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    with site.services.begin() as uow:
        assert len(uow.communities.all()) == 1
    ana.get("/found")
    third = ana.post("/found", site.answers(key="fedcba9876543210"))
    assert third.location != first.location


@pytest.mark.postgres
def test_the_same_form_at_the_same_moment_is_one_founding_on_postgres(site_on_postgres):
    _four_at_once(site_on_postgres)


def test_the_same_form_at_the_same_moment_is_one_founding(site):
    _four_at_once(site)


def _four_at_once(site):
    ana = site.enter("ana", leads=True)
    ana.get("/found")
    secret = ana.secret()
    cookie = ana.client.get_cookie("__Host-coplink", domain="127.0.0.1").value
    together = threading.Barrier(4)
    seen = []

    def send():
        browser = site.browser()
        browser.client.set_cookie("__Host-coplink", cookie, domain="127.0.0.1")
        together.wait()
        seen.append(browser.post("/found", site.answers(), secret=secret).location)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    with site.services.begin() as uow:
        (key,) = uow.communities.all()
        assert len(uow.spaces.of(key)) == 1
        assert len(uow.communities.contexts(key)) == 1


def test_back_from_the_preview_keeps_every_answer(site, ana):
    ana.post("/found/preview", site.answers(hopes="Ideas & <b>courage</b>", pattern="nth", nth="-1"))
    sent = {}
    for field in ana.soup().select('form[action="/found"] input'):
        sent.setdefault(field["name"], []).append(field["value"])
    assert ana.post("/found/edit", sent).status_code == 200
    page = ana.soup()
    assert page.select_one("#hopes").get_text().strip() == "Ideas & <b>courage</b>"
    assert page.select_one("[name=pattern][checked]")["value"] == "nth"
    assert page.select_one("#nth option[selected]")["value"] == "-1"
    assert page.select_one("#breaks").get_text().strip() == "2026-12-21 to 2027-01-01 Winter break"
    assert [box["value"] for box in page.select("[name=days][checked]")] == ["2"]
    assert page.select_one("#zone option[selected]").get_text() == "America/Los_Angeles"


def test_a_school_calendar_becomes_lines_that_can_be_changed(site, ana):
    calendar = b"""BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261221\r
DTEND;VALUE=DATE:20270102\r\nSUMMARY:Winter Break\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""
    answers = site.answers(breaks="2027-02-15 Presidents", calendar=(io.BytesIO(calendar), "school.ics"))
    ana.post("/found/preview", answers, content_type="multipart/form-data")
    assert ana.page.status_code == 200, ana.says()
    field = ana.soup().select_one('form[action="/found"] [name=breaks]')
    assert field["value"] == "2027-02-15 Presidents\n2026-12-21 to 2027-01-01 Winter Break"
    assert "Winter Break" in ana.says()
    ana.get("/found")
    pasted = site.answers(breaks=calendar.decode())
    ana.post("/found/preview", pasted)
    assert (
        ana.soup().select_one('form[action="/found"] [name=breaks]')["value"]
        == "2026-12-21 to 2027-01-01 Winter Break"
    )


def test_a_place_elsewhere_waits_and_one_needs_a_course(site):
    ana = site.enter("ana", leads=True, asked={"course": "101"})
    ana.get("/found")
    offered = {box["value"] for box in ana.soup().select("[name=places]:not([disabled])")}
    assert offered == {key for name, key in site.places().items() if name != "Lakeside/harbour"}, (
        "a course of our school is no place at another"
    )
    ana.post("/found/preview", site.answers(places=[site.places()["Riverbend/harbour"]]))
    assert ana.page.status_code == 200
    assert "Harbour Riverbend" in ana.says()


def test_people_who_do_not_lead_a_course_are_told_where_to_found(site):
    ben = site.enter("ben")
    ben.get("/me")
    assert ben.post("/found", site.answers()).status_code == 403
    assert "Open coplink from a course you teach" in ben.says()


def test_control_characters_never_reach_the_database(site, ana):
    key = site.found(ana, name="Lite\x00racy\u2028 now", about="Reading\x00\x1b[31m", hopes="one\r\ntwo")
    with site.services.begin() as uow:
        community = uow.communities.get(key)
    assert community.name == "Literacy now"
    assert community.charter.about == "Reading[31m"
    assert community.charter.hopes == "one\ntwo"
