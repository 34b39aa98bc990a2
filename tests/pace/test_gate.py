"""Who goes when: people first, nobody for ever, a refusal for everybody at a limit, and no institution for another."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplink.pace import Asks, Pacer, asking
from coplink.pace import gate as gate_module
from coplink.ports.errors import Throttled
from coplink.ports.pace import Limit, Rate
from coplink.testing.pacing import Hourglass

TEAM = Limit("team", (Rate(4, 1.0),))
ALL = Limit("all", (Rate(30, 1.0),))
MAILBOX = Limit("mailbox", (Rate(10_000, 600.0),), at_once=2)


class Crowd:
    """Calls that wait at one gate, let go one after the other on pretended time."""

    def __init__(self) -> None:
        self.glass = Hourglass()
        self.gate = self.glass.pacer().of("riverbend", "teams")
        self.waiting: list = []
        self.gone: list[tuple[float, object]] = []

    def join(self, who: Asks, *limits, weight: int = 1):
        with asking(who):
            ticket = self.gate.join(limits, weight)
        self.waiting.append(ticket)
        return ticket

    def step(self) -> None:
        """Whoever may go goes; else time passes until somebody may."""
        front = self.waiting if len(self.waiting) < 100 else [*self.waiting[:9], self.waiting[-1]]
        ready = {ticket: self.gate.ready(ticket, self.glass.now) for ticket in front}
        free = [ticket for ticket in front if ready[ticket] <= 0]
        if not free:
            self.glass.now += max(1e-6, min(ready.values()))
            return
        self.waiting.remove(free[0])
        self.gate.go(free[0], self.glass.now)
        self.gate.leave(free[0])
        for bucket in free[0].buckets:
            bucket.end()
        self.gone.append((self.glass.now, free[0]))

    def until(self, ticket) -> float:
        """Seconds until this one went."""
        began = self.glass.now
        while ticket in self.waiting:
            self.step()
        return self.glass.now - began


def take(gate, *limits, weight=1):
    with gate.taking(*limits, weight=weight):
        pass


def test_a_person_goes_within_half_a_second_while_a_thousand_calls_wait():
    crowd = Crowd()
    for number in range(1_000):
        crowd.join(Asks.HOUSE, (TEAM, f"t-{number % 3}"), (ALL, ""))
    for _ in range(25):
        crowd.step()
    person = crowd.join(Asks.PERSON, (TEAM, "t-1"), (ALL, ""))
    assert crowd.until(person) < 0.5
    assert len(crowd.waiting) > 900


def test_real_threads_let_a_person_through_at_once():
    gate = Pacer().of("riverbend", "teams")
    limit = Limit("api", (Rate(20, 0.5),))
    stop = threading.Event()

    def work() -> None:
        with asking(Asks.HOUSE):
            while not stop.is_set():
                with gate.taking((limit, "")):
                    time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.2)
        began = time.monotonic()
        take(gate, (limit, ""))
        waited = time.monotonic() - began
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=5)
    assert waited < 0.4
    assert not any(thread.is_alive() for thread in threads)
    assert gate._line == []


arrivals = st.lists(
    st.tuples(st.sampled_from(list(Asks)), st.sampled_from(["a", "b"]), st.integers(1, 6)),
    min_size=1,
    max_size=40,
)


@given(arrivals)
def test_everybody_goes_in_the_end_and_equals_in_order_of_arrival(wishes):
    crowd = Crowd()
    tickets = [crowd.join(who, (TEAM, key), (ALL, ""), weight=weight) for who, key, weight in wishes]
    for _ in range(40 * len(tickets)):
        if not crowd.waiting:
            break
        crowd.step()
    assert crowd.waiting == []
    order = [ticket for _, ticket in crowd.gone]
    for key in ("a", "b"):
        for who in Asks:
            mine = [ticket for ticket, wish in zip(tickets, wishes, strict=True) if wish[:2] == (who, key)]
            assert [ticket for ticket in order if ticket in mine] == mine


def test_the_house_gets_its_turn_among_people_who_never_stop():
    crowd = Crowd()
    people = [crowd.join(Asks.PERSON, (TEAM, "t")) for _ in range(5)]
    house = crowd.join(Asks.HOUSE, (TEAM, "t"))
    while house in crowd.waiting:
        crowd.step()
        while sum(ticket.who is Asks.PERSON for ticket in crowd.waiting) < 5:
            people.append(crowd.join(Asks.PERSON, (TEAM, "t")))
        assert len(crowd.gone) < 50, "somebody was put off for ever"
    assert len(crowd.gone) <= 12


def test_one_full_team_does_not_hold_up_the_others():
    glass = Hourglass()
    gate = glass.pacer().of("riverbend", "teams")
    for _ in range(4):
        take(gate, (TEAM, "full"), (ALL, ""))
    with asking(Asks.HOUSE):
        gate.join(((TEAM, "full"), (ALL, "")), 1)
    began = glass.now
    take(gate, (TEAM, "other"), (ALL, ""))
    assert glass.now == began


def test_everybody_at_a_limit_waits_for_the_time_the_platform_named():
    glass = Hourglass()
    pacer = glass.pacer()
    gate = pacer.of("riverbend", "teams")
    gate.told(TEAM, "t-1", 20.0)
    for who in Asks:
        if who is Asks.PERSON:
            with asking(who), pytest.raises(Throttled) as closed:
                take(pacer.of("riverbend", "teams"), (TEAM, "t-1"), (ALL, ""))
            assert closed.value.retry_after == pytest.approx(20)
    began = glass.now
    take(gate, (TEAM, "t-2"), (ALL, ""))
    assert glass.now == began, "another team is open"
    with asking(Asks.HOUSE):
        take(gate, (TEAM, "t-1"))
    assert glass.now - began == pytest.approx(20, abs=0.1), "work of the house waits"
    gate.told(TEAM, "t-1", 300.0)
    with asking(Asks.HOUSE), pytest.raises(Throttled) as long:
        take(gate, (TEAM, "t-1"))
    assert long.value.retry_after == pytest.approx(300)
    assert glass.now - began < 21, "a worker is not held for it"


def test_no_institution_waits_for_another_nor_a_platform_for_another():
    glass = Hourglass()
    pacer = glass.pacer()
    pacer.of("riverbend", "teams").told(ALL, "", 300.0)
    for _ in range(200):
        with asking(Asks.HOUSE), pytest.raises(Throttled):
            take(pacer.of("riverbend", "teams"), (ALL, ""))
    began = glass.now
    for elsewhere in (
        pacer.of("lakeside", "teams"),
        pacer.of("riverbend", "google"),
        pacer.of(None, "teams"),
    ):
        take(elsewhere, (ALL, ""))
    assert glass.now == began


def test_connections_without_an_institution_share_nothing():
    pacer = Hourglass().pacer()
    assert pacer.of("riverbend", "teams") is pacer.of("riverbend", "teams")
    assert pacer.of(None, "teams") is not pacer.of(None, "teams")


def test_only_so_many_calls_are_under_way_at_once():
    glass = Hourglass()
    gate = glass.pacer().of("riverbend", "teams")
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(gate.taking((MAILBOX, "m")))
        with pytest.raises(Throttled):
            take(gate, (MAILBOX, "m"))
        take(gate, (MAILBOX, "n"))
    with pytest.raises(ZeroDivisionError), gate.taking((MAILBOX, "m")):
        _ = 1 / 0
    with gate.taking((MAILBOX, "m")), gate.taking((MAILBOX, "m")):
        assert gate.granted((MAILBOX, "m")) == 2


def test_who_waits_for_a_call_to_end_goes_when_it_ends():
    gate = Pacer().of("riverbend", "teams")
    one = Limit("one", (), at_once=1)
    entered = threading.Event()
    waited: list[float] = []

    def second() -> None:
        entered.set()
        began = time.monotonic()
        take(gate, (one, ""))
        waited.append(time.monotonic() - began)

    thread = threading.Thread(target=second)
    with gate.taking((one, "")):
        thread.start()
        entered.wait(5)
        time.sleep(0.1)
        assert waited == []
    thread.join(5)
    assert waited
    assert waited[0] < 0.9


def test_the_number_of_buckets_is_bounded_and_none_in_use_is_forgotten(monkeypatch):
    monkeypatch.setattr(gate_module, "MOST_BUCKETS", 50)
    glass = Hourglass()
    gate = glass.pacer().of("riverbend", "teams")
    gate.told(TEAM, "closed", 100.0)
    for number in range(500):
        take(gate, (TEAM, f"t-{number}"))
        glass.now += 0.1
    assert len(gate._buckets) <= 50
    with pytest.raises(Throttled):
        take(gate, (TEAM, "closed"))


def test_how_large_a_batch_may_be_depends_on_who_asks():
    gate = Hourglass().pacer().of("riverbend", "google")
    limit = Limit("directory", (Rate(2_400, 60.0),))
    with asking(Asks.HOUSE):
        take(gate, (limit, ""), weight=1_000)
        assert gate.granted((limit, "")) == 800
        assert gate.most((limit, "")) == 1_000, "what went before is no matter"
        assert gate.background
    assert gate.granted((limit, "")) == 1_000
    assert not gate.background
    assert gate.granted((Limit("tiny", (Rate(0.5, 60.0),)), "")) == 1
