"""What hurt other tools: emptied spaces, lost facilitators, full places, sick directories, stolen codes, hot loops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.acts import leads_too, standing

from coplink.core.errors import DomainError, NotAllowed
from coplink.core.people import AccountId, Role, Standing
from coplink.core.roster import Listed
from coplink.core.spaces import SpaceState
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import claim, connect, join, reading
from coplink.engine.sweep import due_by_time
from coplink.ports.errors import LimitReached, PermissionMissing, Throttled, Unavailable, UnexpectedReply


def member(school, community, number, role=Role.MEMBER):
    person = school.arrive(f"p{number}", account=str(number)).person
    with school.services.begin() as uow:
        join.offer(uow, community.id, person, role, school.clock.now())
        uow.commit()
    school.join(community, person)
    return person


def look_twice(school, community):
    for _ in range(2):
        school.clock.pass_by(minutes=5)
        school.mark(community, Kind.RECONCILE)
        school.work()


def test_an_emptied_space_is_a_hazard_and_not_twenty_farewells(school, ana) -> None:
    community = school.found(ana)
    school.work()
    people = [member(school, community, n) for n in range(10, 30)]
    school.work()
    school.board.seats = {AccountId("1"): Role.FACILITATOR}
    look_twice(school, community)
    assert {standing(school, community, p) for p in people} == {Standing.JOINED}
    with school.services.begin() as uow:
        (notice,) = uow.records.notices(community=community.id)
    assert "20 people seem to have left at once" in str(notice.message)


def test_the_last_facilitator_removed_by_hand_is_not_put_back_and_is_told(school, ana) -> None:
    community = school.found(ana)
    member(school, community, 10)
    school.work()
    del school.board.seats[AccountId("1")]
    look_twice(school, community)
    look_twice(school, community)
    assert AccountId("1") not in school.board.seats
    assert standing(school, community, ana) is Standing.JOINED
    with school.services.begin() as uow:
        notices = uow.records.notices(community=community.id)
    assert [n.code for n in notices] == ["facilitator_removed"]
    school.board.seats[AccountId("1")] = Role.FACILITATOR
    look_twice(school, community)
    with school.services.begin() as uow:
        assert uow.records.notices(community=community.id) == []


def test_whoever_leaves_goes_although_somebody_else_cannot_be_seated(school, ana) -> None:
    community = school.found(ana)
    ben = member(school, community, 10)
    school.work()
    school.board.trouble["seats.put"] = [LimitReached(say("The board is full."), "caretaker")] * 5
    member(school, community, 11)
    with school.services.begin() as uow:
        join.leave(uow, community, ben, school.clock.now())
        uow.commit()
    school.work()
    assert AccountId("10") not in school.board.seats


def test_a_directory_in_trouble_holds_up_nobody(school, ana) -> None:
    community = school.found(ana)
    ben = member(school, community, 10)
    school.work()
    school.roster.people = [Listed("eli", "Eli", "eli@school.example")]
    refusal = PermissionMissing(say("The directory is closed."), "caretaker")
    school.board.trouble["directory.find"] = [refusal] * 9
    with school.services.begin() as uow:
        join.leave(uow, community, ben, school.clock.now())
        for context in uow.communities.contexts(community.id):
            uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    school.work()
    assert AccountId("10") not in school.board.seats
    with school.services.begin() as uow:
        assert "The directory is closed." in {
            str(n.message) for n in uow.records.notices(community=community.id)
        }


def test_the_directory_is_asked_for_the_same_person_once_a_day(school, ana) -> None:
    school.roster.people = [Listed(f"s{n}", f"S {n}", f"s{n}@school.example") for n in range(5)]
    community = school.found(ana)
    school.work()
    school.board.calls.clear()
    school.mark(community, Kind.RECONCILE)
    school.work()
    assert "directory.find" not in school.board.calls
    school.clock.pass_by(hours=25)
    school.mark(community, Kind.RECONCILE)
    school.work()
    assert school.board.calls.count("directory.find") == 1


def test_a_decline_before_the_roster_was_read_cannot_be_told_from_silence(school, ana) -> None:
    community = school.found(ana)
    school.work()
    dana = school.arrive("dana").person
    with school.services.begin() as uow:
        join.decline(uow, school.services.sealer, community, dana)
        uow.commit()
    school.roster.people = [Listed("dana", "Dana"), Listed("eli", "Eli")]
    with school.services.begin() as uow:
        for context in uow.communities.contexts(community.id):
            uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    school.work()
    with school.services.begin() as uow:
        page = reading.people(uow, ana, community.id, school.services.manifests)
        assert join.said_no(uow, school.services.sealer, community.id, dana.id)
    assert [view.person.name for view in page.invited] == ["Dana", "Eli"]


def test_an_odd_answer_to_a_write_leaves_the_seat_in_doubt_and_not_forgotten(school, ana) -> None:
    community = school.found(ana)
    school.work()
    real = school.board.answer

    def odd(name: str) -> None:
        if name == "seats.put":
            school.board.answer = real
            raise UnexpectedReply(say("Odd."))

    school.board.answer = odd
    ben = member(school, community, 10)
    school.work()
    assert AccountId("10") in school.board.seats
    with school.services.begin() as uow:
        join.leave(uow, community, ben, school.clock.now())
        uow.commit()
    school.work()
    assert AccountId("10") not in school.board.seats


def test_a_long_outage_closes_no_place_and_everything_goes_on_by_itself(school, ana) -> None:
    community = school.found(ana)
    ben = member(school, community, 10)
    school.work()
    school.board.trouble["spaces.describe"] = [Unavailable(say("Away."))] * 7
    school.board.trouble["seats.read"] = [Unavailable(say("Away."))] * 7
    school.mark(community, Kind.PROVISION)
    with school.services.begin() as uow:
        join.leave(uow, community, ben, school.clock.now())
        uow.commit()
    school.work(patience=1200)
    assert school.spaces(community)[0].state is SpaceState.READY
    school.work(patience=24 * 3600)
    assert AccountId("10") not in school.board.seats
    with school.services.begin() as uow:
        assert uow.records.notices(community=community.id) == []


def test_patience_that_a_platform_asks_for_is_kept_through_every_sweep(school, ana) -> None:
    school.found(ana)
    school.work()
    every, day = timedelta(minutes=15), timedelta(hours=24)
    due_by_time(school.services.begin, school.clock.now(), every, day)
    school.work()
    school.board.calls.clear()
    school.board.trouble["library.changes"] = [Throttled(say("Later."), retry_after=3600)]
    school.clock.pass_by(minutes=16)
    for _ in range(30):
        due_by_time(school.services.begin, school.clock.now(), every, day)
        school.work(patience=0)
        school.clock.pass_by(minutes=1)
    assert school.board.calls.count("library.changes") == 1


def test_one_library_with_many_hints_does_not_hide_another_that_has_none(school, ana) -> None:
    community = school.found(ana, places=2)
    with school.services.begin() as uow:
        now = school.clock.now()
        admin = connect.admin_of(uow, connect.invite_admin(uow, school.there, "Jo", now).token, now)
        connect.agree(uow, admin, community.id, now)
        uow.commit()
    school.work()
    every, day = timedelta(minutes=15), timedelta(hours=24)
    due_by_time(school.services.begin, school.clock.now(), every, day)
    school.work()
    busy = next(space for space in school.spaces(community) if space.institution == school.here.id)
    for board in school.boards.values():
        board.calls.clear()
    for _ in range(4):
        school.clock.pass_by(minutes=5)
        with school.services.begin() as uow:
            uow.work.mark(Kind.COLLECT, busy.id, community.id)
            uow.commit()
        school.work(patience=0)
        due_by_time(school.services.begin, school.clock.now(), every, day)
        school.work(patience=0)
    assert school.boards["there"].calls.count("library.changes") == 1


def test_a_code_makes_nobody_somebody_else(school, ana) -> None:
    mallory = school.arrive("mallory", account="66").person
    now = school.clock.now()
    with school.services.begin() as uow:
        code = claim.code_for(uow, mallory, now).token
        assert claim.owner_of(uow, ana, code, now).id == mallory.id
        uow.commit()
    with school.services.begin() as uow, pytest.raises(NotAllowed, match="two people"):
        claim.with_code(uow, ana, code, now)
    with school.services.begin() as uow:
        admin = connect.admin_of(uow, connect.invite_admin(uow, school.here, "Kim", now).token, now)
        uow.commit()
    with school.services.begin() as uow, pytest.raises(NotAllowed, match="look after connections"):
        claim.with_code(uow, admin, code, now)


def test_the_last_who_leads_neither_pauses_nor_leaves_before_handing_over(school, ana) -> None:
    community = school.found(ana)
    ben = member(school, community, 10)
    for step in (join.pause, join.leave):
        with school.services.begin() as uow, pytest.raises(DomainError, match="Hand over"):
            step(uow, community, ana, school.clock.now())
    with school.services.begin() as uow:
        now = school.clock.now()
        with pytest.raises(NotAllowed):
            join.share(uow, community, ben, ben.id, Role.FACILITATOR, now)
        leads_too(uow, community, ana, ben, now)
        with pytest.raises(NotAllowed, match="step down themselves"):
            join.share(uow, community, ana, ben.id, Role.MEMBER, now)
        join.leave(uow, community, ana, now)
        with pytest.raises(DomainError, match="Hand over"):
            join.share(uow, community, ben, ben.id, Role.MEMBER, now)
        uow.commit()
    school.work()
    assert school.board.seats == {AccountId("10"): Role.FACILITATOR}


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:80@evil.example/", "http://127.0.0.1:9", "https://10.0.0.7/x", "https://169.254.169.254",
     "https://[::1]/", "ftp://a.example", "https://", "https://db.internal/"],
)  # fmt: skip
def test_nobody_aims_the_server_at_its_own_network(address) -> None:
    with pytest.raises(DomainError):
        connect.check_address(address)
    connect.check_address("https://canvas.school.example/api")
    connect.check_address("http://127.0.0.1:9", loopback=True)
