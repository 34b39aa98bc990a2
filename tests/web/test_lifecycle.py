"""Those who lead a community rename it, put it to rest and let places go; admins do so with their own places."""

from __future__ import annotations

import pytest

from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.testing.beginnings import once


@pytest.fixture
@once
def led(site):
    """A facilitator's browser, and the community."""
    facilitator = site.enter("facilitator", leads=True)
    key = site.found(facilitator)
    site.jobs.run_until_idle()
    return facilitator, key


def space_of(site, key):
    with site.services.begin() as uow:
        (space,) = uow.spaces.of(key)
    return space


def press(browser, label):
    """Send the form whose button says so, as it stands on the page."""
    for form in browser.soup().select("main form"):
        if form.button.get_text(strip=True) == label:
            fields = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
            return browser.post(form["action"], fields)
    raise AssertionError(f"no button “{label}” on: {browser.says()}")


def test_a_facilitator_finds_the_page_and_renames(site, led):
    browser, key = led
    browser.get(f"/c/{key}/places")
    assert browser.soup().select_one(f'a[href="/c/{key}/life"]')
    browser.get(f"/c/{key}/life")
    assert browser.soup().select_one(f'a[href="/c/{key}"]'), "a way back"
    browser.post(f"/c/{key}/life/name", {"name": "Reading circle"})
    browser.follow()
    assert browser.soup().select_one("#name")["value"] == "Reading circle"
    site.jobs.run_until_idle()
    assert "Reading circle" in site.boards["Riverbend"].names.values()


def test_a_name_that_cannot_be_comes_back_with_what_was_typed(site, led):
    browser, key = led
    browser.get(f"/c/{key}/life")
    answer = browser.post(f"/c/{key}/life/name", {"name": "x" * 81})
    assert answer.status_code == 400
    assert "80 characters" in browser.says()
    assert browser.soup().select_one("#name")["value"] == "x" * 81


def test_what_is_agreed_is_read_before_joining_and_its_history_stays(site, led):
    browser, key = led
    page = f"/c/{key}/life/norms"
    browser.get(f"/c/{key}/life")
    for _ in range(2):
        answer = browser.post(page, {"norms": " We start on time. \r\n\r\n<b>Doubts</b> are welcome. "})
        assert (answer.status_code, answer.location) == (303, f"/c/{key}/life")
    browser.follow()
    agreed = "We start on time.\n<b>Doubts</b> are welcome."
    assert browser.soup().select_one("#norms").get_text().strip() == agreed
    assert "How we work together" in browser.get(f"/c/{key}").text
    assert "<b>Doubts</b> are welcome." in browser.says(), "as it was typed, and never as markup"
    browser.get(f"/c/{key}/history")
    assert browser.says().count("wrote down how the community works together") == 1
    browser.get(f"/c/{key}/people")
    browser.post(f"/c/{key}/links", {"institution": site.here.id})
    browser.get(f"/c/{key}/people")
    link = "/i/" + browser.soup().select_one("input[readonly]")["value"].rpartition("/")[2]
    stranger = site.browser()
    stranger.get(link)
    assert "How we work together We start on time. <b>Doubts</b> are welcome." in stranger.says()
    site.enter("cy", browser=stranger)
    stranger.get(f"/c/{key}/invitation")
    assert "We start on time." in stranger.says()
    assert browser.post(page, {"norms": "x" * 2001}).status_code == 400
    assert "Keep what is agreed under 2000 characters." in browser.says()
    assert browser.soup().select_one("#norms").get_text().strip() == "x" * 2001
    with site.services.begin() as uow:
        charter = uow.communities.get(key).charter
        assert (charter.norms, charter.version) == (agreed, 2)
        assert charter.about == "Reading in every subject"


def test_put_to_rest_and_woken_with_words_before_each_button(site, led):
    browser, key = led
    browser.get(f"/c/{key}/life")
    assert "Nothing is deleted" in browser.says()
    press(browser, "Put it to rest")
    site.jobs.run_until_idle()
    assert site.boards["Riverbend"].archived
    browser.get(f"/c/{key}")
    assert "This community rests" in browser.says()
    assert "No meetings while the community rests" in browser.says()
    browser.get(f"/c/{key}/meetings")
    assert "No meetings while" in browser.says()
    browser.get(f"/c/{key}/places")
    assert "leaves its places alone" in browser.says()
    browser.get(f"/c/{key}/life")
    press(browser, "Wake it")
    site.jobs.run_until_idle()
    assert not site.boards["Riverbend"].archived
    browser.get(f"/c/{key}/places")
    assert "Every place is ready" in browser.says()


