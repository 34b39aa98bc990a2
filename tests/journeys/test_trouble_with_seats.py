"""Trouble while people are read and seated: nobody is removed, nobody is lost, nobody sits twice."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coplink.sandbox.store import Store

SEAT_WRITES = {
    "canvas": r"^POST /api/v1/groups/\d+/memberships",
    "teams": r"^POST /v1\.0/(\$batch|teams/[^/]+/channels/[^/]+/members)",
    "google": r"^POST /admin/directory/v1/groups/[^/]+/members",
}
SECOND_PAGES = {
    "canvas": r"^GET /api/v1/groups/\d+/memberships.*page=2",
    "teams": r"^GET /v1\.0/teams/[^/]+/channels/[^/]+/members.*skiptoken=1",
    "google": r"^GET /admin/directory/v1/groups/[^/]+/members\?.*pageToken",
}
RIVERBEND = ("ben.okafor", "chloe.park", "fatima.noor")
LAKESIDE = ("xavier.bell", "yara.saleh")  # nobody else in these tests: they come by Google alone


def join_in_teams(scene: Any, who: str, community: str) -> None:
    """Join from the Teams tab, and say “that is me” where coplink asks."""
    page, browser = scene.cast.open_teams(who), scene.cast.browser(f"{who} in Teams")
    if any("/is-this-you" in form.action for form in page.forms):
        browser.send(page, "/is-this-you", press="Yes")
        scene.cast.that_was_me(who)
        scene.cast.open_teams(who)
    page = scene.page(community, "invitation", f"{who} in Teams")
    if any("/join" in form.action for form in page.forms):
        browser.send(page, "/join")


def join_everywhere(scene: Any, community: str) -> None:
    for who in RIVERBEND:
        scene.cast.join_from_course(who, community)
        join_in_teams(scene, who, community)
    link = scene.cast.invite("Lakeside School District", community)
    for who in LAKESIDE:
        page = scene.ask(who, link)
        if not any("/join" in form.action for form in page.forms):
            page = scene.cast.sign_in_with_google(who, page)
        scene.cast.browser(who).send(page, "/join")


def seated(scene: Any, community: str) -> dict[str, set[str]]:
    """Who sits in each place, by name; fails where somebody sits twice."""
    found = {}
    for suite in scene.inside.spaces(community):
        accounts = scene.sitting(community, suite)
        assert len(accounts) == len(set(accounts)), (suite, accounts)
        found[suite] = scene.cast.names(suite, accounts)
    return found


@pytest.fixture
def community(scene: Any) -> str:
    """A community with people in every suite."""
    made = scene.found()
    scene.inside.until_idle()
    join_everywhere(scene, made)
    scene.inside.until_idle(120)
    assert seated(scene, made) == FULL
    return made


FULL = {"canvas": {"ana.ruiz", *RIVERBEND}, "teams": set(RIVERBEND), "google": set(LAKESIDE)}


@pytest.mark.long
def test_a_listing_of_members_that_breaks_off(scene: Any, community: str) -> None:
    for suite, match in SECOND_PAGES.items():
        scene.demo.ask(suite, "pages", {"size": 1})
        scene.weather(suite, match, "answer", status=503, times=6, body={})
    before = {suite: scene.calls(suite, "DELETE") for suite in SECOND_PAGES}
    scene.inside.mark_everything(community)
    scene.cast.join_from_course("grace.lindqvist", community)  # while the listings break off
    scene.inside.until_idle(120)
    assert seated(scene, community) == FULL | {"canvas": FULL["canvas"] | {"grace.lindqvist"}}
    assert {suite: scene.calls(suite, "DELETE") for suite in SECOND_PAGES} == before
    with scene.inside.services.begin() as uow:
        standings = {m.standing.value for m in uow.communities.memberships(community)}
    assert standings <= {"joined", "invited"}


@pytest.mark.long
def test_answers_to_seat_writes_are_lost_or_throttled(scene: Any) -> None:
    community = scene.found()
    scene.inside.until_idle()
    for suite, match in SEAT_WRITES.items():
        scene.weather(suite, match, "lose")
        scene.weather(suite, match, "answer", skip=1, status=429, headers={"Retry-After": "1"}, body={})
        scene.weather(suite, match, "answer", skip=1, status=429, body={})
    join_everywhere(scene, community)
    scene.inside.until_idle(120)
    assert seated(scene, community) == FULL


@pytest.mark.long
@pytest.mark.parametrize("act", ["hold-before", "hold-after"])
def test_somebody_leaves_while_their_seat_is_being_written(scene: Any, act: str) -> None:
    community = scene.found()
    scene.inside.until_idle()
    for suite, match in SEAT_WRITES.items():
        scene.weather(suite, match, act)
    scene.cast.join_from_course("jonas.weber", community)
    scene.wait(lambda: scene.demo.ask("canvas", "held"))
    scene.cast.leave("jonas.weber", community)
    scene.demo.ask("canvas", "release", {})
    join_in_teams(scene, "keiko.tanaka", community)
    scene.wait(lambda: scene.demo.ask("teams", "held"))
    scene.cast.browser("keiko.tanaka in Teams").send(
        scene.ask("keiko.tanaka in Teams", f"/c/{community}/leave"), "/leave"
    )
    scene.demo.ask("teams", "release", {})
    scene.inside.until_idle(120)
    assert seated(scene, community) == {"canvas": {"ana.ruiz"}, "teams": set(), "google": set()}


@pytest.mark.long
def test_a_roster_that_is_throttled_breaks_off_or_gets_no_token(scene: Any) -> None:
    names = [scene.cast.resident(key).name for key in scene.enrolled("101")]
    roster = r"^GET /api/lti/courses/101/names_and_roles"
    scene.demo.kill_coplink()  # tokens are kept in memory: a fresh process asks for one
    scene.demo.start_coplink()
    for status in (429, 503):
        scene.weather("lti", "^POST /login/oauth2/token", "answer", status=status, body={}, uncounted=True)
    scene.weather("lti", roster, "answer", status=429, headers={"Retry-After": "1"}, body={})
    scene.weather("lti", roster, "answer", status=429, body={})
    scene.weather("lti", roster, "answer", status=503, body={})
    community = scene.found()
    scene.inside.until_idle()
    page = scene.page(community, "people")
    assert [name for name in names if name not in page.text] == []
    for name in names:
        assert page.text.count(name) <= 2, name  # the reader's own name stands in the head as well


@pytest.mark.long
def test_half_a_roster_invites_those_it_shows_and_nobody_is_gone(scene: Any) -> None:
    names = [scene.cast.resident(key).name for key in scene.enrolled("101")]
    scene.demo.ask("lti", "pages", {"size": 5})
    scene.weather(
        "lti", r"^GET /api/lti/courses/101/names_and_roles.*page=", "answer", status=503, times=9, body={}
    )
    community = scene.found()
    scene.wait(lambda: names[3] in scene.page(community, "people").text)
    missing = [name for name in names if name not in scene.page(community, "people").text]
    assert len(missing) == len(names) - 5
    scene.demo.ask("lti", "weather/clear", {})
    scene.inside.mark_everything(community)
    scene.inside.until_idle()
    page = scene.page(community, "people")
    assert [name for name in names if name not in page.text] == []


def by_hand(scene: Any, what: str, key: str, change: dict[str, Any] | None) -> None:
    """Somebody changes or deletes something in Canvas, with rights of their own."""
    store = Store(scene.demo.folder / "region.sqlite")
    with store.change():
        if change is None:
            store.drop(what, key)
        else:
            store.put(what, key, change)
    store.close()


@pytest.mark.long
def test_two_groups_with_our_mark_wait_for_a_person(scene: Any) -> None:
    page_of_group = r"^POST /api/v1/groups/\d+/pages"
    scene.weather("canvas", r"^POST /api/v1/group_categories/\d+/groups", "lose")
    scene.demo.ask("canvas", "weather", {"match": page_of_group, "act": "answer", "status": 500})
    scene.weather(
        "canvas", r"^GET /api/v1/group_categories/\d+/groups", "answer", skip=1, status=401, times=50, body={}
    )
    community = scene.found()
    scene.inside.until_idle()
    space = scene.inside.spaces(community)["canvas"]
    assert space.state.value == "stuck"
    store = Store(scene.demo.folder / "region.sqlite")
    ours = next(g for g in store.all("canvas.groups") if space.marker in (g["description"] or ""))
    store.close()
    twin = str(ours["id"] + 100_000)
    by_hand(scene, "canvas.groups", twin, {**ours, "id": int(twin), "name": "A copy"})
    scene.demo.ask("canvas", "weather/clear", {})
    scene.again(community, "canvas")
    scene.inside.until_idle()
    page = scene.page(community)
    assert "More than one thing in Canvas carries the mark" in page.text
    assert "Who can change it: facilitator" in page.text
    assert scene.logged(event="work interrupted", code="ambiguous")
    by_hand(scene, "canvas.groups", twin, None)
    scene.again(community, "canvas")
    scene.one_of_everything(community)
    assert scene.inside.spaces(community)["canvas"].parts["group"] == str(ours["id"])


@pytest.mark.long
def test_a_group_deleted_by_hand_is_not_made_anew_and_costs_nobody_their_membership(scene: Any) -> None:
    community = scene.found()
    scene.inside.until_idle()
    scene.cast.join_from_course("ben.okafor", community)
    scene.inside.until_idle()
    by_hand(scene, "canvas.groups", scene.inside.spaces(community)["canvas"].parts["group"], None)
    scene.inside.mark_everything(community)
    scene.inside.until_idle(120)
    page = scene.page(community)
    assert re.search("group .*not there any more", page.text), page.text
    assert scene.made(community)["canvas groups"] == 0
    troubled = {key for key, space in scene.inside.spaces(community).items() if space.trouble}
    assert troubled == {"canvas"}
    assert "Ben Okafor" in scene.page(community, "people").text
    assert scene.page(community, "", "ben.okafor").status == 200
