"""Lending lists and links to a member, and what a steward's pages offer."""

from __future__ import annotations

import pytest

from coplink.core.artifacts import FileFact
from coplink.core.work import Kind
from coplink.engine import curate
from coplink.testing.beginnings import once


@pytest.fixture
@once
def circle(site):
    """Ana leads; Ben belongs, and has made a list of two files."""
    ana, ben, key, _ = site.joined_by_link()
    now = site.clock.now()
    site.boards["Riverbend"].files = [
        FileFact(f"f{n}", f"File {n} <i>", f"https://files.example/{n}", now, now, "1") for n in (1, 2)
    ]
    with site.services.begin() as uow:
        for space in uow.spaces.of(key):
            uow.work.mark(Kind.COLLECT, space.id, key)
        uow.commit()
    site.jobs.run_until_idle()
    maker = site.person("ben")
    with site.services.begin() as uow:
        files = sorted(uow.catalogue.of(key), key=lambda one: one.title)
        drawn = curate.Drawn("k" * 20, "Week one", "", tuple(one.id for one in files))
        kept = curate.make(uow, maker, key, drawn, now)
        uow.commit()
    return ana, ben, key, kept


def buttons(browser):
    return [one.get_text() for one in browser.soup().select("main button")]


def role(site, browser, key, subject, word):
    browser.get(f"/c/{key}/people")
    return browser.post(f"/c/{key}/people/{site.person(subject).id}/role", {"role": word}).status_code


def test_it_is_lent_on_the_page_of_people_and_given_back_there(site, circle):
    ana, ben, key, _ = circle
    ben.get(f"/c/{key}/people")
    assert "Invite with a link" not in ben.says()
    ana.get(f"/c/{key}/people")
    assert "Ask to keep lists and links: Ben" in buttons(ana)
    assert role(site, ana, key, "ben", "steward") == 303
    ben.get(f"/c/{key}/people")
    assert "Ben steward" in ben.says()
    assert "Invite with a link" in ben.says()
    assert "Invited, not joined" not in ben.says()
    assert "Share the facilitation" not in ben.says()
    assert "Keep lists and links no more" in buttons(ben)
    revoke = ben.soup().select_one('form[action$="/revoke"]')["action"]
    assert ben.post(revoke).status_code == 303
    ben.get(f"/c/{key}/people")
    assert ben.post(f"/c/{key}/links", {"institution": site.here.id}).status_code == 303
    for path in ("life", "places/nothing"):
        assert ben.get(f"/c/{key}/{path}").status_code == 404
    ana.get(f"/c/{key}/people")
    assert "Take lists and links back: Ben" in buttons(ana)
    assert role(site, ben, key, "ben", "member") == 303
    ben.get(f"/c/{key}/people")
    assert "Invite with a link" not in ben.says()
    assert ben.post(f"/c/{key}/links", {"institution": site.here.id}).status_code == 404


def test_a_steward_keeps_a_list_in_order_on_its_own_page(site, circle):
    ana, ben, key, kept = circle
    page = f"/c/{key}/lists/{kept.id}"
    ben.get(page)
    assert "Keep this list in order" not in ben.says()
    words = {"title": "Week <b>two</b>", "why": "To begin", "entry": [kept.entries[1]]}
    ben.get(f"/c/{key}/people")
    assert ben.post(page, words).status_code == 404
    role(site, ana, key, "ben", "steward")
    ben.get(page)
    shown = [one["value"] for one in ben.soup().select("input[name=entry][checked]")]
    assert shown == list(kept.entries)
    assert ben.post(page, words).status_code == 303
    ben.follow()
    assert ben.soup().select_one("h1").get_text() == "Week <b>two</b>"
    assert "File 2" in ben.says()
    assert "File 1" not in ben.says()
    assert "Put together by Ben" in ben.says()


@pytest.mark.parametrize(
    "form", [{}, {"title": "One"}, {"title": "One", "entry": ["nothing"]}, {"entry": ["x"]}]
)
def test_a_list_of_nothing_is_a_sentence(site, circle, form):
    ana, _, key, kept = circle
    ana.get(f"/c/{key}/people")
    assert ana.post(f"/c/{key}/lists/{kept.id}", form).status_code == 400
    with site.services.begin() as uow:
        assert uow.catalogue.curated(kept.id) == kept


def test_who_does_not_belong_finds_no_list(site, circle):
    _, _, key, kept = circle
    outsider = site.enter("zoe", course=None)
    outsider.get("/me")
    assert (
        outsider.post(f"/c/{key}/lists/{kept.id}", {"title": "One", "entry": list(kept.entries)}).status_code
        == 404
    )
