"""Spaces are made once, seats follow the members, and nothing is lost or doubled by trouble on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.people import AccountId, Role, Standing
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import connect, join, marks, provision, reading, reconcile
from coplink.engine.sweep import sweep
from coplink.ports.errors import Gone, NotReadyYet, OutcomeUnknown, PolicyForbids, Throttled, UnexpectedReply
from coplink.testing import pinboard


def crowd(school, community, count, start=10):
    people = []
    for number in range(start, start + count):
        person = school.arrive(f"p{number}", account=str(number)).person
        with school.services.begin() as uow:
            join.offer(uow, community.id, person, Role.MEMBER, school.clock.now())
            uow.commit()
        school.join(community, person)
        people.append(person)
    return people


def test_a_space_is_made_step_by_step_and_once(school, ana) -> None:
    community = school.found(ana)
    assert school.found(ana).id == community.id
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, dict(space.parts)) == (SpaceState.READY, {"board": "board-1", "frame": "frame-2"})
    assert space.link == "https://pinboard.example/board-1"
    school.found(ana)
    school.work()
    assert len(school.board.boards) == 2


def test_a_second_complete_run_writes_nothing(school, ana) -> None:
    community = school.found(ana)
    crowd(school, community, 4)
    school.work()
    school.board.writes = 0
    school.board.calls.clear()
    with school.services.begin() as uow:
        marks.everything(uow, community.id)
        uow.commit()
    school.work()
    assert school.board.writes == 0
    for read in ("spaces.describe", "seats.read", "calendar.put", "library.changes"):
        assert read in school.board.calls


def test_killed_in_the_middle_of_a_write_it_waits_until_the_platform_would_show_it(school, ana) -> None:
    school.services.settings = school.services.settings.model_copy(
        update={"lag_seconds_override": {"pinboard": 300.0}}
    )
    real = school.board.answer

    def killed(name: str) -> None:
        if name == "spaces.board":
            school.board.answer = real
            raise KeyboardInterrupt

    school.board.answer = killed
    community = school.found(ana)
    with pytest.raises(KeyboardInterrupt):
        school.jobs.run_until_idle()
    sweep(school.services.begin, school.jobs, school.clock.now())
    school.jobs.run_until_idle()
    assert school.board.calls.count("spaces.board") == 1
    school.clock.pass_by(minutes=6)
    school.work()
    assert len(school.board.boards) == 2
    assert school.spaces(community)[0].state is SpaceState.READY


@pytest.mark.parametrize("step", ["board", "frame"])
def test_a_lost_answer_makes_no_second_board(school, ana, step) -> None:
    school.board.trouble[f"spaces.{step}"] = [OutcomeUnknown("lost")]
    community = school.found(ana)
    school.work()
    (space,) = school.spaces(community)
    assert space.state is SpaceState.READY
    assert len(school.board.boards) == 2
    with school.services.begin() as uow:
        assert uow.journal.found(community.id) == 1


def test_what_is_not_ready_yet_is_tried_again_by_itself(school, ana) -> None:
    school.board.trouble["spaces.frame"] = [
        NotReadyYet(say("Not there yet."), retry_after=30),
        Throttled(say("Slow down."), retry_after=90),
    ]
    began = school.clock.now()
    community = school.found(ana)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert (school.clock.now() - began).total_seconds() >= 120


def test_a_place_that_is_not_allowed_says_who_can_fix_it_and_goes_on_after(school, ana) -> None:
    refusal = PolicyForbids(say("Boards are locked."), "caretaker", "locks")
    school.board.trouble["spaces.frame"] = [refusal]
    community = school.found(ana)
    school.work()
    with school.services.begin() as uow:
        (place,) = reading.places_of(uow, community, school.services.manifests)
        (notice,) = uow.records.notices(community=community.id)
    assert (place.space.state, str(place.trouble), place.who) == (
        SpaceState.STUCK,
        "Boards are locked.",
        "caretaker",
    )
    assert (notice.who, str(notice.message)) == ("caretaker", "Boards are locked.")
    assert place.share == 50
    with school.services.begin() as uow:
        provision.try_again(uow, place.space)
        uow.commit()
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    with school.services.begin() as uow:
        assert uow.records.notices(community=community.id) == []


def test_another_institutions_place_waits_until_its_admin_agrees_and_the_others_go_ahead(school, ana) -> None:
    community = school.found(ana, places=2)
    school.work()
    states = {space.institution: space.state for space in school.spaces(community)}
    assert states == {school.here.id: SpaceState.READY, school.there.id: SpaceState.WAITING}
    assert school.boards.get("there") is None or not school.boards["there"].boards
    with school.services.begin() as uow:
        link = connect.invite_admin(uow, school.there, "Jo", school.clock.now())
        admin = connect.admin_of(uow, link.token, school.clock.now())
        connect.agree(uow, admin, community.id, school.clock.now())
        uow.commit()
    school.work()
    assert {space.state for space in school.spaces(community)} == {SpaceState.READY}


def test_seats_follow_the_members_and_a_stranger_spoils_nobody(school, ana) -> None:
    community = school.found(ana)
    school.work()
    school.board.strangers = {AccountId("11")}
    people = crowd(school, community, 5)
    school.work()
    assert set(school.board.seats) == {AccountId(n) for n in ("1", "10", "12", "13", "14")}
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        missing = uow.spaces.unreachable(space.id)
    assert [(m.person, str(m.reason)) for m in missing] == [(people[1].id, "Has no key to the staff room.")]


def test_people_who_came_by_hand_are_left_alone(school, ana) -> None:
    school.board.seats[AccountId("by-hand")] = Role.MEMBER
    community = school.found(ana)
    school.work()
    crowd(school, community, 1)
    school.work()
    assert school.board.seats[AccountId("by-hand")] is Role.MEMBER


def test_someone_removed_by_hand_over_there_has_left_everywhere(school, ana) -> None:
    community = school.found(ana, places=1)
    (ben, _) = crowd(school, community, 2)
    school.work()
    del school.board.seats[AccountId("10")]
    for _ in range(2):
        school.clock.pass_by(minutes=5)
        school.mark(community, Kind.RECONCILE)
        school.work()
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, ben.id).standing is Standing.LEFT
    assert AccountId("10") not in school.board.seats
    assert AccountId("11") in school.board.seats


def test_half_a_page_of_members_makes_nobody_leave(school, ana) -> None:
    community = school.found(ana)
    people = crowd(school, community, 4)
    school.work()
    all_seats = dict(school.board.seats)
    school.board.seats = {AccountId("1"): Role.FACILITATOR}
    school.board.complete = False
    for _ in range(3):
        school.clock.pass_by(minutes=5)
        school.mark(community, Kind.RECONCILE)
        school.jobs.run_due()
    with school.services.begin() as uow:
        standings = {uow.communities.membership(community.id, p.id).standing for p in people}
    assert standings == {Standing.JOINED}
    school.board.seats, school.board.complete = all_seats, True
    school.work()
    assert set(school.board.seats) == set(all_seats)


def test_a_seat_whose_answer_was_lost_is_looked_for_and_not_doubled(school, ana) -> None:
    community = school.found(ana)
    school.work()
    school.board.trouble["seats.put"] = [OutcomeUnknown("lost")]
    crowd(school, community, 2)
    school.work()
    assert set(school.board.seats) == {AccountId(n) for n in ("1", "10", "11")}


def test_a_dangerous_plan_stops_and_asks(school, ana) -> None:
    community = school.found(ana)
    people = crowd(school, community, 6)
    school.work()
    with school.services.begin() as uow:  # accounts are taken away, as a broken directory might do
        for person in people[:4]:
            for account in uow.people.accounts(person.id):
                uow.people.drop_account(account)
        uow.commit()
    school.mark(community, Kind.RECONCILE)
    school.work()
    assert len(school.board.seats) == 7
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=community.id)
    assert "remove 4 of 7 people" in str(notice.message)


def test_our_own_mistake_is_reported_and_not_repeated(school, ana) -> None:
    school.board.trouble["seats.read"] = [UnexpectedReply(say("Something odd came back."))]
    community = school.found(ana)
    school.work()
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=community.id)
    assert notice.code == "unexpected_reply"
    assert school.board.calls.count("seats.read") == 1


def test_what_is_being_made_is_waited_for_a_quarter_of_an_hour_before_anybody_is_told(school, ana) -> None:
    slow = [NotReadyYet(say("Still being made."), retry_after=150.0) for _ in range(14)]
    school.board.trouble["spaces.frame"] = slow
    community = school.found(ana)
    school.work(patience=15 * 60)
    assert len(slow) < 10
    (space,) = school.spaces(community)
    assert (space.state, str(space.trouble.message)) == (SpaceState.MAKING, "Still being made.")
    with school.services.begin() as uow:
        assert list(uow.records.notices(community=community.id)) == []
    school.work(patience=16 * 60)
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=community.id)
    assert str(notice.message) == "Still being made."
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    with school.services.begin() as uow:
        assert list(uow.records.notices(community=community.id)) == []


def test_a_part_that_turns_out_not_to_be_is_made_anew_once_somebody_says_so(school, ana) -> None:
    gave_up = PolicyForbids(say("The carpenter gave up."), "caretaker").forgetting("board")
    school.board.trouble["spaces.frame"] = [gave_up]
    community = school.found(ana)
    school.work()
    (space,) = school.spaces(community)
    assert (space.state, dict(space.parts)) == (SpaceState.STUCK, {})
    assert school.board.calls.count("spaces.frame") == 1
    with school.services.begin() as uow:
        provision.try_again(uow, space)
        uow.commit()
    school.work()
    assert school.board.calls.count("spaces.board") == 2
    assert set(school.spaces(community)[0].parts) == {"board", "frame"}


@pytest.fixture
def small(monkeypatch):
    """A board for four, and no other is roomy enough not to ask."""
    monkeypatch.setattr(reconcile, "ROOM_FOR_ALL", 2)
    real = pinboard._Spaces.describe

    def describe(self, parts):
        return replace(real(self, parts), seats=4, more=say("Nail two boards together."))

    monkeypatch.setattr(pinboard._Spaces, "describe", describe)


def test_more_people_than_a_place_holds_are_refused_before_the_first_sits(school, ana, small) -> None:
    community = school.found(ana)
    people = crowd(school, community, 2)
    school.work()
    assert len(school.board.seats) == 3
    crowd(school, community, 3, start=20)
    with school.services.begin() as uow:
        join.leave(uow, community, people[0], school.clock.now())
        uow.commit()
    school.board.calls.clear()
    school.work()
    assert set(school.board.seats) == {AccountId("1"), AccountId("11")}, "who goes, goes; nobody is added"
    assert "seats.put" not in school.board.calls
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=community.id)
    assert "holds at most 4 people here, and 5 would sit there" in str(notice.message)
    assert str(notice.message).endswith("Nail two boards together.")
    assert notice.who == "caretaker"
    for person in people[1:]:
        with school.services.begin() as uow:
            join.leave(uow, community, person, school.clock.now())
            uow.commit()
    school.work()
    assert len(school.board.seats) == 4
    with school.services.begin() as uow:
        assert list(uow.records.notices(community=community.id)) == []


def test_a_place_with_room_is_not_asked_how_many_it_holds(school, ana) -> None:
    community = school.found(ana)
    school.work()
    school.board.calls.clear()
    crowd(school, community, 3)
    school.work()
    assert "spaces.describe" not in school.board.calls


def test_a_place_that_was_just_made_and_does_not_show_is_looked_at_again(school, ana) -> None:
    school.board.trouble["spaces.describe"] = [Gone(say("Not there."))]
    community = school.found(ana)
    school.work()
    assert school.spaces(community)[0].state is SpaceState.READY
    assert school.board.calls.count("spaces.describe") == 2
    with school.services.begin() as uow:
        assert list(uow.records.notices(community=community.id)) == []
