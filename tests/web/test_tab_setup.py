"""A tab that somebody adds by hand: they come through the door, choose what it opens, and it opens that."""

from __future__ import annotations

import json

from coplink.core.people import Role
from coplink.engine import join, provision


def choose(site, school="Riverbend"):
    return f"/door/pinboard/{site.doors[school]}/choose"


def offered(browser):
    return {one["data-name"]: one for one in browser.soup().select("input[name=community]")}


def test_a_facilitator_comes_through_the_door_and_chooses_among_their_own(site):
    ana = site.enter("ana", leads=True)
    literacy = site.found(ana)
    maths = site.found(ana, name="Maths <b>circle</b>", key="fedcba9876543210")
    ben = site.enter("ben", leads=True, course="course-2")
    site.found(ben, name="Of Ben", key="aaaaaaaaaaaaaaaa")
    site.jobs.run_until_idle()
    door = choose(site).removesuffix("/choose")
    again = site.browser()
    assert again.get(f"{door}?next={door}/choose").status_code == 200
    again.post(f"{door}?next={door}/choose", {"token": json.dumps({"subject": "ana", "account": "ana"})})
    assert again.page.location.endswith(f"{door}/choose"), "the door leads on to the choice"
    page = again.follow()
    assert page.status_code == 200
    assert set(offered(again)) == {"Literacy", "Maths <b>circle</b>"}
    one = offered(again)["Literacy"]
    assert one["value"] == literacy
    with site.services.begin() as uow:
        (space,) = uow.spaces.of(uow.communities.get(literacy).id)
        community = uow.communities.get(literacy)
        wish = provision.wish_of(
            uow, space, community, site.services.manifests["pinboard"], site.services.settings.base_url
        )
    assert one["data-content"] == wish.home_url, "the same as of a tab that coplink pins"
    assert one["data-website"] == f"{site.services.settings.base_url}/c/{literacy}"
    assert "checked" not in one.attrs, "of two, nobody guesses"
    assert offered(again)["Maths <b>circle</b>"]["value"] == maths
    assert "https://staff.example" in page.headers["Content-Security-Policy"].partition("frame-ancestors")[2]
    scripts = [script["src"] for script in again.soup().select("script[src*=assets]")]
    assert scripts == [f"{door}/assets/tab-config.js"]
    assert again.get(scripts[0]).text == "// tells what was chosen"
    opened = site.browser()
    assert opened.get(one["data-content"].removeprefix(site.services.settings.base_url)).status_code == 200


def test_one_community_is_chosen_already(site):
    ana = site.enter("ana", leads=True)
    site.found(ana)
    ana.get(choose(site))
    (one,) = offered(ana).values()
    assert "checked" in one.attrs


def test_who_leads_nothing_is_told_who_can(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    ben = site.enter("ben")
    person = site.person("ben")
    with site.services.begin() as uow:
        community = uow.communities.get(key)
        join.offer(uow, community.id, person, Role.MEMBER, site.clock.now())
        join.accept(uow, site.services.sealer, community, person, site.clock.now())
        uow.commit()
    assert ben.get(choose(site)).status_code == 200
    assert offered(ben) == {}
    assert "You facilitate no community of Riverbend" in ben.says()


def test_strangers_and_people_of_other_schools_choose_nothing(site):
    ana = site.enter("ana", leads=True)
    site.found(ana)
    stranger = site.browser().get(choose(site))
    assert (stranger.status_code, stranger.location.partition("?")[0]) == (303, "/sign-in")
    lee = site.enter("lee", site.there, course=None)
    assert lee.get(choose(site)).status_code == 404
    assert ana.get(choose(site).replace("pinboard", "harbour")).status_code == 404
    harbour = site.places()["Riverbend/harbour"]
    assert ana.get(f"/door/harbour/{harbour}/choose").status_code == 404, "no tab is set up there"


def test_the_door_leads_on_to_no_other_page_of_its_own(site):
    door = choose(site).removesuffix("/choose")
    for target in (f"{door}/choose/../x", f"{door}/assets/tab.js", "/door/pinboard/1/choose", f"{door}"):
        browser = site.browser()
        browser.get(door)
        browser.post(f"{door}?next={target}", {"token": json.dumps({"subject": "ana", "account": "ana"})})
        assert browser.page.location == "/", target
