"""Where what coplink did in a place is not known any more, people are seated and nothing is taken from anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete
from tests.engine.acts import act

from coplink.core.people import AccountId, Role, Standing
from coplink.core.work import Kind
from coplink.engine import join
from coplink.storage import backup
from coplink.storage.tables import LedgerRow
from coplink.testing.pinboard import MANIFEST

LAG = timedelta(minutes=10)


@pytest.fixture
def slow(school, community):
    """Writes take ten minutes to show; Ana and Bo sit there, and both seats are ours."""
    look(school, community)
    pinboard = school.services.installed.integrations["pinboard"]
    pinboard.manifest = replace(MANIFEST, limits=replace(MANIFEST.limits, lag=LAG))
    school.services._open.clear()
    look(school, community, 30)
    look(school, community, 30)
    return community


def look(school, community, minutes=1):
    """One run, and no other that it asks for."""
    school.clock.pass_by(minutes=minutes)
    school.mark(community, Kind.RECONCILE)
    school.jobs.run_until_idle()


def lose(school):
    with school.services.begin() as uow:
        uow._transaction.session.execute(delete(LedgerRow))
        uow.commit()


def person(school, subject):
    return school.arrive(subject).person


def standing(school, community, subject):
    found = person(school, subject)
    with school.services.begin() as uow:
        return uow.communities.membership(community.id, found.id).standing


def seated(school):
    return set(school.board.seats)


def outcast(school, community, subject):
    """Belongs no more, without a word of theirs."""
    found = person(school, subject)
    with school.services.begin() as uow:
        known = uow.communities.membership(community.id, found.id)
        uow.communities.put_membership(replace(known, standing=Standing.INVITED))
        uow.commit()


def test_the_ledger_of_a_place_in_use_is_trusted(school, slow):
    outcast(school, slow, "bo")
    look(school, slow)
    assert seated(school) == {"1"}


def test_where_it_was_lost_nobody_is_removed_ever_but_by_their_own_word(school, slow):
    lose(school)
    look(school, slow)
    act(school, join.leave, slow, person(school, "bo"))
    look(school, slow)
    assert seated(school) == {"1", "2"}, "not even now: one reading is no certainty"
    look(school, slow, 11)
    assert seated(school) == {"1"}, "their own word, two readings later"


def test_who_leaves_later_goes_at_once(school, slow):
    lose(school)
    look(school, slow)
    look(school, slow, 11)
    look(school, slow, 1)
    act(school, join.pause, slow, person(school, "bo"))
    look(school, slow)
    assert seated(school) == {"1"}


def test_whose_seat_it_is_not_known_is_never_taken_by_us(school, slow):
    lose(school)
    look(school, slow)
    look(school, slow, 11)
    outcast(school, slow, "bo")
    for _ in range(3):
        look(school, slow, 60)
    assert seated(school) == {"1", "2"}


def test_strangers_stay_strangers(school, slow):
    school.board.seats[AccountId("77")] = Role.MEMBER
    lose(school)
    for _ in range(3):
        look(school, slow, 11)
    assert "77" in school.board.seats
    (space,) = school.spaces(slow)
    with school.services.begin() as uow:
        assert uow.ledger.remembered(space.id, school.clock.now(), LAG).unknown == {"1", "2"}


def test_people_are_seated_meanwhile(school, slow):
    lose(school)
    look(school, slow)
    new = school.arrive("cy", account="3").person
    act(school, lambda uow, now: join.offer(uow, slow.id, new, Role.MEMBER, now))
    school.join(slow, new)
    look(school, slow)
    assert seated(school) == {"1", "2", "3"}


def test_it_looks_again_by_itself_until_it_is_sure(school, slow):
    lose(school)
    look(school, slow)
    act(school, join.leave, slow, person(school, "bo"))
    school.work()
    assert seated(school) == {"1"}


def test_half_a_reading_ends_no_doubt(school, slow):
    lose(school)
    school.board.complete = False
    look(school, slow)
    act(school, join.leave, slow, person(school, "bo"))
    for _ in range(3):
        look(school, slow, 11)
    assert seated(school) == {"1", "2"}
    school.board.complete = True
    look(school, slow, 11)
    assert seated(school) == {"1", "2"}
    look(school, slow, 11)
    assert seated(school) == {"1"}


def test_after_a_restore_nobody_who_is_missing_has_left_before_two_looks(school, slow, tmp_path):
    del school.board.seats[AccountId("2")]
    look(school, slow)  # missing once, when the backup is made
    engine, sealer = school.services.storage._engine, school.services.sealer
    backup.back_up(engine, sealer, tmp_path / "b", school.clock.now())
    school.clock.pass_by(days=3)
    backup.restore(tmp_path / "b", engine, sealer, school.clock.now(), replace=True)
    look(school, slow)
    assert standing(school, slow, "bo") is Standing.JOINED
    look(school, slow, 5)
    assert standing(school, slow, "bo") is Standing.JOINED
    look(school, slow, 6)
    assert standing(school, slow, "bo") is Standing.LEFT
    assert seated(school) == {"1"}, "and nobody is put back"


def test_after_a_restore_nothing_is_removed_before_two_looks(school, slow, tmp_path):
    engine, sealer = school.services.storage._engine, school.services.sealer
    backup.back_up(engine, sealer, tmp_path / "b", school.clock.now())
    backup.restore(tmp_path / "b", engine, sealer, school.clock.now(), replace=True)
    outcast(school, slow, "bo")
    look(school, slow)
    look(school, slow, 5)
    assert seated(school) == {"1", "2"}
    look(school, slow, 6)
    assert seated(school) == {"1"}
