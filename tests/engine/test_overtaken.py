"""Two workers at one piece of work, as when one was stopped for long: what the first wrote is looked at again."""

from __future__ import annotations

from coplink.core.people import AccountId, Role, Standing
from coplink.core.work import Kind
from coplink.engine import join
from coplink.ports.storage import StaleTurn
from coplink.worker.handlers import Worker


class Meanwhile:
    """Lets something happen when the board is called, once."""

    def __init__(self, board, name, happens):
        self.name, self.happens, self.call = name, happens, board.call
        board.call = self

    def __call__(self, name, write=False):
        if name == self.name and self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        self.call(name, write)


def overtaken(school, space, name, meanwhile, late):
    """A worker is overtaken in the middle of a lot: its write comes ``late``, and no other call of it goes."""

    def happens():
        meanwhile()
        for _ in range(2):
            Worker(school.services).perform(Kind.RECONCILE.value, space.id, 0)
            school.clock.pass_by(seconds=2)
            school.mark(community_of(school, space), Kind.RECONCILE)
        school.work()
        late()
        raise StaleTurn("another worker has begun this work meanwhile")

    Meanwhile(school.board, name, happens)
    Worker(school.services).perform(Kind.RECONCILE.value, space.id, 0)


def community_of(school, space):
    with school.services.begin() as uow:
        return uow.communities.get(space.community)


def undone(school):
    with school.services.begin() as uow:
        return [state.kind for state in uow.work.all() if not state.done]


def test_a_seat_that_an_overtaken_worker_takes_too_late_is_given_back_by_the_one_who_looks_after_it(
    school, community
):
    cleo = school.arrive("cleo", account="3").person
    (space,) = school.spaces(community)

    def cleo_leaves_and_another_worker_does_all_there_is():
        with school.services.begin() as uow:
            join.leave(uow, community, cleo, school.clock.now())
            uow.commit()
        Worker(school.services).perform(Kind.RECONCILE.value, space.id, 0)
        assert undone(school) == [Kind.PLACE_MEETINGS]

    with school.services.begin() as uow:
        join.offer(uow, community.id, cleo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, cleo)
    Meanwhile(school.board, "seats.put", cleo_leaves_and_another_worker_does_all_there_is)
    Worker(school.services).perform(Kind.RECONCILE.value, space.id, 0)
    assert AccountId("3") in school.board.seats, "nothing can call back what is on its way"
    assert Kind.RECONCILE in undone(school), "so it is looked at again"
    school.work()
    assert AccountId("3") not in school.board.seats
    with school.services.begin() as uow:
        assert not uow.records.notices(community.id)


def test_an_overtaken_worker_begins_no_other_write(school, community):
    (space,) = school.spaces(community)
    for number in range(3, 9):  # three go in one call
        person = school.arrive(f"p{number}", account=str(number)).person
        with school.services.begin() as uow:
            join.offer(uow, community.id, person, Role.MEMBER, school.clock.now())
            uow.commit()
        school.join(community, person)

    def another_worker_begins():
        with school.services.begin() as uow:
            assert uow.work.begin(Kind.RECONCILE, space.id, school.clock.now()) is not None
            uow.commit()

    school.board.calls.clear()
    Meanwhile(school.board, "seats.put", another_worker_begins)
    Worker(school.services).perform(Kind.RECONCILE.value, space.id, 0)
    assert school.board.calls.count("seats.put") == 1
    assert Kind.RECONCILE in undone(school)
    school.work()
    assert {AccountId(str(number)) for number in range(1, 9)} <= set(school.board.seats)


def test_a_seat_that_comes_late_and_is_never_answered_is_no_strangers(school, community):
    cleo = school.arrive("cleo", account="3").person
    (space,) = school.spaces(community)

    def leaves():
        with school.services.begin() as uow:
            join.leave(uow, community, cleo, school.clock.now())
            uow.commit()

    with school.services.begin() as uow:
        join.offer(uow, community.id, cleo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, cleo)
    overtaken(school, space, "seats.put", leaves, lambda: school.board.seats.update({"3": Role.MEMBER}))
    assert Kind.RECONCILE in undone(school)
    school.work()
    assert AccountId("3") not in school.board.seats


def test_a_removal_that_comes_late_and_is_never_answered_is_nobodys_leaving(school, community):
    cleo = school.arrive("cleo", account="3").person
    (space,) = school.spaces(community)
    with school.services.begin() as uow:
        join.offer(uow, community.id, cleo, Role.MEMBER, school.clock.now())
        uow.commit()
    school.join(community, cleo)
    school.work()
    with school.services.begin() as uow:
        join.leave(uow, community, cleo, school.clock.now())
        uow.commit()

    def comes_back():
        school.join(community, cleo)

    overtaken(school, space, "seats.remove", comes_back, lambda: school.board.seats.pop("3"))
    school.work()
    school.mark(community, Kind.RECONCILE)
    school.work()
    assert AccountId("3") in school.board.seats
    with school.services.begin() as uow:
        membership = uow.communities.membership(community.id, cleo.id)
        assert membership is not None
        assert membership.standing is Standing.JOINED
