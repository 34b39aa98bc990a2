"""A connection is checked before anything is made through it; a line that needs a person makes its places wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.core.errors import ConfigurationError
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, preflight
from coplink.ports.errors import Unavailable
from coplink.ports.integration import Capability, Check, Verdict
from coplink.ports.records import CheckUp
from coplink.testing.pinboard import Pinned
from coplink.worker import house
from coplink.worker.timers import ticks

OPEN = Check("Staff room", True, say("The door is open."))
NO_KEY = Check(
    "Cupboard",
    False,
    say("The key of the cupboard does not fit."),
    "caretaker",
    ("pins.write",),
    say("The key board in the hall."),
    stops=frozenset({Capability.SPACES}),
)
NO_LIBRARY = Check(
    "Files", False, say("Nobody may read files."), "caretaker", stops=frozenset({Capability.LIBRARY})
)
NO_BELL = Check(
    "Bell",
    False,
    say("There is no bell."),
    "caretaker",
    fallback=say("coplink looks every hour."),
    stops=frozenset({Capability.SPACES}),
)
SILENT = Check("Staff room", False, say("Nobody answers."), asked=False, stops=frozenset({Capability.SPACES}))


@pytest.fixture
def found(monkeypatch):
    """What the staff room's check-up finds, to be changed, and how often it was asked."""
    lines: list[Check] = [OPEN]
    asked: list[int] = []

    def check(self: Pinned) -> tuple[Check, ...]:
        asked.append(1)
        return tuple(lines)

    monkeypatch.setattr(Pinned, "check", check)
    check.lines, check.asked = lines, asked  # type: ignore[attr-defined]
    return check


def connected(school, institution=None):
    with school.services.begin() as uow:
        return uow.institutions.connection_of((institution or school.here).id, "pinboard")


def kept(school) -> CheckUp | None:
    with school.services.begin() as uow:
        return uow.checks.of(connected(school).id)


def notices(school):
    with school.services.begin() as uow:
        about = f"check-up:{connected(school).id}"
        return [n for n in uow.records.notices(institution=school.here.id) if n.about == about]


def ask(school):
    with school.services.begin() as uow:
        preflight.ask(uow, connected(school).id)
        uow.commit()


def founded(school):
    return school.found(school.arrive("ana", leads=True).person)


# --- when it is made --------------------------------------------------------------------------------------------------


def test_connecting_has_the_connection_checked_and_the_result_kept(school, found):
    school.work()
    assert kept(school).checks == (OPEN,)
    assert kept(school).at == school.clock.now()
    assert len(found.asked) == 2, "each of the two schools once"
    with school.services.begin() as uow:
        assert not preflight.under_way(uow, connected(school).id)


def test_other_settings_make_what_was_found_worthless_at_once(school, found):
    school.work()
    found.lines[:] = [NO_LIBRARY]
    ask(school)
    school.work()
    assert len(notices(school)) == 1
    with school.services.begin() as uow:
        manifest = school.services.manifests["pinboard"]
        connect.connect(
            uow, school.here.id, manifest, {"room": "attic"}, lambda values: "staff-room", school.clock.now()
        )
        uow.commit()
    assert kept(school) is None
    assert notices(school) == []
    with school.services.begin() as uow:
        assert preflight.under_way(uow, connected(school).id)
    school.work()
    assert kept(school).checks == (NO_LIBRARY,)


def test_what_was_found_for_settings_that_changed_meanwhile_is_not_kept(school, found):
    school.work()
    services, key = school.services, connected(school).id
    with services.begin() as uow:
        uow.checks.drop(key)
        uow.commit()

    def meanwhile(_connected, _reach):
        with services.begin() as uow:
            manifest = services.manifests["pinboard"]
            settings = {"room": "attic"}
            connect.connect(uow, school.here.id, manifest, settings, lambda values: "x", services.now())
            uow.commit()
        return ()

    assert preflight.look(services.begin, services.open, meanwhile, key, services.now) is not None
    assert kept(school) is None


