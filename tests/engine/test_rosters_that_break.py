"""A reading of a roster that breaks off, is overtaken or is long: what was asked stays asked, one snapshot is good."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event

from coplink.core.roster import Listed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import listed, rosters
from coplink.engine.outcome import Settled
from coplink.ports.errors import Throttled, Unavailable
from coplink.ports.storage import StaleTurn
from coplink.storage.transaction import Transaction
from coplink.testing.beginnings import once


@pytest.fixture
@once
def crowd(school, ana):
    """A community whose course lists Ana and thirty others; read once."""
    school.roster.size = 10
    school.roster.people = [Listed("ana", "Ana", leads=True), *(someone(n) for n in range(30))]
    community = school.found(ana)
    school.work()
    school.roster.looked = 0
    return community


def someone(number, **changes):
    return Listed(f"s{number}", **{"name": f"S {number}", "email": f"s{number}@school.example", **changes})


def context_of(school, community):
    with school.services.begin() as uow:
        [context] = uow.communities.contexts(community.id)
    return context


def turn_of(school, community):
    """A turn at reading, as a worker takes it."""
    context = context_of(school, community)
    with school.services.begin() as uow:
        uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        turn = uow.work.begin(Kind.READ_ROSTER, context.id, school.clock.now())
        uow.commit()
    return turn


def read_with(school, turn, source=None):
    return rosters.read(school.services.begin, source or school.roster, turn, school.clock.now)


def standings(school, community):
    with school.services.begin() as uow:
        members = uow.communities.memberships(community.id)
        people = uow.people.many(m.person for m in members)
    return {people[m.person].name: (m.role, m.standing) for m in members}


def last_report(school, community):
    with school.services.begin() as uow:
        return uow.records.reports(community.id, "read_roster")[0].counts


def kept(school, community):
    with school.services.begin() as uow:
        return uow.rosters.last(context_of(school, community).id)


class Breaking:
    """A roster whose reading breaks after so many pages."""

    def __init__(self, paper, pages, error):
        self.paper, self.pages, self.error = paper, pages, error

    def read(self, address, last=None, secret=b""):
        reading = self.paper.read(address, last, secret)
        return _Broken(reading, self.pages, self.error)


class _Broken:
    def __init__(self, reading, pages, error):
        self.compared, self.complete, self.again, self.lacking = reading.compared, False, None, None
        self._reading, self._pages, self._error = reading, pages, error

    def __iter__(self):
        for number, page in enumerate(self._reading):
            if number == self._pages:
                raise self._error
            yield page


def test_a_crash_half_way_keeps_those_who_were_asked_and_their_places_are_told_later(
    school, ana, monkeypatch
):
    monkeypatch.setattr(rosters, "AT_ONCE", 10)
    community = school.found(ana)
    school.work()
    school.roster.size = 10
    school.roster.people = [someone(n) for n in range(30)]
    with pytest.raises(MemoryError):
        read_with(school, turn_of(school, community), Breaking(school.roster, 2, MemoryError()))
    assert len(standings(school, community)) == 21
    assert kept(school, community).owing
    [space] = school.spaces(community)
    with school.services.begin() as uow:
        before = uow.work.state(Kind.RECONCILE, space.id).generation
    school.roster.people = school.roster.people[:20]  # nobody else is new when it is read again
    assert read_with(school, turn_of(school, community)) == Settled()
    with school.services.begin() as uow:
        assert uow.work.state(Kind.RECONCILE, space.id).generation == before + 1
    assert not kept(school, community).owing


@pytest.mark.parametrize("error", [Throttled(say("Slower."), "", 7.0), Unavailable(say("Away."))])
def test_a_first_page_that_fails_changes_nothing(school, crowd, error):
    before = kept(school, crowd)
    with pytest.raises(type(error)):
        read_with(school, turn_of(school, crowd), Breaking(school.roster, 0, error))
    assert kept(school, crowd) == before


# --- two at once -----------------------------------------------------------------------------------------------------


class Overtaken:
    """While it is read, another worker takes the turn and reads it to the end."""

    def __init__(self, school, community, after):
        self.school, self.community, self.after = school, community, after

    def read(self, address, last=None, secret=b""):
        return _Overtaking(self, self.school.roster.read(address, last, secret))


class _Overtaking:
    def __init__(self, roster, reading):
        self._roster, self._reading = roster, reading
        self.compared, self.again, self.lacking = reading.compared, None, None

    @property
    def complete(self):
        return self._reading.complete

    def __iter__(self):
        school, community = self._roster.school, self._roster.community
        for number, page in enumerate(self._reading):
            if number == self._roster.after:
                old, school.roster.people = school.roster.people, [*school.roster.people, someone(90)]
                assert read_with(school, turn_of(school, community)) == Settled()
                school.roster.people = old
            yield page


@pytest.mark.parametrize("after", [0, 3])
def test_of_two_workers_the_one_that_began_last_leaves_its_snapshot(school, crowd, after):
    school.roster.people = [*school.roster.people, someone(91)]
    with pytest.raises(StaleTurn):
        read_with(school, turn_of(school, crowd), Overtaken(school, crowd, after))
    assert kept(school, crowd).snapshot.listed == 33
    assert {"S 90", "S 91"} < set(standings(school, crowd))
    assert len(standings(school, crowd)) == 33
    assert last_report(school, crowd) == {"listed": 33, "no_longer_listed": 0}


def test_many_are_asked_some_hundreds_at_a_time(school, ana, monkeypatch):
    monkeypatch.setattr(rosters, "AT_ONCE", 7)
    commits = []
    begin = school.services.storage.begin
    school.roster.size = 50
    school.roster.people = [someone(n) for n in range(45)]
    community = school.found(ana)
    monkeypatch.setattr(school.services.storage, "begin", lambda: commits.append(1) or begin())
    assert read_with(school, turn_of(school, community)) == Settled()
    assert len(standings(school, community)) == 46
    assert len(commits) >= 7 + 2


def test_a_page_of_known_teachers_costs_as_many_statements_as_one_of_them(school, ana, monkeypatch):
    community = school.found(ana)
    context = context_of(school, community)
    everybody = [someone(n, leads=True, email="") for n in range(40)]
    told, run = [], Transaction.run
    monkeypatch.setattr(Transaction, "run", lambda *given, **values: told.append(1) or run(*given, **values))
    event.listen(school.services.storage._engine, "before_cursor_execute", lambda *a: told.append(a[2]))
    spent = []
    for people in (
        everybody,
        everybody[:1],
        everybody,
        [replace(one, email="x@y.example") for one in everybody],
    ):
        told.clear()
        with school.services.begin() as uow:
            listed.welcome(uow, context, people, school.clock.now())
            uow.commit()
        spent.append(len(told))
    _, one, many, filled = spent
    assert one == many <= filled <= many + 2
