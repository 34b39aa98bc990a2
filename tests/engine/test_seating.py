"""How changes of seats are carried out: in lots, journalled in a line, and in doubt where a platform leaves a doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from coplink.core.people import AccountId, Role, Standing
from coplink.core.policy import Policy
from coplink.core.spaces import Observed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import join
from coplink.engine.outcome import Reach
from coplink.engine.reconcile import reconcile
from coplink.ports.errors import OwnPace, PermissionMissing, Throttled
from coplink.ports.seats import BatchResult, Done
from coplink.storage.tables import JournalRow
from coplink.testing.beginnings import once
from coplink.testing.pinboard import MANIFEST

LAG = timedelta(minutes=15)


class Room:
    """A platform's seats: what is asked of it, and what it answers instead of saying yes."""

    def __init__(self):
        self.sitting = {AccountId("1"): Role.FACILITATOR}  # Ana sits there from the first work on
        self.asked = []
        self.trouble = None  # does the work, then raises
        self.refusing = None  # raises and does nothing

    def read(self, parts):
        return Observed(dict(self.sitting), True)

    def look(self, parts, account):
        return self.sitting.get(account)

    def put(self, parts, seats):
        self.asked.append(list(seats))
        self._refuse()
        self.sitting |= {seat.account: seat.role for seat in seats}
        return self._answer([seat.account for seat in seats])

    def remove(self, parts, accounts):
        self.asked.append(list(accounts))
        self._refuse()
        for account in accounts:
            self.sitting.pop(account, None)
        return self._answer(accounts)

    def _refuse(self):
        if self.refusing:
            error, self.refusing = self.refusing, None
            raise error

    def _answer(self, accounts):
        if self.trouble:
            error, self.trouble = self.trouble, None
            raise error
        return BatchResult(dict.fromkeys(accounts, Done.CHANGED))


@pytest.fixture
def room():
    return Room()


@pytest.fixture
@once
def community(school):
    found = school.found(school.arrive("ana", leads=True, account="1").person)
    school.work()
    return found


def member(school, community, number, role=Role.MEMBER):
    person = school.arrive(f"p{number}", account=str(number)).person
    with school.services.begin() as uow:
        join.offer(uow, community.id, person, role, school.clock.now())
        uow.commit()
    school.join(community, person)
    return person


def leave(school, community, person):
    with school.services.begin() as uow:
        join.leave(uow, community, person, school.clock.now())
        uow.commit()


def bring_about(school, community, room, batch=20):
    """One run of reconcile against the room."""
    (space,) = school.spaces(community)
    manifest = replace(MANIFEST, limits=replace(MANIFEST.limits, batch=batch))
    reach = Reach(SimpleNamespace(seats=room, directory=None, spaces=None), manifest, LAG)
    with school.services.begin() as uow:
        uow.work.mark(Kind.RECONCILE, space.id, community.id)
        turn = uow.work.begin(Kind.RECONCILE, space.id, school.clock.now())
        uow.commit()
    policy = Policy(least=50, share_of_space=1.0, per_day=50, share_of_all=1.0)
    return reconcile(school.services.begin, lambda uow, key: reach, policy, turn, school.clock.now)


def settle(school, community, room):
    """Once more after the lag, so that what was written counts as ours."""
    bring_about(school, community, room)
    school.clock.pass_by(minutes=20)
    bring_about(school, community, room)
    school.clock.pass_by(minutes=20)


def journal(school):
    with school.services.begin() as uow:
        return list(uow._transaction.session.scalars(select(JournalRow.what).order_by(JournalRow.number)))


SLOW = Throttled(say("Slow down."), "429", 1.0)
HELD = OwnPace(say("Slowly."), "own pace", 1.0)


