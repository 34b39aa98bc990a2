"""The list of people by institution, contacts, and the page on which an admin withdraws their institution."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.engine import connect, join
from coplink.testing.beginnings import once

REASON = "No time this year <b>& next</b>"


@pytest.fixture
@once
def both(site):
    """A community of Ana's at Riverbend, in which Lakeside takes part with Lee, who facilitates too."""
    places = site.places()
    ana = site.enter("ana", leads=True)
    key = site.found(ana, places=[places["Riverbend/pinboard"], places["Lakeside/pinboard"]])
    kim = site.admin(site.there)
    kim.get("/admin")
    assert kim.post(f"/admin/communities/{key}/agree").status_code == 303
    lee = site.enter("lee", at=site.there)
    mia = site.enter("mia", at=site.there)
    for subject, browser in (("lee", lee), ("mia", mia)):
        with site.services.begin() as uow:
            join.offer(uow, key, site.person(subject, site.there), Role.CO_FACILITATOR, site.clock.now())
            uow.commit()
        browser.get(f"/c/{key}/invitation")
        assert browser.post(f"/c/{key}/join").status_code == 303
    site.jobs.run_until_idle()
    return ana, lee, mia, kim, key


def test_people_are_listed_by_institution_with_its_contact(site, both):
    ana, lee, mia, kim, key = both
    lee.get(f"/c/{key}/people")
    headings = [
        " ".join(one.get_text(" ").split()) for one in lee.soup().select("section[aria-labelledby=joined] h3")
    ]
    assert headings == ["Lakeside 2", "Riverbend 1"]
    assert lee.says().count("Nobody is the contact") == 1, "only one's own institution is offered"
    for _ in range(2):
        assert lee.post(f"/c/{key}/contact", {"do": "take"}).status_code == 303
    lee.get(f"/c/{key}/people")
    assert "Contact: Lee" in lee.says()
    assert "Be the contact no more" in lee.says()
    mia.get(f"/c/{key}/people")
    assert "Contact: Lee" in mia.says()
    assert "Be the contact" not in mia.says()
    assert mia.post(f"/c/{key}/contact", {"do": "take"}).status_code == 400
    assert "Lee is the contact of your institution" in mia.says()
    mia.get(f"/c/{key}/people")
    assert mia.post(f"/c/{key}/contact", {"do": "give"}).status_code == 403
    ana.get(f"/c/{key}/people")
    assert "Contact: Lee" in ana.says()
    mia.get(f"/c/{key}/people")
    mia.post(f"/c/{key}/pause")
    mia.get(f"/c/{key}/invitation")
    assert "Lee of your own institution is whom to ask" in mia.says()
    for browser in (lee, ana):
        browser.get(f"/c/{key}/invitation")
        assert "whom to ask" not in browser.says(), "who asks themselves, or somebody of another institution"
    kim.get("/admin")
    assert "Contact: Lee" in kim.says()
    site_admin = site.admin()
    site_admin.get("/admin")
    assert "Contact" not in site_admin.says(), "the contact of another institution is not theirs"
    lee.get(f"/c/{key}/people")
    lee.post(f"/c/{key}/contact", {"do": "give"})
    kim.get("/admin")
    assert "Contact" not in kim.says()


@pytest.mark.parametrize("do", ["", "drop", "x" * 400])
def test_another_word_is_a_sentence(both, do):
    _, lee, _, _, key = both
    lee.get(f"/c/{key}/people")
    assert lee.post(f"/c/{key}/contact", {"do": do}).status_code == 400


def test_who_does_not_belong_is_no_contact(site, both):
    ana, lee, _, _, key = both
    outsider = site.enter("zoe", at=site.there, course=None)
    outsider.get("/me")
    assert outsider.post(f"/c/{key}/contact", {"do": "take"}).status_code == 404
    lee.get(f"/c/{key}/people")
    lee.post(f"/c/{key}/pause")
    assert lee.post(f"/c/{key}/contact", {"do": "take"}).status_code == 404
    ana.get(f"/c/{key}/people")
    assert "Contact:" not in ana.says()


