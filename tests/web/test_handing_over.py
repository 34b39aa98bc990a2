"""Being asked to facilitate and answering, leaving as the last of all, taking on what nobody sees to: the pages."""

from __future__ import annotations

import pytest

from coplink.core.people import AccountId
from coplink.core.work import Kind
from coplink.testing.beginnings import once


@pytest.fixture
@once
def circle(site):
    """Ana leads; Ben and Cy belong."""
    ana, ben, key, link = site.joined_by_link()
    cy = site.browser()
    cy.get(link)
    site.enter("cy", browser=cy)
    cy.get(f"/c/{key}/invitation")
    assert cy.post(f"/c/{key}/join").status_code == 303
    return ana, ben, cy, key


def asks(site, browser, key, subject="ben"):
    browser.get(f"/c/{key}/people")
    path = f"/c/{key}/people/{site.person(subject).id}/role"
    return browser.post(path, {"role": "co-facilitator"}).status_code


def answers(browser, key, word):
    browser.get(f"/c/{key}")
    return browser.post(f"/c/{key}/facilitate", {"answer": word}).status_code


def shown(browser, path):
    assert browser.get(path).status_code == 200
    return browser.says()


def role(site, key, subject):
    with site.services.begin() as uow:
        return uow.communities.membership(key, site.person(subject).id).role.value


def test_whoever_is_asked_reads_what_it_means_and_says_yes(site, circle):
    ana, ben, cy, key = circle
    assert asks(site, ana, key) == 303
    page = shown(ben, f"/c/{key}")
    first = ben.soup().select_one("main section, main .card")
    assert first.select_one("h2").get_text() == "Ana asks you to facilitate too", "before anything else"
    assert "leads the places and the meetings" in page
    assert "hands over before they leave" in page
    assert [one.get_text() for one in first.select("button")] == ["Yes, I will", "No, thank you"]
    assert "asked to facilitate" in shown(ana, f"/c/{key}/people")
    assert "Take the question back: Ben" in [one.get_text() for one in ana.soup().select("button")]
    assert "asked to facilitate" not in shown(cy, f"/c/{key}/people"), "that is for those who facilitate"
    assert "asks" not in shown(cy, f"/c/{key}")
    assert answers(ben, key, "yes") == 303
    assert role(site, key, "ben") == "co-facilitator"
    assert "asks you" not in shown(ben, f"/c/{key}")
    assert "Ben now facilitates" in shown(cy, f"/c/{key}/history")


def test_a_no_and_a_question_taken_back_look_alike(site, circle):
    ana, ben, cy, key = circle
    pages = [
        (ana, f"/c/{key}/people"),
        (ana, f"/c/{key}"),
        (cy, f"/c/{key}/people"),
        (cy, f"/c/{key}/history"),
    ]
    before = [shown(*page) for page in pages]
    asks(site, ana, key)
    assert answers(ben, key, "no") == 303
    assert [shown(*page) for page in pages] == before
    asks(site, ana, key)
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/people/{site.person('ben').id}/ask-no-more").status_code == 303
    assert [shown(*page) for page in pages] == before
    assert answers(ben, key, "yes") == 400
    assert "You are not asked any more" in ben.says()
    assert role(site, key, "ben") == "member"


def test_whoever_was_only_asked_leaves_and_the_asker_hands_over_first(site, circle):
    ana, ben, _, key = circle
    asks(site, ana, key)
    ana.get(f"/c/{key}/leave")
    assert ana.post(f"/c/{key}/leave").status_code == 400
    assert "once they said yes, try again" in ana.says()
    ben.get(f"/c/{key}/leave")
    assert ben.post(f"/c/{key}/leave").status_code == 200
    assert "asked to facilitate" not in shown(ana, f"/c/{key}/people")


def test_only_who_facilitates_takes_a_question_back(site, circle):
    ana, ben, cy, key = circle
    asks(site, ana, key)
    cy.get(f"/c/{key}")
    assert cy.post(f"/c/{key}/people/{site.person('ben').id}/ask-no-more").status_code == 404
    outsider = site.enter("zoe", course=None)
    outsider.get("/me")
    assert outsider.post(f"/c/{key}/facilitate", {"answer": "take-on"}).status_code == 404
    assert answers(cy, key, "take-on") == 400
    assert answers(cy, key, "perhaps") == 400
    assert answers(ben, key, "yes") == 303


def test_the_only_one_there_is_told_before_their_leaving_puts_it_to_rest(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    ana.get(f"/c/{key}")
    answer = ana.post(f"/c/{key}/leave")
    assert (answer.status_code, answer.location) == (303, f"/c/{key}/leave"), (
        "the foot of a page does not say it"
    )
    assert "when you leave, the community is put to rest" in shown(ana, f"/c/{key}/leave")
    assert "Only take a break" not in ana.says()
    assert ana.post(f"/c/{key}/leave", {"rest": "yes"}).status_code == 200
    ana.post(f"/c/{key}/join")
    page = shown(ana, f"/c/{key}")
    assert "This community rests" in page
    assert "Wake it" in page


def test_where_the_last_facilitator_left_one_that_rests_somebody_takes_it_on(site, circle):
    ana, ben, _, key = circle
    ana.get(f"/c/{key}/life")
    assert ana.post(f"/c/{key}/life/rest").status_code == 303
    ana.get(f"/c/{key}/leave")
    assert ana.post(f"/c/{key}/leave").status_code == 200
    assert "Nobody facilitates at the moment" in shown(ben, f"/c/{key}")
    assert "I will facilitate" in [one.get_text() for one in ben.soup().select("main button")]
    assert answers(ben, key, "take-on") == 303
    assert "Wake it" in shown(ben, f"/c/{key}")


def test_whoever_takes_part_reads_that_the_last_facilitator_was_taken_out_and_stayed_away(site, circle):
    _, ben, cy, key = circle
    lead = site.person("ana")
    with site.services.begin() as uow:
        [account] = uow.people.accounts(lead.id)
    board = site.boards["Riverbend"]

    def look():
        site.clock.pass_by(minutes=10)
        with site.services.begin() as uow:
            for space in uow.spaces.of(key):
                uow.work.mark(Kind.RECONCILE, space.id, key)
            uow.commit()
        site.jobs.run_until_idle()

    for _ in range(2):
        look()
    del board.seats[AccountId(account.account)]
    for _ in range(3):
        look()
    assert "Nobody facilitates" not in shown(ben, f"/c/{key}")
    site.clock.pass_by(days=15)
    ben, cy = site.enter("ben"), site.enter("cy")
    page = shown(ben, f"/c/{key}")
    assert "was taken out in Pin Board, and has not been here since" in page
    assert answers(cy, key, "take-on") == 303
    assert role(site, key, "cy") == "facilitator"
    for _ in range(2):
        look()
    ana = site.enter("ana", leads=True)
    page = shown(ana, f"/c/{key}")
    assert "Your seat in Pin Board is gone" in page
    assert "You still facilitate. Somebody else facilitates too" in page
    again = ana.soup().select_one("#taken-out ~ p a")["href"]
    assert "Give me a seat here again" in shown(ana, again)
    assert role(site, key, "ana") == "facilitator"
