"""Whoever leaves is told before and after in which places they stay sitting, and what to do there."""

from __future__ import annotations

from coplink.core.people import AccountId, Role
from coplink.core.work import Kind
from coplink.engine import join, lifecycle

EVERYWHERE = "You give up your seat in every place."
BY_HAND, LET_GO = "somebody over there gave you the seat", "it was let go"


def joins(site, key, name, account=True):
    browser = site.enter(name, **({} if account else {"account": None}))
    person = site.person(name)
    with site.services.begin() as uow:
        join.offer(uow, key, person, Role.MEMBER, site.clock.now())
        uow.commit()
    browser.get(f"/c/{key}/invitation")
    assert browser.post(f"/c/{key}/join").status_code == 303
    site.jobs.run_until_idle()
    return browser


def look(site, key):
    with site.services.begin() as uow:
        uow.work.mark(Kind.RECONCILE, uow.spaces.of(key)[0].id, key)
        uow.commit()
    site.jobs.run_until_idle()


def let_go(site, key):
    ana = site.person("ana")
    with site.services.begin() as uow:
        (space,) = uow.spaces.of(key)
        lifecycle.detach(uow, space, ana, "Pin Board", False, site.clock.now())
        uow.commit()
    site.jobs.run_until_idle()


def before_and_after(browser, key):
    """What the page says before somebody leaves, and what the one afterwards says."""
    assert browser.get(f"/c/{key}/leave").status_code == 200
    before = browser.says()
    assert browser.post(f"/c/{key}/leave").status_code == 200
    return before, browser.says()


def test_whose_seat_is_of_coplinks_making_gives_it_up_everywhere(site, ana, key):
    before, after = before_and_after(joins(site, key, "bo"), key)
    assert EVERYWHERE in before
    assert "Your seats in the places of" in after
    for page in (before, after):
        assert not any(words in page for words in (BY_HAND, LET_GO, "does not take away"))


def test_whom_somebody_seated_by_hand_is_told_where_and_what_to_do(site, ana, key):
    board = site.boards["Riverbend"]
    board.seats[AccountId("cem")] = Role.MEMBER
    look(site, key)
    cem = joins(site, key, "cem")
    before, after = before_and_after(cem, key)
    for page in (before, after):
        assert EVERYWHERE not in page
        assert BY_HAND in page
        assert "Leave there yourself, or ask whoever leads the place to take you out" in page
        assert "Pin Board" in page
    assert cem.soup().select_one("ul.kept a")["href"] == "https://pinboard.example/board-1"
    site.jobs.run_until_idle()
    assert "cem" in board.seats, "and so it is"


def test_of_a_place_that_was_let_go_it_is_said_that_they_may_sit_there(site, ana, key):
    bo = joins(site, key, "bo")
    let_go(site, key)
    for page in before_and_after(bo, key):
        assert EVERYWHERE not in page
        assert LET_GO in page
    assert "bo" in site.boards["Riverbend"].seats


def test_who_has_no_account_there_or_no_seat_is_told_of_no_place(site, ana, key):
    dee, bo = joins(site, key, "dee", account=False), joins(site, key, "bo")
    before, _ = before_and_after(bo, key)
    assert EVERYWHERE in before
    let_go(site, key)
    before, _ = before_and_after(dee, key)
    assert EVERYWHERE in before
