"""Calls about ids that nobody watches: few questions to the database however many, and nobody learns which ids are."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event
from watched import SECRET, ready, watch

from coplink.core.work import Kind
from coplink.web.hearing import DOUBTED, ID
from coplink.web.looks import APART, SharedLook

THREADS = 16


@pytest.fixture
def space(site):
    """A space that is ready and not watched yet."""
    return ready(site)


@pytest.fixture
def statements(site) -> list[str]:
    """Everything that the database is asked from now on."""
    asked: list[str] = []
    engine = site.services.storage._engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, text, *_: asked.append(text))
    return asked


def call(site, space: str, secret: str = "", query: str = "", method: str = "POST"):
    return site.app.test_client().open(
        f"/hook/pinboard/{space}{query}",
        method=method,
        data=b"{}",
        headers={"X-Bell": secret},
        base_url=site.services.settings.base_url,
    )


def answer(reply) -> tuple[int, bytes, list[tuple[str, str]]]:
    return reply.status_code, reply.data, sorted(reply.headers)


def test_a_flood_about_random_ids_is_asked_about_together(site, space, statements):
    def some(_thread: int) -> None:
        for _ in range(20):
            assert call(site, secrets.token_hex(16)).status_code == 202

    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(some, range(THREADS)))
    took = time.monotonic() - began
    assert len(statements) <= took / APART + 2
    assert len(statements) < 20 * THREADS * 0.9, (
        "who asks at the same time shares a question, also on a busy machine"
    )
    assert all("watches" in text and "IN" in text for text in statements)


def test_a_new_subscription_is_heard_in_the_middle_of_a_flood(site, space):
    over = threading.Event()

    def strangers() -> None:
        while not over.is_set():
            assert call(site, secrets.token_hex(16)).status_code == 202

    with ThreadPoolExecutor(4) as pool:
        flood = [pool.submit(strangers) for _ in range(4)]
        try:
            time.sleep(0.05)
            watch(site, space)
            assert call(site, space.id, SECRET).status_code == 202
            with site.services.begin() as uow:
                heard = uow.work.state(Kind.COLLECT, space.id)
        finally:
            over.set()
        for one in flood:
            one.result()
    assert heard.awaited


def test_an_echo_is_given_at_any_address_and_asks_nobody(site, space, statements):
    watch(site, space)
    statements.clear()
    ours = call(site, space.id, query="?validationToken=hello")
    nobodys = call(site, secrets.token_hex(16), query="?validationToken=hello")
    assert answer(ours) == answer(nobodys)
    assert (ours.status_code, ours.data) == (200, b"hello")
    assert statements == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_watched_id_and_a_random_one_are_answered_alike(site, space, statements, method):
    watch(site, space)
    for _ in range(2):
        random = secrets.token_hex(16)
        ours, nobodys = (
            call(site, space.id, "wrong", method=method),
            call(site, random, "wrong", method=method),
        )
        assert answer(ours) == answer(nobodys)
        statements.clear()
        assert answer(call(site, space.id, "wrong", method=method)) == answer(ours)
        assert answer(call(site, random, "wrong", method=method)) == answer(ours)
        assert statements == [], "of both it is known for a second that the call proves nothing"
        site.clock.pass_by(seconds=DOUBTED.total_seconds())


@pytest.mark.parametrize("id", ["a" * 65, "é", "a%20b", "' OR 1=1"])
def test_what_is_no_id_is_not_asked_about(site, space, statements, id):
    statements.clear()
    assert call(site, id).status_code == 202
    assert statements == []
    assert ID.fullmatch(space.id)


class Desk:
    """Answers a question when it is let; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.there: set[str] = set()
        self.begun, self.let = threading.Event(), threading.Event()

    def __call__(self, keys) -> set[str]:
        self.asked.append(set(keys))
        found = self.there & set(keys)
        self.begun.set()
        assert self.let.wait(10)
        return found


def test_whoever_comes_while_a_question_is_asked_is_of_the_next_one():
    desk = Desk()
    look = SharedLook(desk)
    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(look.shows, "a")
        assert desk.begun.wait(10)
        desk.there = {"a", "n3"}  # written after the first question
        rest = [pool.submit(look.shows, f"n{n}") for n in range(10)]
        ends = time.monotonic() + 5
        while time.monotonic() < ends and (look._coming is None or len(look._coming.keys) < 10):
            time.sleep(0.001)
        desk.let.set()
        assert not first.result(10)
        assert [one.result(10) for one in rest] == [n == 3 for n in range(10)]
    assert desk.asked == [{"a"}, {f"n{n}" for n in range(10)}]


def test_questions_begin_ten_milliseconds_apart():
    waited: list[float] = []
    look = SharedLook(lambda keys: keys, clock=lambda: 100.0 + sum(waited), sleep=waited.append)
    assert all(look.shows(str(n)) for n in range(4))
    assert waited == pytest.approx([0.0, APART, APART, APART])


def test_a_question_that_fails_is_told_to_all_and_the_next_one_is_asked():
    answers = [RuntimeError("no database"), {"b"}]

    def ask(_keys):
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    look = SharedLook(ask)
    with pytest.raises(RuntimeError, match="no database"):
        look.shows("a")
    assert look.shows("b")
