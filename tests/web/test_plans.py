"""The page of a plan that waits: who sees it and whose names, what a form says yes to, and that nothing breaks it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.commands import command_of, logging_kept

from coplink import registry
from coplink.core.people import AccountId, Institution, Role, Standing
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import disclosures, join
from coplink.testing.beginnings import once


def join_in(site, key, subject, at: Institution | None = None, role=Role.MEMBER):
    browser = site.enter(subject, at, course=None)
    person = site.person(subject, at)
    with site.services.begin() as uow:
        community = uow.communities.get(key)
        join.offer(uow, key, person, role, site.clock.now())
        join.accept(uow, site.services.sealer, community, person, site.clock.now())
        schools = [one.id for one in disclosures.elsewhere(uow, key, person)]
        disclosures.told(uow, key, person, schools, site.clock.now())
        uow.commit()
    return browser, person


def look(site, key):
    site.clock.pass_by(minutes=1)
    with site.services.begin() as uow:
        for space in uow.spaces.of(key):
            uow.work.mark(Kind.RECONCILE, space.id, key)
        uow.commit()
    site.jobs.run_until_idle()


def lose(site, key, people):
    with site.services.begin() as uow:
        for person in people:
            known = uow.communities.membership(key, person.id)
            uow.communities.put_membership(replace(known, standing=Standing.INVITED))
        uow.commit()
    look(site, key)


@pytest.fixture
@once
def waiting(site):
    """Three people would lose their seat; the facilitator's browser, the community, the place, and the people."""
    facilitator = site.enter("facilitator", leads=True)
    key = site.found(facilitator)
    site.jobs.run_until_idle()
    people = [join_in(site, key, f"teacher{n}")[1] for n in range(4)]
    look(site, key)
    look(site, key)
    lose(site, key, people[:3])
    with site.services.begin() as uow:
        (space,) = uow.spaces.of(key)
    return facilitator, key, space.id, people


def digest(browser):
    return browser.soup().select_one("input[name=digest]")["value"]


def seats(site):
    return set(site.boards["Riverbend"].seats)


def test_the_home_page_leads_to_the_plan_and_it_is_approved(site, waiting):
    browser, key, space, _ = waiting
    page = f"/c/{key}/places/{space}/plan"
    browser.get(f"/c/{key}")
    assert browser.soup().select_one(f'a[href="{page}"]')
    assert browser.get(page).status_code == 200
    for words in (
        "3 of 5 people",
        "Does not take part",
        "Teacher0, Teacher1, Teacher2",
        "Nothing of it has been done",
    ):
        assert words in browser.says()
    assert "Teacher3" not in browser.says()
    assert len(seats(site)) == 5
    answer = browser.post(page, {"digest": digest(browser)})
    assert (answer.status_code, answer.location) == (303, page)
    browser.follow()
    assert "Facilitator approved this on" in browser.says()
    assert not browser.soup().select("input[name=digest]"), "once is enough"
    site.jobs.run_until_idle()
    assert seats(site) == {"facilitator", "teacher3"}
    browser.get(page)
    assert "Nothing waits here" in browser.says()
    browser.get(f"/c/{key}/history")
    assert "Facilitator approved a plan for" in browser.says()