def test_it_is_made_again_once_a_day_and_sooner_where_nobody_answered(school, found):
    school.work()
    _, tick = ticks(school.services)["sweep"]

    def asked_after(**gone: float) -> int:
        before = len(found.asked)
        school.clock.pass_by(**gone)
        tick()
        school.jobs.run_until_idle()
        return len(found.asked) - before

    assert asked_after(hours=23) == 0
    assert asked_after(hours=2) == 2
    found.lines[:] = [SILENT]
    assert asked_after(hours=25) == 2
    assert asked_after(minutes=10) == 0
    assert asked_after(minutes=10) == 2
    with school.services.begin() as uow:
        assert preflight.last_at_work(uow) == school.clock.now(), "the timer shows that a worker lives"
        rounds, now = timedelta(minutes=1), school.clock.now()
        assert not preflight.worker_silent(uow, now + timedelta(minutes=3), rounds)
        assert preflight.worker_silent(uow, now + timedelta(minutes=4), rounds)


def test_a_place_of_a_connection_that_was_never_checked_has_it_checked_first(school, found):
    school.work()
    with school.services.begin() as uow:
        uow.checks.drop(connected(school).id)
        uow.commit()
    before = len(found.asked)
    community = founded(school)
    school.work()
    assert len(found.asked) == before + 1
    assert kept(school) is not None
    assert school.spaces(community)[0].state is SpaceState.READY


def test_a_place_that_is_made_already_asks_nobody(school, found):
    community = founded(school)
    school.work()
    before = len(found.asked)
    found.lines[:] = [NO_KEY]
    school.mark(community, Kind.PROVISION)
    school.work()
    assert len(found.asked) == before
    assert school.spaces(community)[0].state is SpaceState.READY


# --- what it stops ----------------------------------------------------------------------------------------------------


def test_a_line_that_needs_a_person_makes_the_place_wait_for_that_person(school, found):
    found.lines[:] = [OPEN, NO_KEY]
    school.work()
    community = founded(school)
    school.work()
    (space,) = school.spaces(community)
    assert space.state is SpaceState.STUCK
    assert space.parts == {}
    assert space.trouble.code == "connection_needs"
    assert space.trouble.who == "caretaker"
    told = "The key of the cupboard does not fit. The key board in the hall."
    assert str(space.trouble.message) == told
    assert not [call for call in school.board.calls if call.startswith("spaces.")], "nothing was begun"
    assert [(n.who, str(n.message), n.community) for n in notices(school)] == [
        ("caretaker", f"Pin Board · Cupboard: {told}", None)
    ]


def test_once_it_is_mended_the_place_is_made_by_itself_and_the_notice_goes(school, found):
    found.lines[:] = [NO_KEY]
    community = founded(school)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.STUCK
    found.lines[:] = [OPEN]
    ask(school)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert notices(school) == []


def test_who_presses_try_again_is_believed_enough_to_look_again(school, found):
    found.lines[:] = [NO_KEY]
    community = founded(school)
    school.work()
    found.lines[:] = [OPEN]
    with school.services.begin() as uow:
        from coplink.engine.provision import try_again

        try_again(uow, school.spaces(community)[0])
        uow.commit()
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert kept(school).checks == (OPEN,)


@pytest.mark.parametrize("line", [NO_BELL, NO_LIBRARY, SILENT], ids=["cannot", "another feature", "silent"])
def test_what_has_a_fallback_is_not_needed_or_not_known_stops_nothing(school, found, line):
    found.lines[:] = [OPEN, line]
    community = founded(school)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert [n.code for n in notices(school)] == (["Files"] if line is NO_LIBRARY else [])


