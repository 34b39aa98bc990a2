"""A facilitator founds a community, the places are made, and members join: through pages alone."""

from __future__ import annotations

import pytest


def test_nobody_is_sent_to_the_doors(site):
    browser = site.browser()
    assert browser.get("/").location == "/sign-in"
    browser.follow()
    says = browser.says()
    assert "Riverbend" in says
    assert "Lakeside" in says
    assert browser.soup().select_one('a[href^="/door/harbour/"]')
    assert "the staff room" in says


def test_from_four_answers_to_a_living_community(site):
    ana = site.enter("ana", leads=True)
    assert ana.page.location == "/"
    ana.follow()
    assert "Found a community" in ana.says()

    form = ana.get("/found")
    assert form.status_code == 200
    assert "Pin Board Riverbend" in ana.says()
    assert "Open coplink from a course in Harbour" in ana.says()

    both = list(map(site.places().get, ("Riverbend/pinboard", "Lakeside/pinboard")))
    preview = ana.post("/found/preview", site.answers(places=both))
    assert preview.status_code == 200, ana.says()
    says = ana.says()
    assert "It will be called Literacy" in says
    assert "board frame" in says
    assert "Waits until the connection admin of Lakeside agrees." in says
    assert [s.get_text() for s in ana.soup().select("s")] == ["Wed 30 Dec 2026, 16:00"]
    assert "Winter break" in says
    with site.services.begin() as uow:
        assert not uow.communities.all(), "a preview makes nothing"

    sent = {i["name"]: [] for i in ana.soup().select('form[action="/found"] input')}
    for field in ana.soup().select('form[action="/found"] input'):
        sent[field["name"]].append(field["value"])
    ana.post("/found", sent)
    places = ana.page.location
    ana.get(places)
    assert "coplink is making the places" in ana.says()
    assert ana.soup().select_one("#progress")["hx-trigger"] == "every 2s"
    assert "Waiting for Lakeside to agree." in ana.says()
    site.jobs.run_until_idle()
    ana.get(places)
    assert "coplink is making" not in ana.says()
    assert ana.soup().select_one('a[href="https://pinboard.example/board-1"]')

    home = ana.get(places.removesuffix("/places"))
    assert home.status_code == 200
    assert "Wed 2 Dec, 16:00" in ana.says()
    assert "1 person" in ana.says()

    ben = site.enter("ben")
    assert ben.get(places.removesuffix("/places")).status_code == 404, (
        "nobody is a member by being in a course"
    )


def test_a_facilitator_sees_invited_people_and_a_member_joins(site):
    from coplink.core.roster import Listed

    site.roster.people = [
        Listed("ana", "Ana", "ana@school.example", leads=True),
        Listed("ben", "Ben <b>", "ben@school.example"),
    ]
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/people")
    assert "Ben <b>" in ana.says()
    assert "Invited, not joined" in ana.says()


@pytest.mark.parametrize("path", ["", "/places", "/people", "/library", "/meetings", "/history"])
def test_every_page_of_a_community_answers(site, path):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    page = ana.get(f"/c/{key}{path}")
    assert page.status_code == 200, ana.says()
    assert len(ana.soup().find_all("h1")) == 1
    current = [a["href"] for a in ana.soup().select("nav [aria-current=page]")]
    assert current == ([f"/c/{key}{path}"] if path != "/history" else [])
