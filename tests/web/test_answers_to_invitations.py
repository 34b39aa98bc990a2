"""Join, no thanks, pause, come back, leave; and a "no" that nobody else can see anywhere."""

from __future__ import annotations

import re

import pytest

from coplink.core.roster import Listed
from coplink.testing.beginnings import once


@pytest.fixture
@once
def invited(site):
    """A community with a facilitator, a member, and two people of the roster who are invited."""
    site.roster.people = [
        Listed(one, one.title(), f"{one}@school.example") for one in ("ana", "ben", "cy", "dee")
    ]
    ana, ben, key, link = site.joined_by_link()
    return ana, ben, key, link


def still(text):
    """A page without what is different each time it is asked for: form secrets."""
    return re.sub(r'(name="csrf" value="|X-CSRF-Token": ")[^"]*', r"\1", text)


def everything_seen(browser, key):
    pages = (
        "/?all=1",
        "/me",
        *(f"/c/{key}{p}" for p in ("", "/people", "/places", "/library", "/meetings", "/history")),
    )
    return {path: still(browser.get(path).text) for path in pages}


def test_a_no_leaves_every_page_of_everybody_else_as_it_was(site, invited):
    ana, ben, key, link = invited
    cy, admin = site.browser(), site.admin()
    cy.get(link)
    site.enter("cy", browser=cy)
    before = {who: everything_seen(b, key) for who, b in (("ana", ana), ("ben", ben))}
    admin_before = still(admin.get("/admin").text)
    cy.get(f"/c/{key}/invitation")
    answer = cy.post(f"/c/{key}/decline")
    assert answer.status_code == 200
    assert "Nobody is told." in cy.says()
    site.jobs.run_until_idle()
    assert before == {who: everything_seen(b, key) for who, b in (("ana", ana), ("ben", ben))}
    assert admin_before == still(admin.get("/admin").text)
    dee = site.browser()
    dee.get(link)
    site.enter("dee", browser=dee)
    dee.get(f"/c/{key}/invitation")
    assert "You said no" not in dee.says()


def test_a_no_by_someone_on_the_roster_is_shown_to_them_alone_and_can_be_taken_back(site, invited):
    _, _, key, _ = invited
    from coplink.core.people import Role
    from coplink.engine import join

    cy = site.enter("cy")
    with site.services.begin() as uow:
        join.offer(uow, key, site.person("cy"), Role.MEMBER, site.clock.now())
        uow.commit()
    site.enter("cy", browser=cy)
    assert cy.follow().location == f"/c/{key}/invitation", "the one invitation of this course"
    cy.follow()
    cy.post(f"/c/{key}/decline")
    cy.get("/")
    assert "You said no thanks to Literacy" in cy.says()
    assert "You are invited" not in cy.says()
    cy.get(f"/c/{key}/invitation")
    assert "Only you can see that" in cy.says()
    assert "No thanks" not in [button.get_text() for button in cy.soup().find_all("button")]
    cy.post(f"/c/{key}/join")
    assert cy.follow().status_code == 200
    cy.get("/")
    assert "said no" not in cy.get("/?all=1").text


def test_a_no_with_a_link_alone_can_be_taken_back_through_the_link(site, invited):
    _, _, key, link = invited
    cy = site.browser()
    cy.get(link)
    site.enter("cy", browser=cy, course=None)
    cy.get(f"/c/{key}/invitation")
    cy.post(f"/c/{key}/decline")
    assert cy.get(f"/c/{key}/invitation").status_code == 404
    cy.get(link)
    cy.follow()
    assert "You said no thanks. Only you can see that." in cy.says()
    assert cy.post(f"/c/{key}/join").status_code == 303


def test_pause_come_back_leave_and_come_back(site, invited):
    _, ben, key, _ = invited
    ben.get(f"/c/{key}")
    ben.post(f"/c/{key}/pause")
    ben.follow()
    ben.get(f"/c/{key}/invitation")
    assert "You are taking a break" in ben.says()
    ben.post(f"/c/{key}/join")
    ben.get(f"/c/{key}/leave")
    assert "You give up your seat in every place." in ben.says()
    ben.get(f"/c/{key}/library")
    assert ben.soup().select_one(f'footer form[action="/c/{key}/leave"] button'), "one click, from every page"
    ben.post(f"/c/{key}/leave")
    assert "You left" in ben.says()
    assert ben.soup().select_one(f'main form[action="/c/{key}/join"] button').get_text() == "Come back"
    assert ben.get(f"/c/{key}/people").status_code == 404
    ben.get(f"/c/{key}/invitation")
    assert "Come back" in ben.says()
    ben.post(f"/c/{key}/join")
    assert ben.follow().status_code == 200


def test_the_last_facilitator_cannot_leave_and_is_told_why(site, invited):
    ana, _, key, _ = invited
    ana.get(f"/c/{key}/leave")
    assert ana.post(f"/c/{key}/leave").status_code == 400
    assert "Hand over first" in ana.says()


def test_an_answer_after_joining_is_a_sentence(site, invited):
    _, ben, key, _ = invited
    ben.get(f"/c/{key}")
    assert ben.post(f"/c/{key}/decline").status_code == 400
    assert "You have answered already." in ben.says()


def test_a_link_is_made_once_shown_again_and_revoked(site, invited):
    ana, ben, key, link = invited
    ana.get(f"/c/{key}/people")
    ana.post(f"/c/{key}/links", {"institution": site.here.id})
    ana.get(f"/c/{key}/people")
    shown = [field["value"] for field in ana.soup().select("input[readonly]")]
    assert shown == [f"http://127.0.0.1:8080{link}"], "the open one again"
    revoke = ana.soup().select_one('form[action$="/revoke"]')["action"]
    refused = ben.get("/me") and ben.post(revoke)
    assert refused.status_code == 404
    ana.get(f"/c/{key}/people")
    ana.post(revoke)
    cy = site.browser()
    assert cy.get(link).status_code == 410
    assert "no longer open" in cy.says()
    assert ben.get(f"/c/{key}").status_code == 200, "who joined with it stays"
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/links", {"institution": "nothing"}).status_code == 404


def test_a_link_expires(site, invited):
    _, _, _, link = invited
    site.clock.pass_by(days=31)
    assert site.browser().get(link).status_code == 410


@pytest.mark.parametrize("pasted", ["{token}", "http://127.0.0.1:8080{link}", "  {link}/ "])
def test_an_invitation_can_be_pasted(site, invited, pasted):
    _, _, _, link = invited
    cy = site.enter("cy")
    code = pasted.format(link=link, token=link.rpartition("/")[2])
    assert cy.get("/i", query_string={"code": code}).location == link


@pytest.mark.parametrize("pasted", ["", "/", "not a link!", "https://evil.example/<script>", "x" * 900])
def test_what_is_no_invitation_is_a_sentence(site, pasted):
    cy = site.enter("cy")
    answer = cy.get("/i", query_string={"code": pasted})
    assert answer.status_code == 400 or cy.follow().status_code == 410
