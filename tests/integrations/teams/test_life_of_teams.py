"""What becomes of channels and teams after they are made: names, rest, waking, letting go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.integrations.teams.conftest import Rig, make_space
from tests.integrations.teams.patience import Moving, forget_this_process, moved

from coplink.ports.errors import Gone, NotReadyYet, OutcomeUnknown, PolicyForbids
from coplink.sandbox.weather import Rule

OTHER = "coplink:ffffffffffffffffffffffffffff1234"


@pytest.fixture(params=["channel", "team"])
def mode(request) -> str:
    return str(request.param)


@pytest.fixture
def clock(rig: Rig, mode: str) -> Iterator[Moving]:
    yield moved(rig, mode)
    forget_this_process()


@pytest.fixture
def parts(rig: Rig, wish, clock: Moving) -> dict[str, str]:
    return make_space(rig.connect(), wish)


def kept(rig: Rig, parts: dict[str, str]) -> dict:
    if "team" in parts:
        return rig.wire.store.get("teams.team", parts["team"])
    return rig.wire.store.get("teams.channel", parts["channel"].partition("/")[2])


def test_a_new_name_is_written_once_and_the_marker_stays(rig, wish, clock, parts) -> None:
    upkeep = rig.connect().upkeep
    assert upkeep.rename(parts, "Writing: circle") == (
        "Writing: circle" if "team" in parts else "Writing circle"
    )
    assert kept(rig, parts)["description"].endswith(wish.marker)
    before = rig.writes()
    upkeep.rename(parts, "Writing: circle")
    assert rig.writes() == before


@pytest.mark.parametrize("mode", ["channel"])
def test_a_channel_takes_a_name_that_is_free(rig, wish, clock, parts) -> None:
    make_space(rig.connect(), replace(wish, name="Writing circle", marker=OTHER))
    name = rig.connect().upkeep.rename(parts, "Writing circle")
    assert name.startswith("Writing circle (")
    before = rig.writes()
    assert rig.connect().upkeep.rename(parts, "Writing circle") == name
    assert rig.writes() == before


@pytest.mark.parametrize("mode", ["channel"])
def test_a_channel_says_in_its_name_that_it_has_ended(rig, wish, clock, parts) -> None:
    upkeep = rig.connect().upkeep
    rested = upkeep.archive(parts)
    assert not rested.done
    assert "“(ended) Literacy across the curriculum”" in str(rested.said)
    assert (upkeep.read(parts).name, upkeep.read(parts).archived) == (f"(ended) {wish.name}", True)
    assert upkeep.rename(parts, "Writing") == "(ended) Writing"
    assert upkeep.restore(parts).done
    assert (upkeep.read(parts).name, upkeep.read(parts).archived) == ("Writing", False)


@pytest.mark.parametrize("mode", ["team"])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_team_is_archived_and_woken_however_long_it_takes(rig, wish, clock, parts, restarts) -> None:
    rig.wire.operations.seconds = 75
    forget = forget_this_process if restarts else lambda: None
    for verb, asleep in (("archive", True), ("restore", False)):
        for _ in range(10):
            try:
                done = getattr(rig.connect().upkeep, verb)(parts)
                break
            except NotReadyYet as error:
                forget()
                clock.pass_by(error.retry_after or 30)
        assert done.done
        assert rig.connect().upkeep.read(parts).archived is asleep
        assert rig.connect().upkeep.rename(parts, "Rest") == (wish.name if asleep else "Rest")
        before = rig.writes()
        assert getattr(rig.connect().upkeep, verb)(parts).done
        assert rig.writes() == before
    if not restarts:
        assert len([line for line in rig.writes() if line.endswith("archive")]) == 2
    for polls in rig.wire.operations.polled.values():
        assert all(later - earlier >= 30 for earlier, later in pairwise(polls))


@pytest.mark.parametrize("mode", ["team"])
def test_archiving_that_fails_says_why_and_can_be_asked_for_again(rig, wish, clock, parts) -> None:
    rig.wire.operations.fails = "BlockedByPolicy"
    with pytest.raises(PolicyForbids) as told:
        rig.connect().upkeep.archive(parts)
    assert told.value.forget == ()
    rig.wire.operations.fails = ""
    assert rig.connect().upkeep.archive(parts).done


@pytest.mark.parametrize("mode", ["team"])
def test_an_answer_about_archiving_that_was_lost_does_no_harm(rig, wish, clock, parts) -> None:
    rig.wire.weather.add(Rule("/archive", "lose"))
    with pytest.raises(OutcomeUnknown):
        rig.connect().upkeep.archive(parts)
    before = rig.writes()
    assert rig.connect().upkeep.archive(parts).done
    assert rig.writes() == before


def test_letting_go_takes_only_what_is_ours(rig, wish, clock, parts) -> None:
    other = make_space(rig.connect(), replace(wish, marker=OTHER))
    channel, drive = parts["channel"].partition("/")[2], parts["folder"].partition("/")[0]
    theirs = {"id": "theirs", "channel": channel, "name": "Wiki", "app": "x", "configuration": {}}
    rig.wire.store.put("teams.tab", "theirs", theirs)
    for number, of in (("s-1", drive), ("s-2", other["folder"].partition("/")[0])):
        ends = rig.wire.stamp(clock.at.timestamp() + 3600)
        kept_one = {"id": number, "drive": of, "resource": f"/drives/{of}/root", "url": "http://127.0.0.1:1/",
                    "lifecycle": "", "state": "s", "ends": ends}  # fmt: skip
        rig.wire.store.put("teams.subscription", number, kept_one)
    upkeep = rig.connect().upkeep
    stays = upkeep.let_go(parts, take_away=False)
    assert stays[0].title == "Community"
    left = upkeep.let_go(parts, take_away=True)
    assert [one.title for one in left] == (["coplink", wish.name] if "team" in parts else [wish.name])
    assert all(one.link.startswith("http") for one in left)
    assert {tab["id"] for tab in rig.wire.store.all("teams.tab")} == {"theirs", other["tab"]}
    assert [one["id"] for one in rig.wire.store.all("teams.subscription")] == ["s-2"]
    before = rig.writes()
    upkeep.let_go(parts, take_away=True)
    assert rig.writes() == before
    assert kept(rig, parts)["name"] == wish.name


def test_of_a_place_that_is_gone_nothing_stays(rig, wish, clock, parts) -> None:
    kind, key = ("teams.team", parts["team"]) if "team" in parts else ("teams.channel", parts["channel"][7:])
    rig.wire.store.drop(kind, key)
    upkeep = rig.connect().upkeep
    assert upkeep.let_go(parts, take_away=True) == ()
    with pytest.raises(Gone):
        upkeep.read(parts)
    assert not [line for line in rig.writes() if line.startswith("DELETE")]
