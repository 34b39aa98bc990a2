"""Whoever is let in elsewhere as a guest is shown the page to open, on their own page and nowhere else."""

from __future__ import annotations

from dataclasses import replace

from coplink.core.people import Role
from coplink.engine import disclosures, join
from coplink.testing.board import Board

RING = "https://pinboard.example/ring"


def let_in(site, told=True):
    """Lee of the other school joins a community here, whose board takes guests; ``told`` so on the page, or not."""
    site.boards.setdefault("Riverbend", Board()).open_house = True
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    lee = site.enter("lee", site.there, course=None)
    person = site.person("lee", site.there)
    with site.services.begin() as uow:
        for account in uow.people.accounts(person.id):
            uow.people.put_account(replace(account, address="lee@lakeside.example"))
        community = uow.communities.get(key)
        join.offer(uow, community.id, person, Role.MEMBER, site.clock.now())
        join.accept(uow, site.services.sealer, community, person, site.clock.now())
        schools = [one.id for one in disclosures.elsewhere(uow, community.id, person)] if told else []
        disclosures.told(uow, community.id, person, schools, site.clock.now())
        uow.commit()
    site.jobs.run_until_idle()
    return ana, lee, key, person, community


def test_the_page_to_open_is_on_the_persons_own_page_and_nowhere_else(site):
    ana, lee, key, person, community = let_in(site)
    assert lee.get("/me").status_code == 200
    assert "You are let in as a guest in Pin Board of Riverbend, as lee@lakeside.example." in lee.says()
    assert f'href="{RING}' in lee.page.text
    assert 'rel="noopener noreferrer"' in lee.page.text
    assert "My page" in lee.get(f"/c/{key}/people").text
    for browser in (ana, lee, site.admin()):
        for path in (f"/c/{key}", f"/c/{key}/people", f"/c/{key}/places", "/admin", "/"):
            assert RING not in browser.get(path).text
    assert RING not in ana.get("/me").text
    with site.services.begin() as uow:
        join.leave(uow, community, person, site.clock.now())
        uow.commit()
    assert RING not in lee.get("/me").text, "who has left has nothing to open"


def test_whoever_is_invited_is_told_before_that_another_school_may_get_their_address(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    for subject, school in (("lee", site.there), ("ben", site.here)):
        browser = site.enter(subject, school, course=None)
        person = site.person(subject, school)
        with site.services.begin() as uow:
            join.offer(uow, uow.communities.get(key).id, person, Role.MEMBER, site.clock.now())
            uow.commit()
        assert browser.get(f"/c/{key}/invitation").status_code == 200
        told = (
            "at Riverbend. Where guests are taken, the platform there gets your address, lee@school.example."
            in browser.says()
        )
        assert told is (subject == "lee")


def test_once_it_has_been_opened_the_page_says_nothing_more(site):
    _, lee, _, person, _ = let_in(site)
    with site.services.begin() as uow:
        (guest,) = uow.guests.of(person.id)
        uow.guests.put(replace(guest, enter=""))
        uow.commit()
    lee.get("/me")
    assert "guest" not in lee.says()


def test_whoever_joined_without_being_told_is_asked_on_the_home_page_and_changes_it_among_the_people(site):
    ana, lee, key, _, _ = let_in(site, told=False)
    board = site.boards["Riverbend"]
    assert board.guests == {}
    lee.get(f"/c/{key}")
    assert "Riverbend takes people of other schools into its place as guests." in lee.says()
    assert "needs your address, lee@lakeside.example, and gets it only if you say so" in lee.says()
    for other in (ana, site.admin()):
        assert "Guest at Riverbend" not in other.get(f"/c/{key}").text
    assert lee.post(f"/c/{key}/guest", {"address": "maybe", "institution": site.here.id}).status_code == 400
    lee.get(f"/c/{key}")
    assert lee.post(f"/c/{key}/guest", {"address": "no", "institution": site.here.id}).status_code == 303
    site.jobs.run_until_idle()
    assert board.guests == {}
    assert "Guest at Riverbend" not in lee.get(f"/c/{key}").text, "asked once"
    lee.get(f"/c/{key}/people")
    assert "coplink gives your address to nobody there" in lee.says()
    assert "gets it once they say yes" in ana.get(f"/c/{key}/access").text
    other = {"address": "yes", "institution": site.here.id, "named": "lee@elsewhere.example"}
    assert lee.post(f"/c/{key}/guest", other).status_code == 400
    assert "Your address is another one by now." in lee.says()
    lee.get(f"/c/{key}/people")
    form = lee.soup().select_one('form[action$="/guest"]')
    assert form.select_one("[name=named]")["value"] == "lee@lakeside.example"
    named = {"address": "yes", "institution": site.here.id, "named": "lee@lakeside.example"}
    assert lee.post(f"/c/{key}/guest", named).status_code == 303
    site.jobs.run_until_idle()
    assert list(board.guests) == ["lee@lakeside.example"]
    lee.get(f"/c/{key}/people")
    assert "The platform of Riverbend may have your address, lee@lakeside.example, so that" in lee.says()


def test_joining_on_a_page_that_says_so_is_a_yes_and_where_it_says_nothing_it_is_none(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    for subject, school, yes in (("lee", site.there, True), ("ben", site.here, None)):
        browser = site.enter(subject, school, course=None)
        person = site.person(subject, school)
        with site.services.begin() as uow:
            join.offer(uow, uow.communities.get(key).id, person, Role.MEMBER, site.clock.now())
            uow.commit()
        page = browser.get(f"/c/{key}/invitation").text
        assert (f'name="told" value="{site.here.id}"' in page) is bool(yes)
        browser.post(f"/c/{key}/join", {"told": [site.here.id, "nothing"]} if yes else {"told": site.here.id})
        with site.services.begin() as uow:
            assert uow.guests.answers(key, person.id).get(site.here.id) is yes
