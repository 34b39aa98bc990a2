"""Names that are markup, hooks, feeds, my page, trouble with places, and errors nobody foresaw."""

from __future__ import annotations

from datetime import date

import icalendar
import pytest

from coplink.core.artifacts import FileFact
from coplink.core.roster import Listed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import handing_over, join
from coplink.ports.errors import PolicyForbids
from coplink.testing.beginnings import once
from coplink.testing.pinboard import Board

MARKUP = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}%s%(name)s'


@pytest.fixture
@once
def lively(site):
    """A community in which every name and title is markup."""
    site.roster.people = [Listed("ben", MARKUP, "ben@school.example")]
    ana = site.enter("ana", leads=True, name=MARKUP, title=MARKUP)
    places = site.places()
    both = [places["Riverbend/pinboard"], places["Lakeside/pinboard"]]
    key = site.found(ana, name=MARKUP[:80], about=MARKUP, audience=MARKUP, hopes=MARKUP, places=both)
    site.boards.setdefault("Riverbend", Board()).files.append(
        FileFact(
            "f1", MARKUP, "https://files.example/1", site.clock.now(), site.clock.now(), "1", None, MARKUP
        )
    )
    site.jobs.run_until_idle()
    return ana, key


def test_a_name_that_is_markup_stays_a_name_everywhere(site, lively):
    ana, key = lively
    ana.get(f"/c/{key}/people")
    ana.post(f"/c/{key}/links", {"institution": site.here.id})
    ana.get(f"/c/{key}/people")
    link = "/i/" + ana.soup().select_one("input[readonly]")["value"].rpartition("/")[2]
    shown = 0
    pages = [
        "/?all=1",
        "/me",
        "/found",
        *(f"/c/{key}{p}" for p in ("", "/people", "/places", "/library", "/meetings")),
    ]
    pages += [f"/c/{key}/history", f"/c/{key}/leave", f"/c/{key}/invitation"]
    admin, stranger = site.admin(site.there), site.browser()
    for browser, path in [*((ana, p) for p in pages), (admin, "/admin"), (stranger, link)]:
        assert browser.get(path).status_code == 200, path
        page = browser.soup()
        assert not page.find_all("img"), path
        assert all(script.get("src") for script in page.find_all("script")), path
        assert "49" not in page.get_text(), path
        shown += "<script>alert(2)</script>" in page.get_text()
    assert shown > 6
    ana.get("/found")
    ana.post(
        "/found/preview", site.answers(name=MARKUP[:80], about=MARKUP, breaks=f"2026-12-21 {MARKUP[:50]}")
    )
    assert ana.page.status_code == 200
    assert not ana.soup().find_all("img")
    ana.get("/found")
    ana.post("/found/preview", site.answers(breaks=MARKUP))
    assert ana.page.status_code == 400
    assert not ana.soup().find_all("img")


def test_a_hint_marks_work_and_says_nothing(site, lively):
    _, key = lively
    browser = site.browser()
    with site.services.begin() as uow:
        space = next(s for s in uow.spaces.of(key) if s.institution == site.here.id)
        subscription, secret = uow.watches.of(space.id)
        before = uow.work.state(Kind.COLLECT, space.id).generation
    assert subscription.remote == "bell-1"
    hook = f"/hook/pinboard/{space.id}"
    generation = before
    for path, headers, marks in (
        (hook, {"X-Bell": "wrong"}, False),
        (hook, {}, False),
        ("/hook/pinboard/nothing", {"X-Bell": secret}, False),
        (f"/hook/harbour/{space.id}", {"X-Bell": secret}, False),
        (hook, {"X-Bell": secret}, True),
    ):
        answer = browser.client.post(
            path, data=b'{"what": "ever"}', headers=headers, base_url="http://127.0.0.1:8080"
        )
        assert (answer.status_code, answer.data) == (202, b"")
        with site.services.begin() as uow:
            generation, last = uow.work.state(Kind.COLLECT, space.id).generation, generation
        assert (generation > last) is marks, (path, headers)
    echo = browser.client.post(f"{hook}?validationToken=a%20b", base_url="http://127.0.0.1:8080")
    assert (echo.status_code, echo.text, echo.mimetype) == (200, "a b", "text/plain")
    much = browser.client.post(hook, data=b"x" * 300_000, base_url="http://127.0.0.1:8080")
    assert much.status_code == 413


@pytest.mark.parametrize(
    "path", ["/c/a%00b", "/i/%00", "/door/pinboard/%01", "/hook/pinboard/%00", "/c/%E2%80%A8"]
)
def test_an_address_with_characters_of_no_address_is_not_there(site, path):
    ana = site.enter("ana")
    answer = ana.get(path)
    assert answer.status_code == 404
    assert "There is nothing here for you" in ana.says()


