"""The page that explains one person: how they stand, place by place what is so and why, and a look on request."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from coplink.core.people import AccountId, Role
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join
from coplink.ports.errors import Reauthorize
from coplink.testing.pinboard import MANIFEST


def invites(site, key, name, account=True):
    """Somebody is invited; their browser."""
    told = {} if account else {"account": None}
    browser = site.enter(name, **told)
    person = site.person(name)
    with site.services.begin() as uow:
        join.offer(uow, key, person, Role.MEMBER, site.clock.now())
        uow.commit()
    return browser


def joins(site, key, name, account=True):
    browser = invites(site, key, name, account)
    browser.get(f"/c/{key}/invitation")
    assert browser.post(f"/c/{key}/join").status_code == 303
    return browser


def about(browser, site, key, name):
    answer = browser.get(f"/c/{key}/people/{site.person(name).id}")
    assert answer.status_code == 200, answer.text
    return browser.says()


def reconcile_state(site, key):
    with site.services.begin() as uow:
        return uow.work.state(Kind.RECONCILE, uow.spaces.of(key)[0].id)


def test_a_seat_says_since_when_and_by_whom(site, ana, key):
    joins(site, key, "bo")
    before = about(ana, site, key, "bo")
    assert "Belongs as member, by their own act. So since 21 Nov 2026" in before
    assert "on its way There is no seat yet." in before
    assert "Who can change it: nobody: it goes on by itself." in before
    assert "It looks again by itself within minutes." in before
    site.jobs.run_until_idle()
    after = about(ana, site, key, "bo")
    assert "seated There is a seat, which coplink gave. So since" in after
    assert "coplink gave the seat, or changed what it may do there." in after
    assert "coplink looked there last:" in after
    assert re.search(r"What happened \d+ Nov 2026, [\d:]+ Bo joined", after)
    ana.get(f"/c/{key}/people")
    assert ana.soup().select_one(f'main a[href="/c/{key}/people/{site.person("bo").id}"]')


def test_who_has_not_opened_the_door_is_told_what_to_do(site, ana, key):
    bo = joins(site, key, "bo", account=False)
    site.jobs.run_until_idle()
    words = about(ana, site, key, "bo")
    assert "no seat There is no seat." in words
    assert (
        "once; the seat follows by itself. Who can change it: the person themselves. Ask them to open"
        in words
    )
    mine = about(bo, site, key, "bo")
    assert "Who can change it: you." in mine
    assert "Ask them" not in mine


def test_a_seat_given_by_hand_stays_theirs(site, ana, key):
    joins(site, key, "bo")
    site.boards["Riverbend"].seats[AccountId("bo")] = Role.MEMBER
    site.jobs.run_until_idle()
    words = about(ana, site, key, "bo")
    assert "There is a seat that coplink did not give; coplink never takes it away." in words
    assert "What coplink did there" not in words


def test_a_seat_that_was_not_there_at_the_last_look_is_told_before_it_counts_as_a_leaving(site, ana, key):
    joins(site, key, "bo")
    site.jobs.run_until_idle()
    with site.services.begin() as uow:
        space = uow.spaces.of(key)[0]
        uow.ledger.saw(space.id, site_view(site), site.clock.now(), site.clock.now() - site.clock.now())
        gone = site_view(site, without="bo")
        uow.ledger.saw(
            space.id, gone, site.clock.now(), site.services.lag_of(site.services.manifests["pinboard"])
        )
        uow.commit()
    words = about(ana, site, key, "bo")
    assert "it was not there at the last look" in words
    assert "put the seat back over there before the next look" in words


def test_a_seat_that_was_gone_before_coplink_saw_it_is_told_and_asked_for_again_by_its_person_alone(
    site, ana, key
):
    pinboard = site.services.installed.integrations["pinboard"]
    pinboard.manifest = replace(MANIFEST, limits=replace(MANIFEST.limits, lag=timedelta(minutes=10)))
    site.services._open.clear()
    look(site, key)
    bo = joins(site, key, "bo")
    site.jobs.run_until_idle()
    del site.boards["Riverbend"].seats[AccountId("bo")]
    look(site, key)
    words = about(bo, site, key, "bo")
    assert "it was not there at the last look. If the next look does not find it either" in words
    assert "Give me a seat" not in words
    look(site, key)
    words = about(ana, site, key, "bo")
    assert "no seat There is no seat." in words
    assert "it is gone without a word here: it was left or taken away over there" in words
    assert "Who can change it: the person themselves. They ask for it again on their own page" in words
    assert not ana.soup().select('form[action*="/seats/"]')
    with site.services.begin() as uow:
        path = f"/c/{key}/seats/{uow.spaces.of(key)[0].id}"
    assert ana.post(path).status_code == 303  # for herself, who sits there: no act
    ana.get(f"/c/{key}/places/{path.rpartition('/')[2]}")
    assert "Seats there: 1, of these given by coplink: 1." in ana.says()
    words = about(bo, site, key, "bo")
    assert "Who can change it: you." in words
    assert bo.soup().select_one(f'form[action="{path}"]').get_text(strip=True) == "Give me a seat here again"
    assert (bo.post(path).status_code, bo.page.location) == (
        303,
        f"/c/{key}/people/{site.person('bo').id}#seats",
    )
    assert "on its way There is no seat yet." in about(bo, site, key, "bo")
    site.jobs.run_until_idle()
    assert "seated There is a seat, which coplink gave." in about(bo, site, key, "bo")


def look(site, key):
    site.clock.pass_by(minutes=15)
    with site.services.begin() as uow:
        uow.work.mark(Kind.RECONCILE, uow.spaces.of(key)[0].id, key)
        uow.commit()
    site.jobs.run_until_idle()


def site_view(site, without=""):
    """What the board would report."""
    from coplink.core.spaces import Observed

    seats = {a: r for a, r in site.boards["Riverbend"].seats.items() if a != without}
    return Observed(seats, True)


def test_a_place_that_rests_says_why_and_who_can_change_it(site, ana, key):
    joins(site, key, "bo")
    changed = Reauthorize(say("The key of the cupboard was changed."), "caretaker")
    site.boards["Riverbend"].trouble["seats.read"] = [changed]
    site.jobs.run_until_idle()
    words = about(ana, site, key, "bo")
    assert "The key of the cupboard was changed. Who can change it: caretaker." in words
    assert "It looks again when somebody asks for it." in words
    assert "reauthorize" not in ana.page.text
    assert ana.post(f"/c/{key}/people/{site.person('bo').id}/look").status_code == 303
    site.jobs.run_until_idle()
    assert "There is a seat, which coplink gave." in about(ana, site, key, "bo")


def test_a_look_is_asked_for_at_most_once_a_minute_and_goes_first(site, ana, key):
    bo = joins(site, key, "bo")
    site.jobs.run_until_idle()
    path = f"/c/{key}/people/{site.person('bo').id}"
    bo.get(path)
    asked = reconcile_state(site, key).generation
    calls = site.boards["Riverbend"].calls
    calls.clear()
    assert (bo.post(f"{path}/look").status_code, bo.page.location) == (303, f"{path}#seats")
    assert calls == [], "a page calls no platform"
    with site.services.begin() as uow:
        [due] = [one for one in uow.work.dirty(site.clock.now(), 10) if one.kind is Kind.RECONCILE]
    assert (due.generation, due.urgent) == (asked + 1, True)
    site.jobs.run_until_idle()
    assert "seats.read" in calls
    assert "A look was asked for:" in about(bo, site, key, "bo")
    assert not bo.soup().select('form[action$="/look"]')
    ana.get(f"/c/{key}/people")
    refused = ana.post(f"{path}/look")
    assert refused.status_code == 400
    assert "You can ask again in a minute." in ana.says()
    assert reconcile_state(site, key).generation == asked + 1
    site.clock.pass_by(seconds=61)
    about(ana, site, key, "bo")
    assert ana.post(f"{path}/look").status_code == 303
    assert reconcile_state(site, key).generation == asked + 2


def test_who_said_no_looks_exactly_like_who_never_answered(site, ana, key):
    silent, refusing = invites(site, key, "quiet"), invites(site, key, "quick")
    refusing.get(f"/c/{key}/invitation")
    assert refusing.post(f"/c/{key}/decline").status_code == 200
    site.jobs.run_until_idle()
    pages = []
    for name in ("quiet", "quick"):
        about(ana, site, key, name)
        person = site.person(name)
        page = ana.page.text.replace(person.id, "PERSON").replace(name.title(), "NAME")
        pages.append(re.sub(r'name="csrf" value="[^"]*"|X-CSRF-Token": "[^"]*"', "SECRET", page))
    assert pages[0] == pages[1]
    assert "Nobody is seated before they have said yes." in ana.says()
    assert silent.get(f"/c/{key}/people/{site.person('quiet').id}").status_code == 200
    assert "Is invited." in silent.says()
    assert not silent.soup().select('form[action$="/look"]'), "who does not belong asks for nothing"


def test_whoever_left_sees_what_became_of_their_seat(site, ana, key):
    bo = joins(site, key, "bo")
    site.jobs.run_until_idle()
    bo.get(f"/c/{key}/leave")
    assert bo.post(f"/c/{key}/leave").status_code == 200
    assert "The seat that is still there is taken away." in about(bo, site, key, "bo")
    site.jobs.run_until_idle()
    words = about(bo, site, key, "bo")
    assert "Has left, here or over there in one of the places." in words
    assert "no seat There is no seat." in words
    assert "coplink took the seat away." in words
    refused = bo.post(f"/c/{key}/people/{site.person('bo').id}/look", secret=None)
    assert refused.status_code == 404


def test_a_member_learns_nothing_about_others(site, ana, key):
    bo = joins(site, key, "bo")
    joins(site, key, "cy")
    bo.get("/me")
    other = site.person("cy").id
    nobody = bo.get(f"/c/{key}/people/{'0' * 32}")
    theirs = bo.get(f"/c/{key}/people/{other}")
    assert (theirs.status_code, nobody.status_code) == (404, 404)
    bo.get("/me")
    assert bo.post(f"/c/{key}/people/{other}/look").status_code == 404
    bo.get(f"/c/{key}/people")
    assert not bo.soup().select(f'main a[href="/c/{key}/people/{other}"]')
