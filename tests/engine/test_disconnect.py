"""An institution disconnects a system: nobody there is called again, no credential is kept, what people made stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from coplink.core.errors import DomainError
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, disconnect, found, lifecycle, marks, preflight
from coplink.engine.found import Origin
from coplink.engine.sweep import due_by_time, full_round
from coplink.ports.errors import Misconfigured, Reauthorize, Unavailable
from coplink.storage.tables import ConnectionRow, Table
from coplink.testing.beginnings import once
from coplink.worker.handlers import Worker


@pytest.fixture
@once
def community(school, ana):
    made = school.found(ana)
    school.work()
    return made


def connected(school):
    with school.services.begin() as uow:
        return uow.institutions.connection_of(school.here.id, "pinboard", ended=True)


def end(school, take_away=False):
    here = connected(school)
    with school.services.begin() as uow:
        done = disconnect.disconnect(uow, here, "Pin Board", "", take_away, school.clock.now())
        uow.commit()
    return done


def connect_again(school, **settings):
    maker = school.services.integrations["pinboard"]
    with school.services.begin() as uow:
        connect.connect(uow, school.here.id, maker.manifest, settings, maker.look_over, school.clock.now())
        uow.commit()


def rows(school):
    """Every row there is, and nothing about when."""
    with school.services.storage._engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in Table.metadata.sorted_tables
        }


def whole_round(school, community):
    """Everything that could ask a platform anything, over two days."""
    school.board.calls.clear()
    key = connected(school).id
    for _ in range(2):
        school.clock.pass_by(days=1)
        now = school.clock.now()
        with school.services.begin() as uow:
            full_round(uow, community.id, now)
            for space in uow.spaces.of(community.id):
                for kind in (*marks.FULL, Kind.UPKEEP):
                    uow.work.mark(kind, space.id, community.id)
            uow.work.mark(Kind.PREFLIGHT, key, key)
            uow.commit()
        due_by_time(school.services.begin, now, timedelta(minutes=15), timedelta(hours=24))
        preflight.due(school.services.begin, now, timedelta(hours=24))
        school.work()
    return list(school.board.calls)


def test_the_plan_is_read_before_anything_happens(school, ana, community):
    before, here = rows(school), connected(school)
    with school.services.begin() as uow:
        seen = disconnect.plan(uow, here)
    (place,) = seen.places
    assert (place.community, place.seats, seen.watched) == ("Literacy", 1, 0)
    assert place.space.state is SpaceState.READY
    assert rows(school) == before


def test_afterwards_nobody_is_called_and_nothing_is_kept_of_the_key(school, ana, community):
    with school.services.storage._engine.connect() as connection:
        sealed = connection.scalar(
            select(ConnectionRow.settings).where(ConnectionRow.institution == school.here.id)
        )
    file = school.services.settings.data_dir / "test.sqlite"
    assert end(school)
    school.work()
    ended = connected(school)
    assert (dict(ended.settings), ended.ended_at is not None) == ({}, True)
    assert whole_round(school, community) == []
    assert school.board.seats, "nobody is removed"
    school.services.storage._engine.dispose()
    everything = b"".join(one.read_bytes() for one in file.parent.glob("test.sqlite*"))
    assert b"Riverbend" in everything
    assert sealed.encode()[:60] not in everything
    assert ended.id not in school.services._open, "no client stays open either"


def test_a_second_time_nothing_is_written(school, ana, community):
    assert end(school)
    school.work()
    before = rows(school)
    assert not end(school, take_away=True)
    school.work()
    assert rows(school) == before


def test_an_ended_connection_is_no_place_to_found_in_and_no_check_up_is_due(school, ana, community):
    end(school)
    school.work()
    key = connected(school).id
    with school.services.begin() as uow:
        origin = Origin(None, None, {})
        own = [p for p in found.places(uow, ana, origin, school.services.manifests) if p.own]
        assert own == []
        assert uow.institutions.connections(school.here.id) == []
        assert [one.id for one in uow.institutions.connections(school.here.id, ended=True)]
        assert uow.checks.of(key) is None
        with pytest.raises(Misconfigured, match="not connected any more"):
            school.services.open(uow, key)


def test_a_place_that_was_agreed_to_too_late_waits_for_a_connection_admin(school, ana):
    made = school.found(ana, places=2)
    school.work()
    with school.services.begin() as uow:
        theirs = uow.institutions.connection_of(school.there.id, "pinboard")
        disconnect.disconnect(uow, theirs, "Pin Board", "", False, school.clock.now())
        uow.commit()
    school.work()
    with school.services.begin() as uow:
        kim = uow.people.get(connect.invite_admin(uow, school.there, "Kim", school.clock.now()).person)
        connect.agree(uow, kim, made.id, school.clock.now())
        uow.commit()
    school.work()
    (space,) = [one for one in school.spaces(made) if one.institution == school.there.id]
    assert (space.state, space.trouble.who) == (SpaceState.STUCK, "connection admin")
    maker = school.services.integrations["pinboard"]
    with school.services.begin() as uow:
        settings = {"room": "there", "key": "new"}
        connect.connect(uow, school.there.id, maker.manifest, settings, maker.look_over, school.clock.now())
        uow.commit()
    school.work()
    (space,) = [one for one in school.spaces(made) if one.institution == school.there.id]
    assert space.state is SpaceState.READY


def test_coplink_takes_its_leave_before_the_key_goes(school, ana, community):
    school.board.trouble["upkeep.let_go"] = [Unavailable(say("Not now."))]
    end(school, take_away=True)
    school.jobs.run_until_idle()
    assert connected(school).settings, "it still has to go there"
    here = connected(school)
    with school.services.begin() as uow:
        (one,) = disconnect.remains(uow, here)
    assert not one.taken
    school.work()
    assert not connected(school).settings
    assert "frame-2" not in school.board.boards
    here = connected(school)
    with school.services.begin() as uow:
        (one,) = disconnect.remains(uow, here)
    assert (one.taken, [left.title for left in one.left]) == (True, ["Literacy"])


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [(Reauthorize(say("No."), "caretaker"), 1), (Unavailable(say("Not now.")), 3), (KeyError("ours"), 3)],
)
def test_a_credential_is_given_back_first_and_erased_even_so(school, ana, community, refusal, asked):
    told = []

    def give_back(settings, around):
        told.append(dict(settings))
        raise refusal

    school.services.integrations["pinboard"].give_back = give_back
    end(school)
    school.work()
    assert told == [{"room": "here", "key": "cupboard"}] * asked
    assert not connected(school).settings


def test_a_key_that_opens_nothing_any_more_holds_nobody_back(school, ana, community, monkeypatch):
    monkeypatch.setattr(
        type(school.services.integrations["pinboard"]),
        "connect",
        lambda *_: (_ for _ in ()).throw(Reauthorize(say("No."), "caretaker")),
    )
    school.services.close(connected(school).id)
    end(school)
    school.work()
    assert not connected(school).settings
    (space,) = school.spaces(community)
    assert (space.state, space.parting) == (SpaceState.DETACHED, None)


def test_connected_again_a_place_is_taken_up_only_when_a_person_says_so(school, ana, community):
    end(school, take_away=True)
    school.work()
    with pytest.raises(DomainError, match="missing"):
        connect_again(school, room="here")
    connect_again(school, room="here", key="another")
    school.board.calls.clear()
    school.work()
    assert set(school.board.calls) <= {"check"}
    (space,) = school.spaces(community)
    assert space.state is SpaceState.DETACHED
    with school.services.begin() as uow:
        lifecycle.revive(uow, space, ana, "Pin Board", school.clock.now())
        uow.commit()
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, space.parts["board"]) == (SpaceState.READY, "board-1")


def test_what_is_not_connected_is_not_taken_up(school, ana, community):
    end(school)
    school.work()
    (space,) = school.spaces(community)
    with school.services.begin() as uow, pytest.raises(DomainError, match="not connected"):
        lifecycle.revive(uow, space, ana, "Pin Board", school.clock.now())


def test_while_coplink_takes_its_leave_nothing_is_connected_that_it_could_be_taken_of(school, ana, community):
    end(school, take_away=True)
    with pytest.raises(DomainError, match="still taking its leave"):
        connect_again(school, room="elsewhere", key="another")
    school.work()
    assert "elsewhere" not in school.boards, "the leave was taken where coplink was"
    assert "frame-2" not in school.board.boards
    connect_again(school, room="elsewhere", key="another")
    school.work()
    assert "upkeep.let_go" not in school.boards["elsewhere"].calls
    assert (connected(school).settings["key"], connected(school).ended_at) == ("another", None)
    assert school.spaces(community)[0].state is SpaceState.DETACHED


def test_while_the_old_key_is_given_back_nothing_is_connected_either(school, ana, community):
    refused = []

    def give_back(settings, around):
        with pytest.raises(DomainError, match="still taking its leave"):
            connect_again(school, room="here", key="another")
        refused.append(settings["key"])

    school.services.integrations["pinboard"].give_back = give_back
    end(school)
    school.work()
    assert (refused, dict(connected(school).settings)) == (["cupboard"], {})


def test_no_check_up_is_made_of_what_is_being_left(school, ana, community):
    end(school)
    key = connected(school).id
    school.board.calls.clear()
    preflight.look(school.services.begin, school.services.open, lambda *_: (), key, school.clock.now)
    assert school.board.calls == []


def test_a_kill_between_any_two_steps_is_gone_on_from(school, ana, community):
    """Every commit of the leave-taking is a place to die; each time somebody else goes on."""
    real, left = type(school.services).begin, [0]

    class Killed(BaseException):
        pass

    def begin(self):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(self)

    end(school, take_away=True)
    writes = school.board.writes
    school.services.__class__.begin = begin
    try:
        for after in range(1, 40):
            left[0] = after
            try:
                worker = Worker(school.services)
                (space,) = school.spaces(community)
                worker.perform("upkeep", space.id, 0)
                worker.perform("disconnect", connected(school).id, 0)
            except Killed:
                continue
    finally:
        school.services.__class__.begin = real
    school.clock.pass_by(minutes=1)
    school.work()
    assert not connected(school).settings
    assert school.spaces(community)[0].parting is None
    assert "frame-2" not in school.board.boards
    assert school.board.writes == writes + 1, "taken away once"
