"""People of other schools are let in as guests: on the admin's word, by a proved address, once they have joined."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from coplink.core.guests import ELSEWHERE, ENTER, SHOW_ADDRESS, TAKEN_OUT
from coplink.core.people import AccountId, Role, Standing
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import disconnect, join, lifecycle, reading
from coplink.engine.guests import BEING_KNOWN
from coplink.ports.errors import OutcomeUnknown, PermissionMissing, PolicyForbids, Reauthorize, Throttled
from coplink.storage.tables import JournalRow
from coplink.testing.beginnings import once
from coplink.testing.pinned_guests import UNWELCOME

GUEST = "guest-1"
ADDRESS = "77@school.example"


@pytest.fixture
@once
def community(school):
    return opened(school)


def opened(school):
    school.board.open_house = True
    found = school.found(school.arrive("ana", leads=True, account="1").person)
    school.work()
    return found


def someone(school, community, subject="lee", account="77", role=Role.MEMBER, joins=True):
    """Somebody of the other school, who takes part here."""
    person = school.arrive(subject, account=account, institution=school.there, course=False).person
    with school.services.begin() as uow:
        join.offer(uow, community.id, person, role, school.clock.now())
        uow.commit()
    if joins:
        school.join(community, person)
    return person


def someone_of_here(school, community):
    ben = school.arrive("ben", account="2").person
    with school.services.begin() as uow:
        join.offer(uow, community.id, ben, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, ben)
    return ben


def look(school, community, patience=3600):
    school.mark(community, Kind.RECONCILE)
    school.work(patience)


def look_often(school, community, times=2):
    for _ in range(times):
        school.clock.pass_by(hours=1)
        look(school, community)


def reasons(school, community):
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        return {one.person: one.reason for one in uow.spaces.unreachable(space.id)}


def asked(school):
    return school.board.calls.count("guests.invite")


def journal(school):
    with school.services.begin() as uow:
        rows = uow._transaction.session.scalars(select(JournalRow).order_by(JournalRow.number))
        return [(row.what, row.outcome) for row in rows if row.what.startswith("let in")]


def test_where_the_admin_has_not_said_so_nobody_is_asked_about(school, community) -> None:
    school.board.open_house = False
    lee = someone(school, community)
    school.work()
    assert reasons(school, community) == {lee.id: ELSEWHERE}
    assert asked(school) == 0
    with school.services.begin() as uow:
        assert uow.guests.of(lee.id) == []


def test_who_joined_and_proved_an_address_gets_a_seat_and_a_page_to_open(school, community) -> None:
    lee = someone(school, community, role=Role.CO_FACILITATOR)
    school.work()
    assert school.board.guests == {ADDRESS: GUEST}
    assert school.board.seats[GUEST] is Role.MEMBER, "who is let in never leads there"
    assert reasons(school, community) == {lee.id: ENTER}
    assert journal(school) == [(f"let in {lee.id}", "changed")]
    with school.services.begin() as uow:
        (kept,) = uow.guests.of(lee.id)
        seen = reading.people(uow, lee, community.id, school.services.manifests)
    assert (kept.institution, kept.integration, kept.address, kept.account) == (
        school.here.id,
        "pinboard",
        ADDRESS,
        GUEST,
    )
    assert kept.enter.startswith("https://pinboard.example/ring?back=https://pinboard.example/board-1")
    assert "https" not in str(seen), "the page is told to the person alone, on their own page"
    look(school, community)
    assert asked(school) == 1, "not again on the same day"
    school.board.entered.add(ADDRESS)
    school.clock.pass_by(days=1)
    look(school, community)
    assert asked(school) == 2
    assert reasons(school, community) == {}
    school.clock.pass_by(days=1)
    look(school, community)
    assert asked(school) == 2, "who is in is not asked about any more"


def test_nobody_is_asked_about_who_has_not_joined_or_has_shown_no_address(school, community) -> None:
    someone(school, community, "max", account="78", joins=False)
    lee = someone(school, community, account=None)
    school.work()
    assert asked(school) == 0
    assert reasons(school, community) == {lee.id: SHOW_ADDRESS}
    school.arrive("lee", account="77", institution=school.there, course=False)
    school.work()
    assert school.board.guests == {ADDRESS: GUEST}, "soon after the address was shown"


def test_who_leaves_gives_the_seat_up_and_keeps_the_account(school, community) -> None:
    lee = someone(school, community)
    school.work()
    school.clock.pass_by(hours=1)
    look(school, community)
    with school.services.begin() as uow:
        join.leave(uow, community, lee, school.clock.now())
        uow.commit()
    school.work()
    assert GUEST not in school.board.seats
    assert school.board.guests == {ADDRESS: GUEST}
    school.join(community, lee)
    school.work()
    assert school.board.seats[GUEST] is Role.MEMBER


def test_who_was_taken_out_over_there_stays_out_there_and_belongs_still(school, community) -> None:
    lee = someone(school, community)
    for _ in range(2):
        school.work()
        school.clock.pass_by(hours=1)
        look(school, community)
    del school.board.seats[GUEST]
    for _ in range(4):
        look(school, community)
        school.clock.pass_by(hours=1)
    assert GUEST not in school.board.seats
    assert reasons(school, community) == {lee.id: TAKEN_OUT}
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, lee.id).standing is Standing.JOINED


def test_who_was_taken_out_stays_out_when_the_place_is_taken_up_again(school, community) -> None:
    lee = someone(school, community)
    school.work()
    look_often(school, community)
    del school.board.seats[GUEST]
    look_often(school, community, 3)
    ana = school.arrive("ana", leads=True, account="1").person
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        lifecycle.detach(uow, space, ana, "Pin Board", False, school.clock.now())
        uow.commit()
    school.work()
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        lifecycle.revive(uow, space, ana, "Pin Board", school.clock.now())
        uow.commit()
    school.work()
    look_often(school, community)
    assert GUEST not in school.board.seats
    assert reasons(school, community) == {lee.id: TAKEN_OUT}


def test_three_guests_who_were_taken_out_hold_nobody_else_up_and_stay_out(school, community) -> None:
    people = [someone(school, community, f"lee{n}", account=str(77 + n)) for n in range(4)]
    school.work()
    look_often(school, community)
    for account in ("guest-1", "guest-2", "guest-3"):
        del school.board.seats[account]
    look_often(school, community, 3)
    ben = someone_of_here(school, community)
    school.work()
    assert school.board.seats.keys() == {"1", "guest-4", "2"}
    with school.services.begin() as uow:
        join.leave(uow, community, people[0], school.clock.now())
        assert uow.records.notices(community=community.id) == []
        uow.commit()
    school.work()
    school.join(community, people[0])
    look_often(school, community, 3)
    assert school.board.seats.keys() == {"1", "guest-4", "2"}, "not by coming back either"
    said = reasons(school, community)
    assert said == {**dict.fromkeys([one.id for one in people[:3]], TAKEN_OUT), people[3].id: ENTER}
    school.board.seats[AccountId("guest-2")] = Role.MEMBER
    look_often(school, community)
    assert reasons(school, community)[people[1].id] == ENTER, "let in again by whoever looks after the place"
    del school.board.seats["2"]
    look_often(school, community, 3)
    with school.services.begin() as uow:
        standing = {m.person: m.standing for m in uow.communities.memberships(community.id)}
    assert standing[ben.id] is Standing.LEFT, "who is of the house left by being taken out, as ever"
    assert {standing[one.id] for one in people} == {Standing.JOINED}


@pytest.mark.parametrize("whole", [False, True])
def test_a_refusal_is_told_to_the_person_and_to_the_admin_and_holds_nobody_up(
    school, community, whole
) -> None:
    if whole:
        said = PolicyForbids(UNWELCOME, "Caretaker", "house rules")
        school.board.trouble["guests.invite"] = [said]
    else:
        school.board.unwelcome.add(ADDRESS)
    lee = someone(school, community)
    someone_of_here(school, community)
    school.work()
    assert "2" in school.board.seats
    assert reasons(school, community) == {lee.id: UNWELCOME}
    with school.services.begin() as uow:
        told = [n for n in uow.records.notices(institution=school.here.id) if n.code == "guests_refused"]
    assert [notice.message for notice in told] == [UNWELCOME]
    assert told[0].who == ("Caretaker" if whole else school.services.manifests["pinboard"].admin)
    assert journal(school) == [(f"let in {lee.id}", "refused")]
    school.board.unwelcome.clear()
    school.clock.pass_by(days=1)
    look(school, community)
    assert GUEST in school.board.seats
    with school.services.begin() as uow:
        assert all(n.code != "guests_refused" for n in uow.records.notices(institution=school.here.id))


@pytest.mark.parametrize("whole", [False, True])
def test_a_refusal_takes_no_seat_of_whoever_sits(school, community, whole) -> None:
    lee = someone(school, community)
    school.work()
    look_often(school, community)
    school.clock.pass_by(days=1)
    if whole:
        said = PermissionMissing(UNWELCOME, "Caretaker", ("Ring",), "not granted any more")
        school.board.trouble["guests.invite"] = [said]
    else:
        school.board.unwelcome.add(ADDRESS)
    look(school, community)
    assert asked(school) == 2
    assert school.board.seats[GUEST] is Role.MEMBER
    assert reasons(school, community) == {lee.id: UNWELCOME}
    with school.services.begin() as uow:
        (kept,) = uow.guests.of(lee.id)
    assert (kept.account, kept.address, kept.refused) == (GUEST, ADDRESS, UNWELCOME)
    assert kept.enter, "the page can still be opened"
    assert kept.asked_at > kept.since
    school.board.unwelcome.clear()
    school.board.entered.add(ADDRESS)
    school.clock.pass_by(days=1)
    look(school, community)
    assert reasons(school, community) == {}


def test_a_credential_that_has_ended_is_told_as_such_and_nobody_is_refused_for_it(school, community) -> None:
    ended = Reauthorize(say("The key does not fit any more."), "Caretaker")
    school.board.trouble["guests.invite"] = [ended]
    lee = someone(school, community)
    school.work()
    assert reasons(school, community) == {lee.id: SHOW_ADDRESS}
    with school.services.begin() as uow:
        told = [notice.message for notice in uow.records.notices(institution=school.here.id)]
        assert uow.guests.of(lee.id) == []
    assert told == [ended.message]
    look(school, community)
    assert GUEST in school.board.seats, "asked again at the next go, not in a day"


@pytest.mark.parametrize("trouble", [Throttled(say("Later."), retry_after=60), OutcomeUnknown("lost")])
def test_no_answer_is_asked_for_again_and_makes_no_second_account(school, community, trouble) -> None:
    school.board.trouble["guests.invite"] = [trouble]
    someone(school, community)
    school.work()
    assert asked(school) == 2
    assert school.board.guests == {ADDRESS: GUEST}
    assert GUEST in school.board.seats


def test_an_account_that_is_not_known_everywhere_yet_is_waited_for(school) -> None:
    slow = {"lag_seconds_override": {"pinboard": 900}}
    school.services.settings = school.services.settings.model_copy(update=slow)
    community = opened(school)
    school.board.strangers.add(GUEST)
    lee = someone(school, community)
    school.work(patience=60)
    assert reasons(school, community) == {lee.id: BEING_KNOWN}
    school.board.strangers.clear()
    school.work(patience=1200)
    assert school.board.seats[GUEST] is Role.MEMBER
    assert reasons(school, community) == {lee.id: ENTER}


def test_a_place_that_takes_no_guests_says_why(school, community) -> None:
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        uow.spaces.put(space.with_part("board", "closed"))
        uow.commit()
    lee = someone(school, community)
    school.work()
    assert asked(school) == 0
    assert str(reasons(school, community)[lee.id]) == "This board is for the house alone."


def second(school):
    found = school.found(school.arrive("ana", leads=True, account="1").person, name="Second")
    school.work()
    return found


def test_once_switched_off_guests_keep_the_seats_they_have_and_nobody_gets_a_new_one(
    school, community
) -> None:
    lee = someone(school, community)
    mo = someone(school, community, "mo", account="78")
    school.work()
    look_often(school, community)
    with school.services.begin() as uow:
        join.leave(uow, community, mo, school.clock.now())
        uow.commit()
    school.work()
    look_often(school, community)
    two = second(school)
    school.board.open_house = False
    with school.services.begin() as uow:
        join.offer(uow, two.id, lee, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(two, lee)
    school.join(community, mo)
    school.work()
    look_often(school, community)
    look_often(school, two)
    (space,) = school.spaces(two)
    assert school.board.seats == {"1": Role.FACILITATOR, GUEST: Role.MEMBER}, "kept, and nobody came back"
    assert school.board.seats_of[space.parts["board"]] == {"1": Role.FACILITATOR}
    assert reasons(school, two) == {lee.id: ELSEWHERE}
    assert reasons(school, community) == {lee.id: ENTER, mo.id: ELSEWHERE}
    with school.services.begin() as uow:
        join.leave(uow, community, lee, school.clock.now())
        uow.commit()
    school.work()
    assert school.board.seats == {"1": Role.FACILITATOR}, "by their own word"


def test_a_place_that_takes_no_guests_gets_none_who_is_one_elsewhere(school, community) -> None:
    lee = someone(school, community)
    school.work()
    two = second(school)
    (space,) = school.spaces(two)
    school.board.boards["closed"] = "board/closed"
    with school.services.begin() as uow:
        uow.spaces.put(space.with_part("board", "closed"))
        join.offer(uow, two.id, lee, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(two, lee)
    school.work()
    look_often(school, two)
    assert school.board.seats[GUEST] is Role.MEMBER
    assert GUEST not in school.board.seats_of["closed"]
    assert str(reasons(school, two)[lee.id]) == "This board is for the house alone."


def test_a_platform_that_is_disconnected_forgets_its_guests(school, community) -> None:
    lee = someone(school, community)
    school.work()
    with school.services.begin() as uow:
        assert uow.guests.of(lee.id)
        connected = uow.institutions.connection_of(school.here.id, "pinboard")
        disconnect.disconnect(uow, connected, "Pin Board", "", False, school.clock.now())
        uow.commit()
    school.work()
    with school.services.begin() as uow:
        assert uow.guests.of(lee.id) == []
    assert school.board.guests == {ADDRESS: GUEST}, "the account is that school's to take away"
