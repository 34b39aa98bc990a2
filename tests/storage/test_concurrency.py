"""What holds when several workers and visitors come at once, on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from coplink.core.people import Identity, Institution, InstitutionId, Person, PersonId
from coplink.core.work import Kind
from coplink.ports.records import Link, LinkKind, Login
from coplink.ports.storage import StaleTurn

THREADS = 8
K = Kind.RECONCILE


def at_once(work: Callable[[int], object], threads: int = THREADS) -> list[object]:
    """Run ``work`` in several threads that start together; what each returned."""
    barrier = threading.Barrier(threads)

    def go(n: int) -> object:
        barrier.wait(10)
        return work(n)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(go, range(threads)))


def test_two_callers_never_both_consume_a_login(keep, world):
    for round_ in range(5):
        state = f"state-{round_}"
        with keep() as uow:
            uow.logins.begin(
                Login(state, "n", "lti", "r1", "", {}, world.now + timedelta(hours=1)), world.now
            )

        def take(_: int, state: str = state) -> object:
            with keep() as uow:
                return uow.logins.consume(state, world.now)

        assert sum(login is not None for login in at_once(take)) == 1


def test_a_one_time_link_is_used_by_one(keep, world):
    with keep() as uow:
        uow.links.put(Link("l1", LinkKind.ACCOUNT, "t", world.north.id, None, "ada", world.now, None))

    def use(_: int) -> object:
        with keep() as uow:
            return uow.links.use("l1", world.now)

    assert sorted(at_once(use)) == [False] * (THREADS - 1) + [True]


def test_no_request_is_lost_when_all_ask_at_once(keep, world):
    def ask(_: int) -> None:
        for _again in range(5):
            with keep() as uow:
                uow.work.mark(K, "s1", "k1")

    at_once(ask)
    with keep() as uow:
        assert uow.work.state(K, "s1").generation == 5 * THREADS


def test_of_many_who_begin_only_the_last_may_write(keep, world):
    with keep() as uow:
        uow.work.mark(K, world.space.id, "k1")

    def begin(_: int) -> object:
        with keep() as uow:
            return uow.work.begin(K, world.space.id, world.now)

    turns = at_once(begin)
    assert len({turn.token for turn in turns}) == THREADS
    allowed = 0
    for turn in turns:
        with keep() as uow:
            try:
                uow.journal.open(turn, world.space.id, "put a", "key", world.now)
                allowed += 1
            except StaleTurn:
                continue
    assert allowed == 1


def test_a_line_in_the_journal_holds_off_the_next_worker_until_it_is_kept(storage, keep, world):
    """Else two could write: the check and the line are one transaction."""
    with keep() as uow:
        uow.work.mark(K, world.space.id, "k1")
        turn = uow.work.begin(K, world.space.id, world.now)
    order: list[str] = []
    opened = threading.Event()

    def next_worker() -> None:
        opened.wait(10)
        with keep() as uow:
            uow.work.begin(K, world.space.id, world.now)
            order.append("begun")

    thread = threading.Thread(target=next_worker)
    thread.start()
    with storage.begin() as uow:
        uow.journal.open(turn, world.space.id, "put a", "key", world.now)
        opened.set()
        time.sleep(0.2)
        order.append("kept")
        uow.commit()
    thread.join(20)
    assert order == ["kept", "begun"]


def test_reading_and_then_writing_never_fails_half_way(keep, world):
    """On SQLite this needs the write lock from the start; a plain transaction fails at once in most of these."""

    def lengthen(_: int) -> None:
        for _again in range(10):
            with keep() as uow:
                space = uow.spaces.get(world.space.id)
                uow.spaces.put(replace(space, name=space.name + "."))

    at_once(lengthen)
    with keep() as uow:
        assert uow.spaces.get(world.space.id).name.startswith("Reading together.")


def test_two_arrivals_of_one_new_person_at_once_end_in_one_identity(keep, world):
    def arrive(n: int) -> None:
        with keep() as uow:
            person = Person(PersonId(f"new-{n}"), world.north.id, "New")
            uow.people.put(person)
            uow.people.put_identity(Identity(world.north.id, "lti", "r1", "sub-9", person.id, world.now))

    at_once(arrive)
    with keep() as uow:
        assert uow.people.subjects(world.north.id, "lti", "r1").keys() == {"sub-9"}


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_of_two_who_add_one_identity_the_first_wins_and_the_second_reads_whom(storage, keep, world):
    """The second waits for the first's commit; on SQLite it could not have begun."""

    def recognise(uow, person):
        uow.people.put_identity(Identity(world.north.id, "lti", "r1", "sub-9", person.id, world.now))
        return uow.people.by_identity(world.north.id, "lti", "r1", "sub-9")

    order: list[object] = []
    begun = threading.Event()

    def second() -> None:
        with storage.begin() as uow:
            assert uow.people.by_identity(world.north.id, "lti", "r1", "sub-9") is None
            begun.set()
            order.append(("second", recognise(uow, world.bo).id))
            uow.commit()

    with storage.begin() as uow:
        assert recognise(uow, world.ada) == world.ada
        thread = threading.Thread(target=second)
        thread.start()
        assert begun.wait(10)
        time.sleep(0.3)
        order.append("first")
        uow.commit()
    thread.join(20)
    assert order == ["first", ("second", world.ada.id)]
    with keep() as uow:
        assert uow.people.identities(world.bo.id) == []


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_who_adds_an_identity_that_was_taken_back_becomes_its_person(storage, keep, world):
    def second() -> None:
        with storage.begin() as uow:
            uow.people.put_identity(Identity(world.north.id, "lti", "r1", "sub-9", world.bo.id))
            uow.commit()

    with storage.begin() as uow:
        uow.people.put_identity(Identity(world.north.id, "lti", "r1", "sub-9", world.ada.id))
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
    thread.join(20)
    with keep() as uow:
        assert uow.people.by_identity(world.north.id, "lti", "r1", "sub-9") == world.bo


def test_two_institutions_of_one_name_added_at_once_are_one(keep):
    def add(n: int) -> object:
        try:
            with keep() as uow:
                uow.institutions.add(Institution(InstitutionId(f"new-{n}"), "New"))
        except IntegrityError:
            return "refused"
        return "added"

    assert sorted(at_once(add)) == ["added"] + ["refused"] * (THREADS - 1)


def test_opting_out_at_once_is_one_wish(keep):
    def opt_out(_: int) -> None:
        with keep() as uow:
            uow.communities.opt_out(["h2", "h1"])

    at_once(opt_out)
    with keep() as uow:
        assert uow.communities.opted_out(["h1", "h2"]) == {"h1", "h2"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_reading_waits_for_a_writer_and_then_sees_what_it_wrote(storage, keep, world):
    done: list[object] = []

    def read() -> None:
        with storage.begin() as uow:
            done.append(uow.people.get(world.ada.id))

    with storage.begin() as uow:
        uow.people.put(replace(world.ada, name="Ada L."))
        thread = threading.Thread(target=read)
        thread.start()
        time.sleep(0.2)
        assert done == []
        uow.commit()
    thread.join(20)
    assert done == [replace(world.ada, name="Ada L.")]
