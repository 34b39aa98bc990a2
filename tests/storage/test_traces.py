"""What was kept about one account and one person, read for the page that explains it."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.people import AccountId, PersonId, Role
from coplink.core.plan import Change
from coplink.core.spaces import Observed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.ports.records import Happening
from coplink.ports.seats import Done
from coplink.ports.traces import Deed, SeatTrace

ODD = AccountId("a_1%")


def wrote(uow, world, what, outcome, after):
    turn = uow.work.begin(Kind.RECONCILE, world.space.id, world.now)
    entry = uow.journal.open(turn, world.space.id, what, what, world.now + after)
    if outcome is not None:
        uow.journal.close(entry, outcome, world.now + after)


def test_the_journal_tells_what_was_done_to_exactly_one_account(keep, world):
    second = timedelta(seconds=1)
    with keep() as uow:
        uow.work.mark(Kind.RECONCILE, world.space.id, "k1")
        wrote(uow, world, f"seat {ODD} other and 3 more", Done.CHANGED, second)
        wrote(uow, world, "seat aX1Z a_1%2", Done.CHANGED, 2 * second)
        wrote(uow, world, f"let in {ODD}", Done.CHANGED, 3 * second)
        wrote(uow, world, f"remove other {ODD}", None, 4 * second)
        assert uow.traces.deeds(world.space.id, ODD) == [
            Deed(True, world.now + 4 * second, None),
            Deed(False, world.now + second, Done.CHANGED),
        ]
        assert uow.traces.deeds(world.space.id, ODD, 1) == [Deed(True, world.now + 4 * second, None)]
        assert uow.traces.deeds(world.space.id, AccountId("nobody")) == []


def test_the_ledger_tells_how_a_seat_stands(keep, world):
    space, seat = world.space.id, Change(ODD, None, Role.MEMBER)
    with keep() as uow:
        assert uow.traces.seat(space, ODD) is None
        uow.ledger.intend(space, [seat], world.now)
        assert uow.traces.seat(space, ODD) == SeatTrace(world.now, doubtful=True)
        uow.ledger.record(space, seat, Done.CHANGED, world.now)
        assert uow.traces.seat(space, ODD) == SeatTrace(world.now, unseen=True)
        uow.ledger.saw(space, Observed({ODD: Role.MEMBER}, True), world.now + world.lag * 2, world.lag)
        assert uow.traces.seat(space, ODD) == SeatTrace(world.now)
        uow.ledger.saw(space, Observed({}, True), world.now + world.lag * 3, world.lag)
        assert uow.traces.seat(space, ODD) == SeatTrace(world.now, missing_since=world.now + world.lag * 3)


def test_the_history_of_one_person_in_one_community(keep, world):
    with keep() as uow:
        for actor in (world.ada.id, "", world.bo.id, world.ada.id):
            uow.records.say(Happening(world.community.id, world.north.id, world.now, actor, say("did it")))
        assert len(uow.traces.acts(world.community.id, world.ada.id)) == 2
        assert len(uow.traces.acts(world.community.id, world.ada.id, 1)) == 1
        assert uow.traces.acts(world.community.id, PersonId("nobody")) == []
