"""“Just listen in” on the invitation, and on one's own row in the list of people."""

from __future__ import annotations

import pytest

from coplink.testing.beginnings import once


@pytest.fixture
@once
def circle(site):
    """A community of Ana's with Ben, who takes part, and its invitation link."""
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}/people")
    ana.post(f"/c/{key}/links", {"institution": site.here.id})
    ana.get(f"/c/{key}/people")
    link = "/i/" + ana.soup().select_one("input[readonly]")["value"].rpartition("/")[2]
    ben = arriving(site, link, "ben")
    assert ben.post(f"/c/{key}/join").status_code == 303
    return ana, ben, key, link


def arriving(site, link, name):
    browser = site.browser()
    browser.get(link)
    site.enter(name, browser=browser)
    browser.get(link)
    browser.follow()
    return browser


def row_of(browser, name):
    """The words of one row in the list of people."""
    rows = [
        row for row in browser.soup().select("ul.people li") if row.select_one("strong").get_text() == name
    ]
    return " ".join(rows[0].get_text(" ").split())


def test_the_invitation_offers_to_just_listen_in_and_the_list_says_so(site, circle):
    ana, ben, key, link = circle
    cy = arriving(site, link, "cy")
    button = next(b for b in cy.soup().find_all("button") if b.get_text() == "Just listen in")
    assert cy.post(f"/c/{key}/join", {button["name"]: button["value"]}).status_code == 303
    cy.get(f"/c/{key}/people")
    assert row_of(cy, "Cy").startswith("Cy follows Take part")
    assert "In Pin Board the seat is that of a member" in row_of(cy, "Cy")
    assert "takes part" in row_of(cy, "Ben")
    assert "Listen" not in row_of(cy, "Ben"), "only their own row has a button"
    ana.get(f"/c/{key}/people")
    assert row_of(ana, "Ana").startswith("Ana facilitator Step down"), (
        "one word for how far somebody goes along"
    )
    assert "Share the facilitation : Ben" in row_of(ana, "Ben"), (
        "with whom, for those who only hear the button"
    )
    assert "who follows has the seat of a member" in ana.says()
    assert "Share" not in row_of(ana, "Cy"), "who follows is not asked to facilitate"
    ben.get(f"/c/{key}/people")
    assert row_of(ben, "Cy") == "Cy follows"
    assert cy.get(f"/c/{key}/library").status_code == 200
    assert cy.get(f"/c/{key}/announcements").status_code == 200
    assert not cy.soup().select("form[action$=announcements]")


def test_one_row_of_ones_own_changes_it_there_and_back(site, circle):
    _, ben, key, _ = circle
    for word, shown, offered in (
        ("listen", "follows", "Take part"),
        ("take-part", "takes part", "Just listen in"),
    ):
        ben.get(f"/c/{key}/people")
        for _ in range(2):
            assert ben.post(f"/c/{key}/level", {"level": word}).status_code == 303
        ben.get(f"/c/{key}/people")
        assert shown in row_of(ben, "Ben")
        assert offered in row_of(ben, "Ben")


@pytest.mark.parametrize("word", ["", "leads", "facilitator", "guest", "x" * 400])
def test_anything_else_is_a_sentence(circle, word):
    _, ben, key, _ = circle
    ben.get(f"/c/{key}/people")
    assert ben.post(f"/c/{key}/level", {"level": word}).status_code == 400
    assert "Choose to take part or to listen in." in ben.says()


def test_a_word_from_elsewhere_on_the_invitation_is_a_plain_yes(site, circle):
    _, _, key, link = circle
    cy = arriving(site, link, "cy")
    cy.post(f"/c/{key}/join", {"level": "facilitator", "role": "facilitator"})
    cy.get(f"/c/{key}/people")
    assert "takes part" in row_of(cy, "Cy")


def test_the_last_who_leads_is_told_what_to_do(circle):
    ana, _, key, _ = circle
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/level", {"level": "listen"}).status_code == 400
    assert "share the facilitation with somebody who takes part" in ana.says()


def test_whoever_does_not_belong_finds_nothing(site, circle):
    _, ben, key, _ = circle
    outsider, nobody = site.enter("zoe", course=None), site.browser()
    outsider.get("/me")
    assert outsider.post(f"/c/{key}/level", {"level": "listen"}).status_code == 404
    assert nobody.post(f"/c/{key}/level", {"level": "listen"}, secret="x").status_code in (303, 403)
    ben.get(f"/c/{key}/people")
    ben.post(f"/c/{key}/pause")
    assert ben.post(f"/c/{key}/level", {"level": "listen"}).status_code == 404
