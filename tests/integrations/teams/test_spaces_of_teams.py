"""Channels are made once, found again by their marker, and named as Teams allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integrations.teams.patience import forget_this_process, moved

from coplink.ports.errors import (
    Ambiguous,
    Gone,
    NeedsAttention,
    NotReadyYet,
    OutcomeUnknown,
    PolicyForbids,
)
from coplink.sandbox.weather import Rule
from coplink_teams.names import channel_name


def test_the_steps_are_made_once_and_found_again_when_the_row_is_lost(rig, wish):
    spaces = rig.connect().spaces
    parts: dict[str, str] = {}
    for step in spaces.steps(wish):
        made = spaces.ensure(step, wish, parts, "key")
        assert not made.found or step == "folder"
        parts[step] = made.remote
    again = {}
    for step in spaces.steps(wish):
        found = spaces.ensure(step, wish, parts, "key")
        again[step] = found.remote
        assert found.found or step == "folder"
    assert again == parts
    state = rig.wire.state()
    assert [c["marker"] for c in state["channels"]].count(wish.marker) == 1
    assert len(state["tabs"]) == 1
    assert parts["channel"].startswith("shared/19:")


def test_a_finished_space_is_described_with_a_link_for_people(rig, parts, wish):
    facts = rig.connect().spaces.describe(parts)
    assert facts.name == wish.name
    assert facts.link.startswith("http")
    with pytest.raises(Gone):
        rig.connect().spaces.describe({**parts, "channel": "shared/19:nowhere@thread.tacv2"})


def test_two_channels_with_our_marker_are_never_guessed_between(rig, wish):
    spaces = rig.connect().spaces
    first = spaces.ensure("channel", wish, {}, "key").remote
    channel = rig.wire.store.get("teams.channel", first.partition("/")[2])
    rig.wire.store.put(
        "teams.channel", "19:twin@thread.tacv2", {**channel, "id": "19:twin@thread.tacv2", "name": "Twin"}
    )
    with pytest.raises(Ambiguous) as caught:
        spaces.ensure("channel", wish, {}, "key")
    assert len(caught.value.candidates) == 2
    assert caught.value.who == "Microsoft 365 administrator"


def test_a_class_team_refuses_shared_channels_and_gets_a_private_one(rig, wish):
    rig.wire.store.put("teams.team", rig.wire.district.host_team, {"id": "x", "name": "Class", "class": True})
    remote = rig.connect().spaces.ensure("channel", wish, {}, "key").remote
    assert remote.startswith("private/")
    assert rig.wire.state()["channels"][-1]["kind"] == "private"


def test_a_host_team_that_takes_neither_kind_is_named_with_its_setting(rig, wish):
    refusal = {"error": {"code": "BadRequest", "message": "This membership type is not available here"}}
    rig.wire.weather.add(Rule("^POST .*/channels$", "answer", times=2, status=400, body=refusal))
    with pytest.raises(PolicyForbids) as asked:
        rig.connect().spaces.ensure("channel", wish, {}, "key")
    assert "neither a shared nor a private channel" in str(asked.value.message)
    assert asked.value.setting == "team_id"


def test_a_name_that_is_taken_gets_a_suffix(rig, wish):
    spaces = rig.connect().spaces
    spaces.ensure("channel", wish, {}, "key")
    other = replace(wish, marker="coplink:ffffffffffffffffffffffffffff1234")
    spaces.ensure("channel", other, {}, "key")
    assert rig.wire.state()["channels"][-1]["name"] == "Literacy across the curriculum (1234)"


def test_forbidden_characters_and_long_names_are_taken_by_teams(rig, wish):
    odd = replace(wish, name='_a/b: "c" & {d}? *e* <f> | g' + " very" * 20 + ".", about="x" * 3000)
    spaces = rig.connect().spaces
    assert len(channel_name(odd.name)) <= 50
    spaces.ensure("channel", odd, {}, "key")
    channel = rig.wire.state()["channels"][-1]
    assert channel["name"] == channel_name(odd.name)
    assert channel["marker"] == odd.marker


@pytest.mark.parametrize(
    "name", ["", "...", "CON", "forms", "_vti_", "\u0000\u200b", "👩🏽‍🏫" * 40, ".hidden", "General"]
)
def test_any_name_becomes_one_that_teams_takes(rig, wish, name):
    spaces = rig.connect().spaces
    spaces.ensure("channel", replace(wish, name=name), {}, "key")
    assert rig.wire.state()["channels"][-1]["name"] == channel_name(name)


def test_an_answer_that_was_lost_makes_no_second_channel(rig, wish):
    rig.wire.weather.add(Rule("POST .*/channels$", "lose"))
    spaces = rig.connect().spaces
    with pytest.raises(OutcomeUnknown):
        spaces.ensure("channel", wish, {}, "key")
    made = spaces.ensure("channel", wish, {}, "key")
    assert made.found
    assert len([c for c in rig.wire.state()["channels"] if c["marker"]]) == 1


def test_a_channel_still_being_made_is_waited_for(rig, wish):
    rig.wire.teams.slow_channels = True
    spaces = rig.connect().spaces
    with pytest.raises(NotReadyYet) as caught:
        spaces.ensure("channel", wish, {}, "key")
    assert caught.value.retry_after
    assert spaces.ensure("channel", wish, {}, "key").found


def test_a_lost_answer_while_the_channel_is_not_listed_yet_makes_no_second_one(rig, wish):
    rig.wire.weather.add(Rule("POST .*/channels$", "lose"))
    rig.wire.lag_seconds = 60
    spaces = rig.connect().spaces
    with pytest.raises(OutcomeUnknown):
        spaces.ensure("channel", wish, {}, "key")
    with pytest.raises(NotReadyYet):
        spaces.ensure("channel", wish, {}, "key")
    rig.wire.lag_seconds = 0
    assert spaces.ensure("channel", wish, {}, "key").found
    assert len([c for c in rig.wire.state()["channels"] if c["marker"]]) == 1


def test_the_folder_of_a_fresh_channel_may_be_missing_for_a_while(rig, wish):
    spaces = rig.connect().spaces
    channel = spaces.ensure("channel", wish, {}, "key").remote
    rig.wire.lag_seconds = 60
    with pytest.raises(NotReadyYet):
        spaces.ensure("folder", wish, {"channel": channel}, "key")
    rig.wire.lag_seconds = 0
    drive, _, folder = spaces.ensure("folder", wish, {"channel": channel}, "key").remote.partition("/")
    assert drive.startswith("b!")
    assert folder


@pytest.fixture
def clock(rig):
    yield moved(rig, "channel")
    forget_this_process()


@pytest.mark.parametrize("step", ["folder", "tab"])
def test_a_channel_that_was_deleted_meanwhile_is_awaited_for_the_lag_and_then_made_anew(
    rig, wish, clock, step
):
    spaces = rig.connect().spaces
    parts = {"channel": spaces.ensure("channel", wish, {}, "key").remote}
    rig.wire.channels.delete(parts["channel"].partition("/")[2])
    for _ in range(2):
        with pytest.raises(NotReadyYet) as waits:
            spaces.ensure(step, wish, parts, "key")
        assert waits.value.retry_after == 30
        clock.pass_by(14 * 60)
    with pytest.raises(NeedsAttention) as told:
        spaces.ensure(step, wish, parts, "key")
    assert told.value.forget == ("channel", "folder")
    assert "coplink makes another one" in str(told.value.message)
    for _ in range(
        2
    ):  # its name stays taken for 30 days, and might be that of our own channel, not listed yet
        with pytest.raises(NotReadyYet, match="holds the name"):
            spaces.ensure("channel", wish, {}, "key")
        clock.pass_by(14 * 60)
    parts = {"channel": spaces.ensure("channel", wish, {}, "key").remote}
    spaces.ensure("folder", wish, parts, "key")
    assert rig.connect().spaces.describe(parts).name == f"{wish.name} (cdef)"
    rig.wire.channels.delete(parts["channel"].partition("/")[2])
    with pytest.raises(NotReadyYet):
        spaces.ensure("channel", wish, {}, "key")
    clock.pass_by(16 * 60)
    with pytest.raises(PolicyForbids, match="30 days"):
        spaces.ensure("channel", wish, {}, "key")


def test_a_folder_may_take_as_long_as_it_likes_while_the_channel_is_there(rig, wish, clock):
    rig.wire.drives.folders_late = 3 * 3600
    spaces = rig.connect().spaces
    parts = {"channel": spaces.ensure("channel", wish, {}, "key").remote}
    for _ in range(4):
        with pytest.raises(NotReadyYet, match="folder"):
            spaces.ensure("folder", wish, parts, "key")
        clock.pass_by(50 * 60)
    assert spaces.ensure("folder", wish, parts, "key").remote


BUSY = {"error": {"code": "TooManyRequests", "message": "Slow down"}}


def test_a_channel_that_was_answered_with_slow_down_is_looked_for_before_it_is_made_again(rig, wish, clock):
    spaces = rig.connect().spaces
    rig.wire.lag_seconds = 60
    rig.wire.weather.add(Rule("^POST .*/channels$", "apply", status=429, body=BUSY))
    with pytest.raises(OutcomeUnknown):
        spaces.ensure("channel", wish, {}, "key")
    clock.pass_by(900)
    assert spaces.ensure("channel", wish, {}, "key").found
    assert len([c for c in rig.wire.state()["channels"] if c["marker"]]) == 1


def test_a_tab_that_was_answered_with_slow_down_is_looked_for_before_it_is_made_again(rig, wish, clock):
    spaces = rig.connect().spaces
    parts = {"channel": spaces.ensure("channel", wish, {}, "key").remote}
    rig.wire.weather.add(Rule("^POST .*/tabs$", "apply", status=429, body=BUSY))
    with pytest.raises(OutcomeUnknown):
        spaces.ensure("tab", wish, parts, "key")
    assert spaces.ensure("tab", wish, parts, "key").found
    assert len(rig.wire.state()["tabs"]) == 1


def test_without_an_app_in_the_catalogue_no_tab_is_pinned(rig, wish, parts):
    assert rig.connect(app_id="").spaces.ensure("tab", wish, parts, "key").remote == "-"
    assert parts["tab"] == rig.wire.state()["tabs"][0]["id"]


DOOR = "/door/teams/0d9e4c3a?next=/c/5f0c"


@pytest.mark.parametrize(
    "url",
    [
        f"https://coplink.school.example{DOOR}",
        f"http://127.0.0.1:8080{DOOR}",
        "https://c.example/c/1?a=b&c=%2F#x",
    ],
)
def test_the_tab_opens_the_address_it_is_given_as_it_is(rig, wish, url):
    connection = rig.connect()
    wish, parts = replace(wish, home_url=url), {}
    for step in connection.spaces.steps(wish):
        parts[step] = connection.spaces.ensure(step, wish, parts, "key").remote
    [tab] = rig.wire.store.all("teams.tab")
    assert tab["configuration"] == {"entityId": wish.marker, "contentUrl": url, "websiteUrl": url}
    assert rig.wire.state()["tabs"][0]["url"] == url
    assert connection.spaces.describe(parts).name == wish.name


@pytest.mark.parametrize("configuration", [{}, {"entityId": None}, {"entityId": "of an older version"}, None])
def test_a_tab_that_opens_another_address_is_found_and_not_doubled(rig, wish, parts, configuration):
    moved = replace(wish, home_url=f"https://coplink.school.example{DOOR}")
    found = rig.connect().spaces.ensure("tab", moved, parts, "key")
    assert (found.remote, found.found) == (parts["tab"], True)
    tab = rig.wire.store.get("teams.tab", parts["tab"])
    rig.wire.store.put("teams.tab", tab["id"], {**tab, "configuration": configuration})
    found = rig.connect().spaces.ensure("tab", moved, parts, "key")
    assert (found.remote, found.found) == (parts["tab"], True), "found by the app"
    assert len(rig.wire.store.all("teams.tab")) == 1


def test_a_tab_of_another_app_is_not_ours(rig, wish, parts):
    tab = rig.wire.store.get("teams.tab", parts["tab"])
    rig.wire.store.put("teams.tab", tab["id"], {**tab, "app": "another", "configuration": {"entityId": "x"}})
    made = rig.connect().spaces.ensure("tab", wish, parts, "key")
    assert not made.found
    assert made.remote != parts["tab"]