def test_a_calendar_that_is_subscribed_to_shows_nothing_to_come_while_it_rests(site, led):
    browser, key = led
    browser.get(f"/c/{key}/meetings")
    browser.post(f"/c/{key}/feed")
    browser.follow()
    address = browser.soup().select_one("#feed-address")["value"].partition("8080")[2]
    before = site.browser().get(address).text
    browser.get(f"/c/{key}/life")
    press(browser, "Put it to rest")
    after = site.browser().get(address).text
    assert "CONFIRMED" in before
    assert "CONFIRMED" not in after


def test_one_place_rests_wakes_is_let_go_and_taken_up_again(site, led):
    browser, key = led
    here = f"/c/{key}/places/{space_of(site, key).id}"
    browser.get(here)
    press(browser, "Put it to rest")
    site.jobs.run_until_idle()
    browser.follow()
    assert space_of(site, key).state is SpaceState.ARCHIVED
    press(browser, "Wake it")
    site.jobs.run_until_idle()
    browser.get(here)
    box = browser.soup().select_one('input[name="take_away"]')
    assert "coplink’s own" in browser.soup().select_one(f'label[for="{box["id"]}"]').get_text()
    assert not box.has_attr("checked"), "nothing goes unless a person ticks it"
    press(browser, "Let it go")
    browser.follow()
    assert "taking its leave" in browser.says()
    site.jobs.run_until_idle()
    browser.get(here)
    assert "Take it off its hook" in browser.says()
    assert "frame-2" in site.boards["Riverbend"].boards
    browser.get(f"/c/{key}/places")
    assert "never looks at it" in browser.says()
    browser.get(here)
    press(browser, "Take it up again")
    site.jobs.run_until_idle()
    assert space_of(site, key).state is SpaceState.READY


def test_what_is_ticked_is_taken_away(site, led):
    browser, key = led
    here = f"/c/{key}/places/{space_of(site, key).id}"
    browser.get(here)
    browser.post(here, {"do": "detach", "take_away": "yes"})
    site.jobs.run_until_idle()
    assert "frame-2" not in site.boards["Riverbend"].boards
    assert "board-1" in site.boards["Riverbend"].boards


def test_a_name_from_over_there_is_shown_and_replaced_only_by_a_person(site, led):
    browser, key = led
    site.boards["Riverbend"].names["board-1"] = "Mr. Hill's corner"
    browser.get(f"/c/{key}/life")
    browser.post(f"/c/{key}/life/name", {"name": "Reading circle"})
    site.jobs.run_until_idle()
    browser.get(f"/c/{key}")
    assert "Mr. Hill's corner" in browser.says()
    browser.get(f"/c/{key}/places/{space_of(site, key).id}")
    press(browser, "Use the community’s name")
    site.jobs.run_until_idle()
    assert site.boards["Riverbend"].names["board-1"] == "Reading circle"


def test_an_admin_does_the_same_with_the_own_institutions_places_only(site, led):
    browser, key = led
    space = space_of(site, key)
    admin, other = site.admin(), site.admin(site.there)
    admin.get("/admin")
    assert admin.soup().select_one(f'a[href="/admin/spaces/{space.id}"]')
    assert admin.get(f"/admin/spaces/{space.id}").status_code == 200
    assert other.get(f"/admin/spaces/{space.id}").status_code == 404
    assert other.post(f"/admin/spaces/{space.id}", {"do": "detach"}).status_code == 404
    assert space_of(site, key).state is SpaceState.READY
    press(admin, "Put it to rest")
    assert space_of(site, key).state is SpaceState.ARCHIVED
    here = f"/c/{key}/places/{space.id}"
    browser.get(here)
    assert "An admin of Riverbend decided this" in browser.says()
    assert "Wake it" not in browser.says()
    assert browser.post(here, {"do": "restore"}).status_code == 403
    assert space_of(site, key).state is SpaceState.ARCHIVED


def test_members_change_nothing(site, led):
    _, key = led
    space = space_of(site, key)
    outsider = site.enter("outsider", course=None)
    outsider.get("/me")
    for path, form in (
        (f"/c/{key}/life/name", {"name": "Mine"}),
        (f"/c/{key}/life/norms", {"norms": "Mine"}),
        (f"/c/{key}/life/rest", {}),
        (f"/c/{key}/places/{space.id}", {"do": "detach"}),
    ):
        assert outsider.post(path, form).status_code == 404
    assert outsider.post(f"/admin/spaces/{space.id}", {"do": "detach"}).status_code == 403
    assert space_of(site, key) == space