def test_withdrawing_is_explained_done_once_told_to_each_and_taken_back(site, both):
    ana, lee, mia, kim, key = both
    page = f"/admin/communities/{key}/withdraw"
    kim.get("/admin")
    assert kim.soup().select_one(f'a[href="{page}"]')
    assert kim.get(page).status_code == 200
    assert "2 people of your institution pause" in kim.says()
    assert "coplink lets go of your places: Pin Board" in kim.says()
    assert lee.get(f"/c/{key}/people").status_code == 200, "a page that is looked at does nothing"

    for _ in range(2):
        kim.get("/admin")
        assert kim.post(page, {"reason": REASON}).status_code == 303
    site.jobs.run_until_idle()
    kim.get("/admin")
    assert "Kim withdrew your institution on" in kim.says()
    assert REASON in kim.says()
    assert "Agree again" in kim.says()
    assert kim.get(page).status_code == 200
    assert "does not take part" in kim.says()
    assert not kim.soup().select("textarea")

    for browser in (lee, mia):
        assert browser.get(f"/c/{key}").headers["Location"].endswith("/invitation")
        assert browser.get(f"/c/{key}/people").status_code == 404, "the others are none of their business now"
        browser.get(f"/c/{key}/invitation")
        assert "You pause, because your institution withdrew" in browser.says()
        assert "Lakeside withdrew from this community" in browser.says()
        assert "Kim, a connection admin there, decided it on" in browser.says()
        assert REASON in browser.says(), "as it was typed, and never as markup"
        assert "Come back" not in browser.says()
        browser.get("/?all=1")
        assert "paused by your institution" in browser.says()
        browser.get(f"/c/{key}/invitation")
        assert REASON in browser.says()
        assert "Join" not in [one.get_text() for one in browser.soup().find_all("button")]
        assert browser.post(f"/c/{key}/join").status_code == 400
        assert "does not take part in this community any more" in browser.says()
    ana.get(f"/c/{key}/history")
    assert f"Kim withdrew Lakeside from the community: “{REASON}”" in ana.says()
    ana.get(f"/c/{key}")
    assert "withdrew from this community" not in ana.says(), "it is not their institution"
    ana.get(f"/c/{key}/people/{site.person('lee', site.there).id}")
    assert "Takes a break by a decision of Lakeside, not by their own word." in ana.says()

    kim.get("/admin")
    assert kim.post(f"/admin/communities/{key}/agree").status_code == 303
    lee.get(f"/c/{key}/invitation")
    assert "takes part again" in lee.says()
    assert lee.post(f"/c/{key}/join").status_code == 303
    lee.get(f"/c/{key}/people")
    assert [
        " ".join(one.get_text(" ").split()) for one in lee.soup().select("section[aria-labelledby=joined] h3")
    ] == [
        "Lakeside 1",
        "Riverbend 1",
    ]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [("", "Say in a sentence why"), ("x" * 281, "Keep the reason under 280 characters")],
)
def test_a_reason_that_is_none_or_too_long_is_asked_for_again(both, reason, sentence):
    _, lee, _, kim, key = both
    kim.get(f"/admin/communities/{key}/withdraw")
    assert kim.post(f"/admin/communities/{key}/withdraw", {"reason": reason}).status_code == 400
    assert sentence in kim.says()
    assert kim.soup().select_one("textarea").get_text().strip() == reason
    assert lee.get(f"/c/{key}/people").status_code == 200
    lee.get(f"/c/{key}")
    assert "withdrew" not in lee.says()


