"""Each system is taken out again, with the real SDK over its sandbox: what stays, what goes, and that nobody calls.

Every request that reaches a sandbox is counted, those for tokens too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.journeys.one_suite import SUITES, Town, built

from coplink.cli.disconnect import take_leave
from coplink.core.spaces import SpaceState
from coplink.core.work import Kind
from coplink.engine import disconnect, lifecycle
from coplink.storage.tables import ConnectionRow
from coplink.wiring import NoJobs
from coplink.worker.handlers import Worker
from coplink_google.sandbox.signin import ROBOT_SCOPES


@pytest.fixture(params=list(SUITES))
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    yield from built(tmp_path, SUITES[request.param])


def things(wire: Any) -> dict[str, list[str]]:
    """Everything over there, by kind."""
    return {kind: sorted(map(repr, rows)) for kind, rows in wire.state().items()}


def sealed(town: Town) -> bytes:
    with town.services.storage._engine.connect() as connection:
        return str(connection.scalar(select(ConnectionRow.settings))).encode()


def in_the_files(town: Town) -> bytes:
    town.services.storage._engine.dispose()
    return b"".join(one.read_bytes() for one in town.services.settings.data_dir.glob("test.sqlite*"))


@pytest.mark.parametrize("take_away", [True, pytest.param(False, marks=pytest.mark.long)])
def test_disconnected_nobody_is_called_nothing_is_kept_and_what_people_made_stays(
    town: Town, take_away: bool
) -> None:
    suite, community = town.suite, town.circle()
    before, kept = things(town.wire), sealed(town)
    watched = suite.subscriptions(town.wire)
    assert watched == (0 if suite.key == "canvas" else 1)
    entered = town.wire.settings(suite.district)
    secrets = [entered[f.name].encode() for f in town.manifest.fields if f.secret and entered.get(f.name)]
    assert secrets

    assert town.disconnect(take_away)

    assert suite.subscriptions(town.wire) == 0
    assert suite.key != "google" or town.wire.signin.revoked(suite.district), "the consent was given back"
    after = things(town.wire)
    ours = suite.own if take_away else frozenset({"subscriptions"})
    assert {kind: after[kind] for kind in after if kind not in ours} == {
        kind: before[kind] for kind in before if kind not in ours
    }
    for kind in ours & after.keys():
        assert set(after[kind]) <= set(before[kind]) or kind in ("series", "events", "mails"), (
            f"nothing new: {kind}"
        )
    if take_away:
        assert any(len(after[kind]) < len(before[kind]) for kind in ours & after.keys()), "its own went"
    assert "Human.docx" in repr(after) or suite.key == "canvas"

    assert town.whole_round(community) == [], "nobody is called any more"
    (space,) = town.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)
    with town.services.begin() as uow:
        assert uow.watches.of(space.id) is None
        assert uow.ledger.kept(town.here.id) == 0
        titles = [one.title for one in uow.catalogue.of(community.id)]
        left = uow.spaces.left(space.id)
    assert "Human.docx" in titles
    assert left
    assert all(str(one.how) and "{" not in str(one.how) for one in left)

    everything = in_the_files(town)
    assert b"Literacy" in everything
    assert kept[:60] not in everything
    assert [s for s in secrets if s in everything] == []

    town.requests.clear()
    assert not town.disconnect(not take_away)
    assert town.requests == []
    assert things(town.wire) == after


@pytest.mark.long
def test_connected_again_a_place_is_found_by_its_mark_once_a_person_says_so(town: Town) -> None:
    community = town.circle()
    before = town.spaces(community)[0]
    town.disconnect(take_away=True)
    if town.suite.key == "google":  # whose check-up compares clocks
        town.clock.at = datetime.now(UTC)
        assert town.wire.signin.revoked(town.suite.district)
        town.wire.signin.consent(town.suite.district, ROBOT_SCOPES)
    town.plug_in()
    assert town.spaces(community)[0].state is SpaceState.DETACHED
    with town.services.begin() as uow:
        lifecycle.revive(uow, uow.spaces.get(before.id), town.leader, "It", town.clock.now())
        uow.commit()
    town.work()
    (space,) = town.spaces(community)
    assert space.state is SpaceState.READY, space.trouble
    main = {"canvas": "group", "teams": "channel", "google": "drive"}[town.suite.key]
    assert space.parts[main] == before.parts[main], "found, not made anew"
    with town.services.begin() as uow:
        assert uow.catalogue.of(community.id)


@pytest.mark.long
def test_rest_waking_and_a_new_name_reach_each_platform_and_a_second_time_writes_nothing(town: Town) -> None:
    community = town.circle()

    def act(verb: Any, *more: Any) -> None:
        with town.services.begin() as uow:
            verb(uow, uow.communities.get(community.id), town.leader, *more, town.clock.now())
            uow.commit()
        town.work()

    def again() -> int:
        town.wire.calls.clear()
        town.mark(community, Kind.UPKEEP)
        town.work()
        return sum(call.write for call in town.wire.calls)

    act(lifecycle.rename, "Reading circle")
    assert "Reading circle" in repr(town.wire.state())
    assert again() == 0
    act(lifecycle.conclude)
    (space,) = town.spaces(community)
    assert (space.state, space.archived_at is not None) == (SpaceState.ARCHIVED, True)
    assert town.suite.subscriptions(town.wire) == 0, "nobody listens to what rests"
    assert again() == 0
    asleep = town.whole_round(community)
    assert [line for line in asleep if not line.startswith("GET") and "token" not in line] == []
    act(lifecycle.reopen)
    (space,) = town.spaces(community)
    assert (space.state, space.archived_at, space.trouble) == (SpaceState.READY, None, None)
    assert space.written_name == "Reading circle"
    assert town.suite.subscriptions(town.wire) == (0 if town.suite.key == "canvas" else 1)
    assert again() == 0


@pytest.mark.long
def test_killed_between_any_two_steps_of_leaving_another_worker_finishes(town: Town, monkeypatch) -> None:
    """Every transaction of the leave-taking is a place to die."""
    town.circle()
    before = things(town.wire)
    services = town.services
    real, left = type(services).begin, [0]

    class Killed(BaseException):
        pass

    def begin(self: Any) -> Any:
        if threading.current_thread() is threading.main_thread():  # pages and hooks go on answering
            left[0] -= 1
            if left[0] == 0:
                raise Killed
        return real(self)

    here = town.connected
    with services.begin() as uow:
        disconnect.disconnect(uow, here, "It", "", True, town.clock.now())
        spaces = [s.id for s in uow.spaces.of_institution(town.here.id)]
        services.jobs = NoJobs()
        uow.commit()
    monkeypatch.setattr(type(services), "begin", begin)
    for after in range(1, 30):
        left[0] = after
        try:
            worker = Worker(services)
            for space in spaces:
                worker.perform(Kind.UPKEEP.value, space, 0)
            worker.perform(Kind.DISCONNECT.value, here.id, 0)
        except Killed:
            continue
    monkeypatch.undo()
    services.jobs = town.jobs
    town.clock.pass_by(minutes=2)
    town.work()
    assert not town.connected.settings
    assert town.suite.subscriptions(town.wire) == 0
    after_all = things(town.wire)
    assert {k: v for k, v in after_all.items() if k not in town.suite.own} == {
        k: v for k, v in before.items() if k not in town.suite.own
    }


@pytest.mark.long
def test_the_command_takes_leave_by_itself_where_no_worker_runs(town: Town) -> None:
    town.circle()
    here = town.connected
    town.services.jobs = NoJobs()
    with town.services.begin() as uow:
        disconnect.disconnect(uow, here, "It", "", True, town.clock.now())
        uow.commit()
    assert take_leave(town.services, here.id, patience=20)
    assert not town.connected.settings
    assert town.suite.subscriptions(town.wire) == 0
