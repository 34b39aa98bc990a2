"""What a listing told is kept small, and found again by account."""

from __future__ import annotations

import tracemalloc

from coplink.core.people import AccountId, Role
from coplink_teams.packed import Member, Packed


def page(first: int, size: int = 999) -> dict[AccountId, Member]:
    return {
        AccountId(f"{number:08x}-0000-4000-8000-{number:012x}"): Member(
            f"MCMjMCMj{number:05}" + "YWJj" * 30, Role.FACILITATOR if number % 10 == 0 else Role.MEMBER
        )
        for number in range(first, first + size)
    }


def test_members_come_back_in_the_order_in_which_they_are_asked_for():
    packed, one, other = Packed(), page(0, 5), page(5, 5)
    packed.add(one)
    packed.add(other)
    asked = [*list(other)[:2], *list(one)[:2], AccountId("nobody")]
    found = packed.of(asked)
    assert list(found) == asked[:-1]
    assert found == {account: (one | other)[account] for account in asked[:-1]}
    assert packed.count == 10
    assert Packed().of(asked) == {} == packed.of([])


def test_who_was_forgotten_does_not_come_back():
    packed, members = Packed(), page(0, 5)
    packed.add(members)
    first, *others = members
    packed.forget([first, AccountId("nobody")])
    assert list(packed.of(list(members))) == others


def test_thousands_take_little_memory():
    tracemalloc.start()
    try:
        packed = Packed()
        for first in range(0, 9_990, 999):
            packed.add(page(first))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 60 * packed.count