def test_an_admin_of_the_places_institution_sees_names_of_their_own_people_only(site, waiting):
    _, key, space, _people = waiting
    _, guest = join_in(site, key, "stranger", site.there)
    with site.services.begin() as uow:
        kept = uow.plans.of(space)
        address = say("stranger@lakeside.example is not let in.")
        foreign = replace(kept.lines[0], account=AccountId("x"), person=guest.id, why=address)
        nobody = replace(kept.lines[0], account=AccountId("y"), person=None)
        uow.plans.put(replace(kept, lines=(*kept.lines, foreign, nobody)))
        uow.commit()
    admin = site.admin()
    admin.get("/admin")
    page = f"/admin/spaces/{space}/plan"
    assert admin.soup().select_one(f'a[href="{page}"]')
    assert admin.get(page).status_code == 200
    assert "Teacher0, Teacher1, Teacher2" in admin.says()
    assert "2 people whose names are not shown here" in admin.says()
    assert "stranger" not in admin.page.text.casefold()
    assert guest.id not in admin.page.text
    admin.post(page, {"digest": digest(admin)})
    assert admin.follow().status_code == 200
    site.jobs.run_until_idle()
    assert seats(site) == {"facilitator", "teacher3"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_sees_it_or_says_yes(site, waiting, method):
    _, key, space, _people = waiting
    led, governed = f"/c/{key}/places/{space}/plan", f"/admin/spaces/{space}/plan"
    with site.services.begin() as uow:
        kept = uow.plans.of(space)
    form = {"digest": kept.digest} if method == "post" else None
    member, invited = site.enter("teacher3"), site.enter("teacher0")
    outsider, lakeside = site.enter("outsider", course=None), site.admin(site.there)
    for browser in (member, invited, outsider):
        for path, status in ((led, 404), (governed, 403)):
            answer = browser.get(path) if form is None else browser.post(path, form)
            assert answer.status_code == status, path
    for path in (led, governed):
        answer = lakeside.get(path) if form is None else lakeside.post(path, form)
        assert answer.status_code == 404, path
    assert (site.admin().get(led) if form is None else site.admin().post(led, form)).status_code == 404
    assert site.browser().get(led).status_code == 303
    site.jobs.run_until_idle()
    assert len(seats(site)) == 5


@pytest.fixture
def shell(site, monkeypatch):
    """Runs a command in this house and reads its JSON."""
    monkeypatch.setattr(registry, "integrations", lambda: site.services.installed)
    run = command_of(site.services)
    with logging_kept():
        yield lambda *words: json.loads(run(*words, "--json").stdout)


def test_the_command_line_prints_the_plan_of_the_page(site, waiting, shell):
    browser, key, space, _ = waiting
    (told,) = shell("plan", key)["spaces"]
    browser.get(f"/c/{key}/places/{space}/plan")
    soup = browser.soup()
    assert (told["space"], told["digest"], told["waits"]) == (space, digest(browser), True)
    assert told["hazards"] == [
        one.get_text(strip=True) for one in soup.select("section[aria-labelledby=stops] li")
    ]
    shown = {
        (section["aria-labelledby"], name, line.contents[0].strip())
        for section in soup.select("main section:not([aria-labelledby=stops])")
        for line in section.select("li")
        for name in line.strong.get_text().split(", ")
    }
    assert shown == {(one["part"], one["name"], one["why"]) for one in told["people"]}
    assert len(shown) == 3


def test_a_form_that_is_too_old_approves_nothing_and_shows_the_plan_as_it_is(site, waiting):
    browser, key, space, people = waiting
    page = f"/c/{key}/places/{space}/plan"
    browser.get(page)
    old = digest(browser)
    lose(site, key, people[3:])
    answer = browser.post(page, {"digest": old})
    assert answer.status_code == 409
    assert "Things have changed since this was shown" in browser.says()
    assert "Teacher3" in browser.says()
    assert digest(browser) != old
    site.jobs.run_until_idle()
    assert len(seats(site)) == 5
    assert browser.post(page, {"digest": digest(browser)}).status_code == 303
    site.jobs.run_until_idle()
    assert seats(site) == {"facilitator"}


def test_an_approval_that_came_too_late_is_said_on_the_page(site, waiting):
    browser, key, space, people = waiting
    page = f"/c/{key}/places/{space}/plan"
    browser.get(page)
    browser.post(page, {"digest": digest(browser)})
    lose(site, key, people[3:])
    browser.get(page)
    assert "Things have changed since a plan was approved, so nothing of it was done" in browser.says()
    assert len(seats(site)) == 5


@pytest.mark.parametrize(
    "sent", [{}, {"digest": ""}, {"digest": "x" * 5000}, {"digest": "\x00ü{}%"}, {"digest": "0" * 16}]
)
def test_a_digest_that_is_none_is_refused_in_words(site, waiting, sent):
    browser, key, space, _ = waiting
    admin = site.admin()
    for who, page in ((browser, f"/c/{key}/places/{space}/plan"), (admin, f"/admin/spaces/{space}/plan")):
        assert who.post(page, sent).status_code == 409
        assert "Nothing was approved" in who.says()
    site.jobs.run_until_idle()
    assert len(seats(site)) == 5


def test_where_nothing_waits_the_page_says_so(site, waiting):
    browser, key, space, _ = waiting
    page = f"/c/{key}/places/{space}/plan"
    with site.services.begin() as uow:
        uow.plans.drop(space)
        uow.commit()
    assert browser.get(page).status_code == 200
    assert "Nothing waits here" in browser.says()
    assert browser.post(page, {"digest": "0" * 16}).status_code == 409
