"""The page of one place explains its seats: what is so, since when, why, what next, and a look on request."""

from __future__ import annotations

import re

import pytest

from coplink.core.people import Role
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join
from coplink.ports.errors import Reauthorize
from coplink.testing.beginnings import once


@pytest.fixture
@once
def place(site):
    """Ana's browser, her community with Bo in it, whose seat is on its way, and its only place."""
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    site.enter("bo")
    bo = site.person("bo")
    with site.services.begin() as uow:
        join.offer(uow, key, bo, Role.MEMBER, site.clock.now())
        join.accept(uow, site.services.sealer, uow.communities.get(key), bo, site.clock.now())
        uow.commit()
        (space,) = uow.spaces.of(key)
    return ana, key, space.id


def seats(browser, path):
    """What the section about the seats says."""
    assert browser.get(path).status_code == 200
    return " ".join(browser.soup().select_one("section[aria-labelledby=seats]").get_text(" ").split())


def test_it_says_how_many_sit_there_since_when_and_what_is_next(site, place):
    ana, key, space = place
    page = f"/c/{key}/places/{space}"
    ana.get(f"/c/{key}/places")
    assert ana.soup().select_one(f'main a[href="{page}"]')
    before = seats(ana, page)
    assert "The seat is on its way. Who can change it: nobody: it goes on by itself." in before
    assert "It looks again by itself within minutes." in before
    site.jobs.run_until_idle()
    after = seats(ana, page)
    assert re.search(
        r"Seats there: 2, of these given by coplink: 2\. So since 21 Nov 2026, [\d:]+ \.", after
    ), after
    assert "Everything that was asked for has been done; nothing waits." in after
    assert re.search(
        r"What coplink did there 21 Nov 2026, [\d:]+ : Seats given, taken or changed: 1\.", after
    )
    admin = site.admin()
    assert "Seats there: 2" in seats(admin, f"/admin/spaces/{space}")


def test_what_is_in_the_way_is_said_and_a_look_is_asked_for_at_most_once_a_minute(site, place):
    ana, key, space = place
    page = f"/c/{key}/places/{space}"
    changed = Reauthorize(say("The key of the cupboard was changed."), "caretaker")
    site.boards["Riverbend"].trouble["seats.read"] = [changed]
    site.jobs.run_until_idle()
    words = seats(ana, page)
    assert "The key of the cupboard was changed. Who can change it: caretaker." in words
    assert "It looks again when somebody asks for it." in words
    assert ana.post(page, {"do": "look"}).status_code == 303
    with site.services.begin() as uow:
        assert not uow.work.state(Kind.RECONCILE, space).resting
    assert "You can ask again a minute later." in seats(ana, page)
    assert ana.post(page, {"do": "look"}).status_code == 400
    assert "Somebody asked for a look a moment ago." in ana.says()
    site.jobs.run_until_idle()
    assert "nothing waits" in seats(ana, page)
    site.clock.pass_by(minutes=2)
    ana.get(page)
    ana.post(page, {"do": "archive"})
    ana.get(page)
    assert not ana.soup().select("section[aria-labelledby=seats]"), "a place at rest gives no seats"
    assert ana.post(page, {"do": "look"}).status_code == 400
    assert "This place gives no seats for now." in ana.says()