def test_a_feed_is_made_read_by_a_calendar_and_closed(site):
    site.roster.people = [Listed("ben", "Ben", "ben@school.example")]
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/meetings")
    ana.post(f"/c/{key}/feed")
    ana.follow()
    address = ana.soup().select_one("#feed-address")["value"]
    path = address.removeprefix("http://127.0.0.1:8080")
    machine = site.browser()
    answer = machine.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    entries = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert [e.get("DTSTART").dt.date() for e in entries][:3] == [
        date(2026, 12, 2),
        date(2026, 12, 16),
        date(2026, 12, 30),
    ]
    assert [str(e["STATUS"]) for e in entries][:3] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert machine.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "no-store" not in answer.headers["Cache-Control"]
    ana.get(f"/c/{key}/meetings")
    ana.post(f"/c/{key}/feed")
    ana.follow()
    assert ana.soup().select_one("#feed-address")["value"] == address, "one for each person"
    ana.post(f"/c/{key}/feed/revoke")
    assert machine.get(path).status_code == 404
    ana.follow()
    ana.post(f"/c/{key}/feed")
    ana.follow()
    fresh = ana.soup().select_one("#feed-address")["value"].removeprefix("http://127.0.0.1:8080")
    assert fresh != path
    ana.get(f"/c/{key}")
    assert ana.post(f"/c/{key}/pause").status_code == 400, "somebody has to lead"
    with site.services.begin() as uow:
        ben = next(m.person for m in uow.communities.memberships(key) if not m.role.leads)
        community, person = uow.communities.get(key), uow.people.get(ben)
        join.accept(uow, site.services.sealer, community, person, site.clock.now())
        uow.commit()
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/people/{ben}/role", {"role": "co-facilitator"}).status_code == 303
    with site.services.begin() as uow:
        handing_over.answer(uow, community, person, True, site.clock.now())
        uow.commit()
    ana.get(f"/c/{key}")
    ana.post(f"/c/{key}/pause")
    assert machine.get(fresh).status_code == 404, "it closes when its owner steps out"


def test_a_place_that_is_stuck_says_who_can_change_it_and_can_be_tried_again(site):
    ana = site.enter("ana", leads=True)
    site.services.connection("pinboard", {"room": "Riverbend", "key": "x"})
    forbidden = PolicyForbids(say("Pins are not allowed in this room."), "caretaker", "pins")
    site.boards["Riverbend"].trouble["spaces.frame"] = [forbidden]
    key = site.found(ana)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/places")
    assert "Pins are not allowed in this room. Who can change it: caretaker." in ana.says()
    assert ana.soup().select_one("progress")["value"] == "50"
    again = ana.soup().select_one('form[action$="/again"]')["action"]
    ana.get(f"/c/{key}")
    assert "Needs someone" in ana.says()
    ana.post(again)
    ana.follow()
    assert "coplink is making the places" in ana.says()
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/places")
    assert "Every place is ready." in ana.says()


def test_my_page_keeps_suite_and_zone_and_links_another_door(site):
    ana = site.enter("ana")
    ana.get("/me")
    assert "You are invited to meetings in Pin Board." in ana.says()
    ana.post("/me/home", {"home": "pinboard", "zone": "Europe/Berlin"})
    ana.follow()
    assert ana.soup().select_one("#zone option[selected]").get_text() == "Europe/Berlin"
    assert ana.post("/me/home", {"home": "harbour", "zone": ""}).status_code == 400
    ana.get("/me")
    assert ana.post("/me/home", {"zone": "Nowhere/Land"}).status_code == 400
    ana.get("/me")
    ana.post("/me/code")
    code = ana.soup().select_one("#my-code")["value"]
    other = site.enter("ana-again", account=None, realm="gate")
    other.get("/me")
    assert other.post("/me/link", {"code": "made up"}).status_code == 400
    assert "not valid any more" in other.says()
    old = other.client.get_cookie("__Host-coplink", domain="127.0.0.1").value
    asked = other.post("/me/link", {"code": code})
    assert asked.status_code == 200
    assert "Say yes only if you fetched the code yourself" in other.says()
    other.post("/me/link", {"code": code, "sure": "yes"})
    assert other.client.get_cookie("__Host-coplink", domain="127.0.0.1").value != old
    other.follow()
    assert "Europe/Berlin" in other.page.text, "both are one person now"
    stranger = site.enter("cy", site.there)
    stranger.get("/me")
    assert stranger.post("/me/link", {"code": code}).status_code == 400


def test_what_nobody_foresaw_is_a_page_with_a_reference_and_no_detail(site, monkeypatch):
    ana = site.enter("ana")
    with site.services.begin() as uow:
        kind = type(uow.communities)

    def broken(*_):
        raise RuntimeError("secret detail of the inside")

    monkeypatch.setattr(kind, "of_person", broken)
    answer = ana.get("/")
    assert answer.status_code == 500
    assert "Something went wrong inside coplink." in ana.says()
    assert "secret detail" not in answer.text
    assert len(ana.soup().select_one("strong.code").get_text()) == 8
    assert answer.headers["Content-Security-Policy"]


def test_when_the_database_is_gone_the_pages_say_so(site):
    site.services.storage = _Gone()
    browser = site.browser()
    assert browser.get("/ready").status_code == 503
    assert browser.get("/alive").status_code == 200
    answer = browser.get("/sign-in")
    assert answer.status_code == 500
    assert "reference" in browser.says()
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


class _Gone:
    """A database that does not answer."""

    def begin(self):
        raise OSError("no such host")