def test_a_connector_hears_who_sits_there_already_and_by_which_address(school, community, room) -> None:
    ben = member(school, community, 10)
    settle(school, community, room)
    with school.services.begin() as uow:
        kept = uow.communities.membership(community.id, ben.id)
        uow.communities.put_membership(replace(kept, role=Role.CO_FACILITATOR))
        uow.commit()
    room.asked.clear()
    bring_about(school, community, room)
    ((seat,),) = room.asked
    assert (seat.account, seat.role.leads, seat.before, seat.address) == (
        "10",
        True,
        Role.MEMBER,
        "10@school.example",
    )


def test_a_lot_of_many_is_one_call_and_one_readable_line(school, community, room) -> None:
    for n in range(10, 35):
        member(school, community, n)
    room.sitting = {AccountId("1"): Role.FACILITATOR}
    bring_about(school, community, room, batch=100)
    assert [len(lot) for lot in room.asked] == [25]
    assert all(seat.before is None for seat in room.asked[0])
    line = journal(school)[-1]
    assert line.startswith("seat 10 11 12 ")
    assert line.endswith(" 29 and 5 more")
    room.asked.clear()
    member(school, community, 40)
    bring_about(school, community, room, batch=100)
    assert journal(school)[-1] == "seat 40"


def test_a_seat_that_was_made_and_answered_429_goes_when_its_owner_goes(school, community, room) -> None:
    settle(school, community, room)
    ben = member(school, community, 10)
    room.trouble = SLOW
    with pytest.raises(Throttled):
        bring_about(school, community, room)
    assert AccountId("10") in room.sitting
    settle(school, community, room)
    leave(school, community, ben)
    bring_about(school, community, room)
    assert AccountId("10") not in room.sitting, "it was not left as one that came by hand"


@pytest.mark.parametrize(("error", "minutes"), [(HELD, 0), (SLOW, 16)], ids=["own pace", "429"])
def test_a_seat_that_was_not_made_for_haste_is_made_later(school, community, room, error, minutes) -> None:
    settle(school, community, room)
    member(school, community, 10)
    room.refusing = error
    with pytest.raises(Throttled):
        bring_about(school, community, room)
    assert AccountId("10") not in room.sitting
    school.clock.pass_by(seconds=1)
    bring_about(school, community, room)
    assert (AccountId("10") in room.sitting) is (minutes == 0), (
        "a 429 may hide that it was made: the lag is waited out"
    )
    school.clock.pass_by(minutes=minutes)
    bring_about(school, community, room)
    bring_about(school, community, room)
    assert AccountId("10") in room.sitting


@pytest.mark.parametrize("looks", [1, 3])
def test_who_comes_back_after_a_removal_that_was_answered_429_stays(school, community, room, looks) -> None:
    ben = member(school, community, 10)
    settle(school, community, room)
    leave(school, community, ben)
    room.refusing = SLOW
    with pytest.raises(Throttled):
        bring_about(school, community, room)
    room.sitting.pop(AccountId("10"))  # it was done all the same
    for _ in range(looks):
        school.clock.pass_by(minutes=20)
        bring_about(school, community, room)
    with school.services.begin() as uow:
        join.offer(uow, community.id, ben, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, ben)
    settle(school, community, room)
    with school.services.begin() as uow:
        assert uow.communities.membership(community.id, ben.id).standing is Standing.JOINED
    assert AccountId("10") in room.sitting


@pytest.mark.parametrize("error", [SLOW, PermissionMissing(say("No key."), "caretaker")])
def test_a_removal_that_was_not_let_through_is_tried_again(school, community, room, error) -> None:
    ben = member(school, community, 10)
    settle(school, community, room)
    leave(school, community, ben)
    room.refusing = error
    with pytest.raises(type(error)):
        bring_about(school, community, room)
    bring_about(school, community, room)
    assert AccountId("10") not in room.sitting


def test_recording_a_lot_costs_a_handful_of_statements(school, community, room) -> None:
    for n in range(10, 35):
        member(school, community, n)
    told = []
    with school.services.begin() as uow:
        engine = uow._transaction.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *a: told.append(a[2]))
    bring_about(school, community, room, batch=100)
    few = len([line for line in told if "ledger" in line or "seat" in line])
    assert few < 25, "and not some for each of 25 people"