def test_the_only_one_that_facilitates_is_told_what_to_do_first(site, both):
    ana, lee, mia, _, key = both
    for browser, subject in ((lee, "lee"), (mia, "mia")):
        browser.get(f"/c/{key}/people")
        me = site.person(subject, site.there).id
        assert browser.post(f"/c/{key}/people/{me}/role", {"role": "member"}).status_code == 303
    pat = site.admin()
    pat.get("/admin")
    assert pat.get(f"/admin/communities/{key}/withdraw").status_code == 200
    assert "shares the facilitation with somebody of another institution" in pat.says()
    assert not pat.soup().select("textarea")
    pat.get("/admin")
    assert pat.post(f"/admin/communities/{key}/withdraw", {"reason": "We go"}).status_code == 400
    assert ana.get(f"/c/{key}/announcements").status_code == 200
    ana.get(f"/c/{key}")
    assert "withdrew" not in ana.says()


def test_only_an_admin_of_it_sees_the_page_and_can_do_it(site, both):
    ana, lee, _, _, key = both
    page = f"/admin/communities/{key}/withdraw"
    for browser in (ana, lee):
        browser.get("/me")
        assert browser.get(page).status_code == 403
        browser.get("/me")
        assert browser.post(page, {"reason": "We go"}).status_code == 403
    with site.services.begin() as uow:
        third = connect.add_institution(uow, "Hilltop")
        uow.commit()
    stranger = site.admin(third)
    stranger.get("/admin")
    assert stranger.get(page).status_code == 404
    stranger.get("/admin")
    assert stranger.post(page, {"reason": "We go"}).status_code == 404
    lee.get(f"/c/{key}")
    assert "withdrew" not in lee.says()


def test_a_no_when_asked_is_told_and_keeps_its_people_out_until_it_agrees(site):
    places = site.places()
    ana = site.enter("ana", leads=True)
    key = site.found(ana, places=[places["Riverbend/pinboard"], places["Lakeside/pinboard"]])
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/links", {"institution": site.there.id}).status_code == 303
    ana.get(f"/c/{key}/people")
    link = (
        ana.soup().select_one('input[aria-label], li.link input[value*="/i/"]')["value"].partition("/i/")[2]
    )
    lee, late = site.browser(), site.browser()
    for subject, browser in (("lee", lee), ("zoe", late)):
        browser.get(f"/i/{link}")
        site.enter(subject, at=site.there, browser=browser)
        browser.get(f"/c/{key}/invitation")
    assert lee.post(f"/c/{key}/join").status_code == 303

    kim = site.admin(site.there)
    kim.get("/admin")
    assert "If you say no, nobody of yours is invited any more" in kim.says()
    assert kim.post(f"/admin/communities/{key}/refuse").status_code == 303
    kim.get("/admin")
    assert "Your institution said no. Kim decided it on 21 November 2026." in kim.says()
    assert "Agree again" not in kim.says()

    assert late.post(f"/c/{key}/join").status_code == 404, "the link leads nowhere any more"
    assert lee.get(f"/c/{key}/people").status_code == 404
    lee.get(f"/c/{key}/invitation")
    assert "You pause, because your institution does not take part" in lee.says()
    assert "Lakeside does not take part in this community" in lee.says()
    assert "Kim, a connection admin there, decided it on" in lee.says()
    assert "Come back" not in [one.get_text() for one in lee.soup().find_all("button")]
    assert lee.post(f"/c/{key}/join").status_code == 400
    assert "Your institution does not take part in this community." in lee.says()
    ana.get(f"/c/{key}/people")
    assert [one.get_text() for one in ana.soup().select("li.link h3")] == ["Riverbend"]
    assert ana.post(f"/c/{key}/links", {"institution": site.there.id}).status_code == 400
    assert "Lakeside does not take part in this community." in ana.says()
    ana.get(f"/c/{key}/invite")
    assert "Lakeside" not in ana.says()
    ana.get(f"/c/{key}/history")
    assert "Kim said that Lakeside does not take part" in ana.says()

    kim.get("/admin")
    assert kim.post(f"/admin/communities/{key}/agree").status_code == 303
    lee.get(f"/c/{key}/invitation")
    assert "You pause by a decision of your institution" in lee.says()
    assert lee.post(f"/c/{key}/join").status_code == 303
    assert lee.get(f"/c/{key}/people").status_code == 200
