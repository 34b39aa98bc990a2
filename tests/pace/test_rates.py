"""Laws of one limit: never above any of its rates in any window, whoever asks, alone or as one of several processes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplink.pace.bucket import Bucket
from coplink.ports.pace import Limit, Rate

rates = st.builds(
    lambda calls, seconds, burst: Rate(calls, seconds, None if burst is None else max(1.0, calls * burst)),
    st.integers(1, 60),
    st.sampled_from([0.5, 1.0, 10.0, 60.0]),
    st.one_of(st.none(), st.floats(0.1, 1.0)),
)
wishes = st.lists(
    st.tuples(st.floats(0, 5), st.integers(1, 8), st.sampled_from([0.0, 1 / 8, 1 / 4])),
    min_size=1,
    max_size=80,
)


def went(bucket: Bucket, wishes, most: float) -> list[tuple[float, int]]:
    """Let each wish go at the first moment the bucket allows; nothing heavier than a whole rate."""
    now, gone = 1_000.0, []
    for pause, weight, leaves in wishes:
        now += pause
        weight = max(1, min(weight, int(most)))
        for _ in range(3):
            wait = bucket.wait(now, weight, leaves)
            if wait <= 1e-9:
                break
            now += wait
        assert bucket.wait(now, weight, leaves) <= 1e-6, "what it says is enough is enough"
        bucket.begin(now, weight)
        bucket.end()
        gone.append((now, weight))
    return gone


def busiest(gone: list[tuple[float, int]], seconds: float) -> float:
    """The most that any window of this length saw."""
    return max(sum(weight for when, weight in gone if at <= when < at + seconds - 1e-6) for at, _ in gone)


@given(st.lists(rates, min_size=1, max_size=3), wishes)
def test_no_window_ever_sees_more_than_the_published_rate(published, wishes):
    least = min(rate.calls if rate.burst is None else rate.burst for rate in published)
    gone = went(Bucket(Limit("api", tuple(published)), 1.0, lambda: 0.0), wishes, least)
    for rate in published:
        assert busiest(gone, rate.seconds) <= rate.calls + 1e-6


@given(
    st.integers(2, 5), st.integers(5, 40), st.sampled_from([1.0, 10.0]), st.one_of(st.none(), st.just(5.0))
)
def test_several_processes_together_keep_the_rate(processes, calls, seconds, burst):
    limit = Limit("api", (Rate(calls, seconds, burst),))
    gone = []
    for _ in range(processes):
        gone += went(Bucket(limit, 1 / processes, lambda: 0.0), [(0.0, 1, 0.0)] * 30, 1)
    assert busiest(sorted(gone), seconds) <= max(calls, processes) + 1e-6


@pytest.mark.parametrize("rate", [Rate(4, 1.0), Rate(600, 60.0, burst=60), Rate(2_400, 60.0)])
def test_the_long_run_comes_near_the_rate(rate):
    bucket = Bucket(Limit("api", (rate,)), 1.0, lambda: 0.0)
    gone = went(bucket, [(0.0, 1, 0.0)] * int(rate.calls * 5), 1)
    lasted = gone[-1][0] - gone[0][0]
    assert len(gone) / (lasted + rate.seconds) >= 0.75 * rate.calls / rate.seconds


def test_what_is_heavier_than_the_rate_goes_alone_and_is_paid_for():
    bucket = Bucket(Limit("api", (Rate(4, 1.0),)), 1.0, lambda: 0.0)
    assert bucket.wait(0.0, 20, 0.0) == 0.0
    bucket.begin(0.0, 20)
    assert bucket.wait(0.0, 1, 0.0) == pytest.approx(5.0)


def test_the_reserve_is_for_those_who_go_first():
    bucket = Bucket(Limit("api", (Rate(8, 1.0),)), 1.0, lambda: 0.0)
    bucket.begin(0.0, 6)
    assert bucket.wait(0.0, 1, 1 / 4) > 0.9, "the house waits"
    assert bucket.wait(0.0, 1, 1 / 8) == 0.0, "what a person did may go"
    bucket.begin(0.0, 1)
    assert bucket.wait(0.0, 1, 1 / 8) > 0.9
    assert bucket.wait(0.0, 1, 0.0) == 0.0, "one is left for who looks at a page"


def test_a_refusal_closes_slows_down_and_is_forgiven():
    bucket = Bucket(Limit("api", (Rate(100, 1.0),)), 1.0, lambda: 0.0)
    bucket.refuse(0.0, 30.0)
    bucket.refuse(0.0, 10.0)
    assert bucket.wait(0.0, 1, 0.0) == 30.0, "the longest wait holds"
    assert bucket.flow(30.0) == pytest.approx(55.0), "half, and a twentieth of it came back"
    assert bucket.flow(300.0) == pytest.approx(100.0)
    assert bucket.idle(300.0)


def test_without_a_time_the_wait_doubles_up_to_a_minute():
    bucket, now, waits = Bucket(Limit("api", (Rate(100, 1.0),)), 1.0, lambda: 0.0), 0.0, []
    for _ in range(9):
        bucket.refuse(now, None)
        bucket.refuse(now, None)  # under way at the same time: no refusal of its own
        waits.append(bucket.wait(now, 1, 0.0))
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    bucket.refuse(now + 1_000, None)
    assert bucket.wait(now + 1_000, 1, 0.0) == 1


def test_the_platforms_own_count_slows_calls_for_a_minute():
    bucket = Bucket(Limit("api", (Rate(100, 1.0),)), 1.0, lambda: 0.0)
    bucket.left(0.0, 0.9)
    assert bucket.flow(0.0) == 100
    bucket.left(0.0, 0.1)
    assert bucket.flow(0.0) == pytest.approx(40)
    assert bucket.flow(61.0) == 100
