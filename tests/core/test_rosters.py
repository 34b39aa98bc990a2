"""A roster held against its last snapshot page by page: as if the whole lists had been held against each other."""

from __future__ import annotations

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from coplink.core.roster import Comparison, Listed, Snapshot

PEOPLE = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=20, unique_by=lambda person: person[0]
)


def printed(person: tuple[int, int]) -> int:
    return person[0] * 10 + person[1] + 1


def read(people: list[tuple[int, int]], size: int, last: Snapshot | None, meaning: str = "m"):
    compared = Comparison(meaning, last)
    fresh: list[str] = []
    for start in range(0, len(people), size):
        page = people[start : start + size]
        digest = blake2b(repr(page).encode(), digest_size=16).digest()
        if compared.carry(digest):
            continue
        found = compared.take(
            digest,
            [str(subject) for subject, _ in page],
            [printed(person) for person in page],
            lambda place, page=page: Listed(str(page[place][0])),
        )
        assert found is not None
        fresh += [one.subject for one in found]
    return compared, fresh


@given(PEOPLE, PEOPLE, st.integers(1, 5), st.integers(1, 5))
def test_exactly_those_who_are_new_or_changed_are_looked_at(before, after, size, other):
    first, everybody = read(before, size, None)
    assert everybody == [str(subject) for subject, _ in before]
    second, fresh = read(after, other, first.snapshot())
    assert fresh == [str(one[0]) for one in after if one not in before]
    assert second.listed == len(after)
    third, nobody = read(after, size, second.snapshot())
    assert (nobody, third.listed) == ([], len(after))


@given(PEOPLE, st.integers(1, 5))
def test_the_same_roster_is_unchanged_and_any_other_is_not(people, size):
    first, _ = read(people, size, None)
    again, _ = read(people, size, first.snapshot())
    assert again.unchanged
    assert again.snapshot() == first.snapshot()
    assert not read([*people, (99, 0)], size, first.snapshot())[0].unchanged
    if people:
        assert not read(people[1:], size, first.snapshot())[0].unchanged


@given(PEOPLE)
def test_under_another_meaning_everybody_is_new(people):
    first, _ = read(people, 3, None)
    other, fresh = read(people, 3, first.snapshot(), "another")
    assert len(fresh) == len(people)
    assert not other.unchanged
    assert not other.incremental


def test_who_does_not_count_is_left_out_and_asked_about_again():
    compared = Comparison("m")
    assert compared.take(b"d", ["a", "b"], [1, 2], lambda place: Listed("a") if place == 0 else None)
    assert compared.listed == 1
    again = Comparison("m", compared.snapshot())
    asked: list[int] = []
    assert again.take(b"e", ["a", "b"], [1, 2], asked.append) == []
    assert asked == [1]


def test_a_page_on_which_everybody_was_listed_before_is_told():
    compared = Comparison("m")
    compared.take(b"d", ["a", "b"], [1, 2], lambda place: Listed("ab"[place]))
    assert compared.repeats(b"d")
    assert compared.take(b"e", ["b", "a"], [2, 1], lambda place: Listed("x")) is None
    assert compared.take(b"f", ["b", "c"], [5, 3], lambda place: Listed("c")) == [Listed("c")]
    assert compared.listed == 3
