"""A guest presenter's one page, and the links on the page of meetings."""

from __future__ import annotations

import pytest

from coplink.testing.beginnings import once

WORDS = {"meeting": "2026-12-02", "name": "Pat <b>Moreau</b>"}


@pytest.fixture
@once
def asked(site):
    """Ana leads, Ben belongs; Pat is asked to the first meeting. The browsers, the community, Pat's address."""
    ana, ben, key, _ = site.joined_by_link()
    ana.get(f"/c/{key}/meetings")
    for _ in range(2):
        assert ana.post(f"/c/{key}/presenters", WORDS).status_code == 303
    ana.get(f"/c/{key}/meetings")
    [address] = [one["value"] for one in ana.soup().select("#presenters ~ ul input[readonly]")]
    return ana, ben, key, "/g/" + address.rpartition("/")[2]


def test_whoever_has_the_link_sees_that_meeting_without_an_account(site, asked):
    _, _, key, address = asked
    pat = site.browser()
    assert pat.get(address).status_code == 200
    assert "For Pat <b>Moreau</b>, who comes as a guest" in pat.says()
    assert "Reading in every subject" in pat.says()
    assert "Wed 2 Dec 2026, 16:00 Los Angeles" in pat.says()
    assert "45 minutes" in pat.says()
    assert [one.get_text() for one in pat.soup().select("main a[target=_blank]")] == ["Pin Board"]
    assert pat.page.headers["Cache-Control"] == "no-store"
    assert not pat.page.headers.getlist("Set-Cookie"), "no session begins"
    assert key not in pat.page.text
    assert not {"Ana", "Ben"} & set(pat.says().split())


def test_the_time_is_shown_in_the_zone_they_choose(site, asked):
    _, _, _, address = asked
    pat = site.browser()
    pat.get(f"{address}?zone=Europe/Berlin")
    assert "Thu 3 Dec 2026, 01:00 Berlin" in pat.says()
    assert "Wed, 16:00 Los Angeles" in pat.says()
    for odd in ("Nowhere/There", "../../etc", "x" * 900, "%00"):
        assert pat.get(address, query_string={"zone": odd}).status_code == 200
        assert "16:00 Los Angeles" in pat.says()


def test_nothing_else_opens_by_it(site, asked):
    _, _, key, address = asked
    pat, stranger = site.browser(), site.browser()
    pat.get(address)
    token = address.rpartition("/")[2]
    for path in (f"/c/{key}", f"/c/{key}/meetings", f"/c/{key}/people", f"/c/{key}/library", "/me", "/admin"):
        assert pat.get(path).status_code == stranger.get(path).status_code == 303
    assert pat.get(f"/i/{token}").status_code == 410
    assert pat.get(f"/feed/{token}.ics").status_code == 404
    assert pat.get(f"/admin/claim/{token}").status_code == 410
    zoe = site.enter("zoe", course=None)
    zoe.get(address)
    for path in (f"/c/{key}", f"/c/{key}/invitation", f"/c/{key}/meetings"):
        assert zoe.get(path).status_code == 404
    zoe.get("/me")
    assert zoe.post(f"/c/{key}/join").status_code == 404


def test_it_is_closed_by_a_facilitator_and_listed_for_nobody_else(site, asked):
    ana, ben, key, address = asked
    ben.get(f"/c/{key}/meetings")
    assert "Guest presenters" not in ben.says()
    assert address not in ben.page.text
    ana.get(f"/c/{key}/meetings")
    revoke = ana.soup().select_one('form[action*="/presenters/"]')["action"]
    ben.get(f"/c/{key}/people")
    assert ben.post(revoke).status_code == 404
    assert ben.post(f"/c/{key}/presenters", WORDS).status_code == 404
    assert site.browser().get(address).status_code == 200
    ana.get(f"/c/{key}/meetings")
    for _ in range(2):
        assert ana.post(revoke).status_code == 303
    pat = site.browser()
    assert pat.get(address).status_code == 404
    assert "This link is not open" in pat.says()
    ana.get(f"/c/{key}/meetings")
    assert not ana.soup().select('form[action*="/revoke"]')


def test_it_ends_by_itself_an_hour_after_the_meeting(site, asked):
    _, _, _, address = asked
    pat = site.browser()
    site.clock.at = site.clock.at.replace(month=12, day=3, hour=1, minute=44)
    assert pat.get(address).status_code == 200
    site.clock.pass_by(minutes=1)
    assert pat.get(address).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [{"meeting": "2026-12-30"}, {"meeting": "x"}, {"meeting": ""}, {"name": ""}, {"name": "x" * 81}],
)
def test_what_cannot_be_is_a_sentence(asked, changed):
    ana, _, key, _ = asked
    ana.get(f"/c/{key}/meetings")
    sent = {**WORDS, **changed}
    assert ana.post(f"/c/{key}/presenters", sent).status_code == 400
    form = ana.soup().select_one(f'form[action="/c/{key}/presenters#presenters"]')
    assert form.select_one("[role=alert]").get_text(strip=True)
    assert form.select_one("[name=name]")["value"] == sent["name"], "what was typed is not lost"
    chosen = [one["value"] for one in form.select("option[selected]")]
    assert chosen == ([sent["meeting"]] if "meeting" not in changed else [])
    ana.get(f"/c/{key}/meetings")
    assert len(ana.soup().select("#presenters ~ ul li")) == 1


def test_the_history_tells_the_day_in_words(asked):
    ana, _, key, _ = asked
    ana.get(f"/c/{key}/history")
    assert "asked a guest to present on 2 December 2026" in ana.says()