def test_a_form_of_another_time_is_refused(site, led):
    browser, key = led
    here = f"/c/{key}/places/{space_of(site, key).id}"
    browser.get(here)
    assert browser.post(here, {"do": "delete"}).status_code == 400
    assert (
        browser.post(here, {"do": "revive"}).status_code == 400
        or space_of(site, key).state is SpaceState.READY
    )


# --- a whole system ---------------------------------------------------------------------------------------------------


def test_an_admin_reads_what_it_means_and_disconnects(site, led):
    _, key = led
    admin = site.admin()
    admin.get("/admin/connections/pinboard")
    assert admin.soup().select_one('a[href="/admin/connections/pinboard/disconnect"]')
    admin.get("/admin/connections/pinboard/disconnect")
    words = admin.says()
    for part in (
        "Disconnect Pin Board?",
        "Literacy",
        "1 person sits there",
        "secrets of this connection are erased",
    ):
        assert part in words
    assert admin.soup().select_one('a[href="/admin/connections/pinboard"]'), "a way back"
    assert space_of(site, key).state is SpaceState.READY, "reading changes nothing"
    press(admin, "Disconnect")
    admin.follow()
    assert "settings are kept until" in admin.says()
    site.jobs.run_until_idle()
    admin.get("/admin/connections/pinboard/disconnect")
    assert "No credential is kept" in admin.says()
    assert "Take it off its hook" in admin.says()
    admin.get("/admin")
    assert "disconnected" in admin.says()
    admin.get("/admin/connections/pinboard")
    assert "One is kept and not shown" not in admin.says()


def test_a_door_of_a_disconnected_system_lets_nobody_in(site, led):
    facilitator, key = led
    admin = site.admin()
    admin.get("/admin/connections/pinboard/disconnect")
    press(admin, "Disconnect")
    assert facilitator.get(f"/c/{key}").status_code == 303, "whoever came this way is signed out"
    assert admin.get("/admin").status_code == 200, "the admin is not"
    door = f"/door/pinboard/{site.doors['Riverbend']}"
    assert site.browser().get(door).status_code == 404
    assert door not in site.browser().get("/sign-in").text
    there = site.enter("somebody", at=site.there)
    assert there.get("/me").status_code == 200, "another institution's door stays open"


def test_a_call_of_a_platform_that_has_been_left_asks_for_nothing(site, led):
    _, key = led
    space = space_of(site, key)
    admin = site.admin()
    admin.get("/admin/connections/pinboard/disconnect")
    press(admin, "Disconnect")
    site.jobs.run_until_idle()
    with site.services.begin() as uow:
        assert uow.watches.of(space.id) is None
        before = uow.work.state(Kind.COLLECT, space.id)
    answer = site.browser().client.post(
        f"/hook/pinboard/{space.id}", base_url="http://127.0.0.1:8080", data=b"{}"
    )
    assert answer.status_code == 202
    with site.services.begin() as uow:
        assert uow.work.state(Kind.COLLECT, space.id) == before


def test_connected_again_places_wait_for_a_person(site, led):
    _, key = led
    admin = site.admin()
    admin.get("/admin/connections/pinboard/disconnect")
    press(admin, "Disconnect")
    admin.follow()
    assert "Connect it again" not in admin.says(), "not before coplink has taken its leave"
    admin.get("/admin/connections/pinboard")
    again = admin.post("/admin/connections/pinboard", {"room": "Riverbend", "key": "new"})
    assert (again.status_code, "still taking its leave" in admin.says()) == (400, True)
    site.jobs.run_until_idle()
    admin.get(f"/admin/spaces/{space_of(site, key).id}")
    assert "not connected" in admin.says()
    admin.get("/admin/connections/pinboard")
    assert admin.post("/admin/connections/pinboard", {"room": "Riverbend"}).status_code == 400, (
        "the key is gone"
    )
    assert admin.post("/admin/connections/pinboard", {"room": "Riverbend", "key": "new"}).status_code == 303
    site.jobs.run_until_idle()
    assert space_of(site, key).state is SpaceState.DETACHED
    admin.get(f"/admin/spaces/{space_of(site, key).id}")
    press(admin, "Take it up again")
    site.jobs.run_until_idle()
    assert space_of(site, key).state is SpaceState.READY