def test_somebody_who_does_not_answer_takes_no_notice_back(school, found):
    found.lines[:] = [NO_LIBRARY]
    school.work()
    found.lines[:] = [SILENT]
    ask(school)
    school.work()
    assert [n.code for n in notices(school)] == ["Files"]
    assert kept(school).checks == (SILENT,)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (Unavailable(say("The staff room is locked.")), False),
        (ConfigurationError(say("This needs: pip install 'coplink[x]'.")), True),
    ],
)
def test_a_connection_that_cannot_be_opened_is_one_line(school, monkeypatch, error, asked):
    def closed(uow, key):
        raise error

    services = school.services
    (line,) = preflight.lines(services.begin, closed, house.about_connections(services), connected(school))
    assert line.verdict is Verdict.NEEDS_YOU
    assert str(line.message) == str(error.message)
    assert line.asked is asked
    assert line.stops == preflight.SEATED


def test_our_own_mistake_in_a_check_up_is_told_and_not_repeated(school, monkeypatch):
    monkeypatch.setattr(Pinned, "check", lambda self: 1 / 0)
    school.work(patience=100_000)
    with school.services.begin() as uow:
        state = uow.work.state(Kind.PREFLIGHT, connected(school).id)
        told = [n for n in uow.records.notices(institution=school.here.id) if n.about.startswith("preflight")]
    assert not state.done
    assert state.not_before is None
    assert [n.who for n in told] == ["coplink’s administrator"]


def test_one_that_failed_for_good_is_no_longer_said_to_be_under_way_and_is_asked_for_again_in_a_day(
    school, monkeypatch
):
    def broken(self: Pinned) -> tuple[Check, ...]:
        raise ZeroDivisionError

    services, key = school.services, connected(school).id
    asked: list[int] = []
    monkeypatch.setattr(Pinned, "check", broken)
    school.work(patience=100_000)

    def stands() -> tuple[bool, bool]:
        with services.begin() as uow:
            return uow.work.state(Kind.PREFLIGHT, key).resting, preflight.under_way(uow, key)

    assert stands() == (True, False)
    _, tick = ticks(services)["sweep"]
    tick()
    assert stands() == (False, False), "it waits for its day"
    monkeypatch.setattr(Pinned, "check", lambda self: asked.append(1) or (OPEN,))
    for hours in (1, 22):
        school.clock.pass_by(hours=hours)
        tick()
        school.jobs.run_until_idle()
    assert asked == []
    school.clock.pass_by(hours=2)
    tick()
    school.jobs.run_until_idle()
    assert kept(school).checks == (OPEN,)


def test_an_unanswered_line_on_which_no_place_rests_keeps_no_place_waiting(school, found):
    found.lines[:] = [NO_KEY]
    community = founded(school)
    school.work()
    found.lines[:] = [SILENT]
    ask(school)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.STUCK, "nobody knows whether it is mended"
    found.lines[:] = [OPEN, replace(SILENT, stops=frozenset({Capability.LIBRARY}))]
    ask(school)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY


# --- the house's own line about a connection --------------------------------------------------------------------------


def test_whether_a_platform_can_call_is_read_off_a_promise_or_our_own_address(school, monkeypatch):
    from coplink.ports.watch import Subscription

    community = founded(school)
    school.work()
    services, space = school.services, school.spaces(community)[0]
    with services.begin() as uow:
        reach = services.open(uow, space.connection)
    assert house.about_connections(services)(connected(school), reach) == (), "a board calls nobody"
    watching = replace(reach.manifest, capabilities=reach.manifest.capabilities | {Capability.WATCH})
    reach = replace(reach, manifest=watching)
    (line,) = house.about_connections(services)(connected(school), reach)
    assert line.verdict is Verdict.CANNOT, "an address of this machine alone"
    assert "every 15 minutes" in str(line.fallback)
    assert line.who == "coplink’s administrator"
    assert "COPLINK_BASE_URL" in str(line.where)
    with services.begin() as uow:
        uow.watches.put(space.id, Subscription("s1", services.now() + timedelta(days=1)), "secret")
        uow.commit()
    (line,) = house.about_connections(services)(connected(school), reach)
    assert line.verdict is Verdict.WORKS, "it was called before it promised"
    school.clock.pass_by(days=2)
    (line,) = house.about_connections(services)(connected(school), reach)
    assert line.verdict is Verdict.CANNOT, "the promise has ended"
