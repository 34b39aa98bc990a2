"""The promises of ``coplink.ports.seats``: idempotent, answered per account, and honest about half a reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Gone, Throttled, Transient
from coplink.ports.integration import Capability
from coplink.ports.seats import BatchResult, Done, Seats
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered

MEMBER, FACILITATOR = Role.MEMBER, Role.FACILITATOR
SETTLED = {Done.CHANGED, Done.ALREADY_SO}


class SeatsSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def seats(self, rig: Rig) -> Seats:
        """The port."""
        return offered(rig.connection.seats, Capability.SEATS, rig)

    @pytest.fixture
    def parts(self, rig: Rig, seats: Seats) -> dict[str, str]:
        """A space that is ready, with nobody in it."""
        return a_space(rig)

    def test_an_added_seat_can_be_read_back(self, rig: Rig, seats: Seats, parts: dict[str, str]) -> None:
        one, two, *_ = rig.accounts
        result = seats.put(parts, [self.seat(rig, one, FACILITATOR), self.seat(rig, two, MEMBER)])
        assert dict(result.outcomes) == {one: Done.CHANGED, two: Done.CHANGED}
        assert not result.reasons
        observed = seats.read(parts)
        assert dict(observed.seats) == {one: self.kept(rig, FACILITATOR), two: self.kept(rig, MEMBER)}
        assert observed.complete
        assert observed.gone == frozenset(), "gone stays empty here"

    def test_seating_twice_is_no_error_and_changes_nothing(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        wanted = [self.seat(rig, rig.accounts[0], FACILITATOR), self.seat(rig, rig.accounts[1], MEMBER)]
        seats.put(parts, wanted)
        before = dict(seats.read(parts).seats)
        assert set(seats.put(parts, wanted).outcomes.values()) == {Done.ALREADY_SO}
        assert dict(seats.read(parts).seats) == before

    def test_what_is_known_to_be_so_writes_nothing(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        wanted = [self.seat(rig, rig.accounts[0], FACILITATOR), self.seat(rig, rig.accounts[1], MEMBER)]
        seats.put(parts, wanted)
        listed = seats.read(parts).seats
        known = [replace(seat, before=listed[seat.account]) for seat in wanted]
        before = rig.writes()
        assert set(seats.put(parts, known).outcomes.values()) == {Done.ALREADY_SO}
        assert rig.writes() == before

    def test_a_removed_seat_is_gone_and_removing_it_twice_is_no_error(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, one, FACILITATOR), self.seat(rig, two, MEMBER)])
        assert dict(seats.remove(parts, [two]).outcomes) == {two: Done.CHANGED}
        assert set(seats.read(parts).seats) == {one}
        assert dict(seats.remove(parts, [two]).outcomes) == {two: Done.ALREADY_SO}
        assert set(seats.read(parts).seats) == {one}

    def test_removing_a_stranger_is_no_error(self, rig: Rig, seats: Seats, parts: dict[str, str]) -> None:
        assert dict(seats.remove(parts, [rig.stranger]).outcomes) == {rig.stranger: Done.ALREADY_SO}

    def test_a_seat_known_to_be_there_that_went_meanwhile_is_made_again(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, one, FACILITATOR), self.seat(rig, two, MEMBER)])
        seats.remove(parts, [two])
        result = self.until_settled(
            lambda: seats.put(parts, [self.seat(rig, two, FACILITATOR, before=MEMBER)])
        )
        assert result.outcomes[two] in {*SETTLED, Done.REFUSED}, (
            "or it is said so, and the next reading tells"
        )
        if result.outcomes[two] is not Done.REFUSED:
            assert seats.read(parts).seats[two] is self.kept(rig, FACILITATOR)

    def test_one_stranger_does_not_spoil_a_batch(self, rig: Rig, seats: Seats, parts: dict[str, str]) -> None:
        one, two, *_ = rig.accounts
        result = seats.put(
            parts,
            [
                self.seat(rig, one, MEMBER),
                self.seat(rig, rig.stranger, MEMBER),
                self.seat(rig, two, FACILITATOR),
            ],
        )
        assert dict(result.outcomes) == {one: Done.CHANGED, rig.stranger: Done.REFUSED, two: Done.CHANGED}
        assert set(result.reasons) == {rig.stranger}
        assert str(result.reasons[rig.stranger])
        assert set(seats.read(parts).seats) == {one, two}

    def test_every_account_asked_about_is_answered_and_nobody_else(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        three = rig.accounts[:3]
        assert set(seats.put(parts, [self.seat(rig, account, MEMBER) for account in three]).outcomes) == set(
            three
        )
        assert set(seats.remove(parts, [*three, rig.accounts[3]]).outcomes) == {*three, rig.accounts[3]}

    def test_nothing_asked_is_nothing_done(self, rig: Rig, seats: Seats, parts: dict[str, str]) -> None:
        before = rig.writes()
        assert not seats.put(parts, []).outcomes
        assert not seats.remove(parts, []).outcomes
        assert rig.writes() == before

    @pytest.mark.parametrize(("first", "then"), [(MEMBER, FACILITATOR), (FACILITATOR, MEMBER)])
    def test_a_change_of_role_keeps_the_seat(
        self, rig: Rig, seats: Seats, parts: dict[str, str], first: Role, then: Role
    ) -> None:
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, two, FACILITATOR), self.seat(rig, one, first)])
        expected = Done.CHANGED if self.kept(rig, first) is not self.kept(rig, then) else Done.ALREADY_SO
        there = seats.look(parts, one)
        assert dict(seats.put(parts, [self.seat(rig, one, then, there)]).outcomes) == {one: expected}
        assert seats.read(parts).seats[one] is self.kept(rig, then)
        assert seats.look(parts, one) is self.kept(rig, then)

    def test_whoever_leads_and_was_not_known_to_sit_there_leads_still(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, two, FACILITATOR), self.seat(rig, one, FACILITATOR)])
        assert dict(seats.put(parts, [self.seat(rig, one, MEMBER)]).outcomes) == {one: Done.ALREADY_SO}
        assert seats.look(parts, one) is self.kept(rig, FACILITATOR)

    def test_every_role_becomes_one_the_platform_can_tell_apart(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        wanted = [self.seat(rig, account, role) for account, role in zip(rig.accounts, Role, strict=False)]
        wanted.sort(key=lambda seat: not seat.role.leads)
        seats.put(parts, wanted)
        sitting = {seat.account: self.kept(rig, seat.role) for seat in wanted}
        assert seats.read(parts).seats == sitting
        assert set(seats.put(parts, wanted).outcomes.values()) == {Done.ALREADY_SO}
        last = rig.accounts[len(wanted) - 1]
        for role in list(Role)[len(wanted) :]:  # more roles than accounts: the last one has several in turn
            seats.put(parts, [self.seat(rig, last, role, seats.look(parts, last))])
            assert seats.read(parts).seats == {**sitting, last: self.kept(rig, role)}

    def test_looking_at_one_account_agrees_with_the_listing(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        seats.put(
            parts, [self.seat(rig, rig.accounts[0], FACILITATOR), self.seat(rig, rig.accounts[1], MEMBER)]
        )
        listed = seats.read(parts).seats
        for account in (*rig.accounts[:3], rig.stranger):
            assert seats.look(parts, account) is listed.get(account)

    def test_reading_and_looking_write_nothing(self, rig: Rig, seats: Seats, parts: dict[str, str]) -> None:
        before = rig.writes()
        seats.read(parts)
        seats.look(parts, rig.accounts[0])
        assert rig.writes() == before

    def test_a_seat_in_one_space_is_none_in_another(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        other = a_space(rig, rig.wish(2))
        seats.put(parts, [self.seat(rig, rig.accounts[0], FACILITATOR)])
        seats.put(other, [self.seat(rig, rig.accounts[0], MEMBER), self.seat(rig, rig.accounts[1], MEMBER)])
        assert dict(seats.read(parts).seats) == {rig.accounts[0]: self.kept(rig, FACILITATOR)}
        seats.remove(other, [rig.accounts[0]])
        assert seats.look(parts, rig.accounts[0]) is self.kept(rig, FACILITATOR)

    def test_a_page_of_exactly_the_page_size_loses_nobody(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        people = rig.accounts[:4]
        for n in range(1, 5):
            seats.put(parts, [self.seat(rig, people[n - 1], FACILITATOR if n == 1 else MEMBER)])
            for size in (1, 2, 4):
                rig.pages_of(size)
                observed = seats.read(parts)
                assert observed.complete
                assert set(observed.seats) == set(people[:n])

    def test_half_a_listing_is_not_a_complete_reading(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        people = rig.accounts[:3]
        seats.put(parts, [self.seat(rig, account, MEMBER) for account in people])
        rig.half_a_listing(parts)
        observed = seats.read(parts)
        assert not observed.complete
        assert set(observed.seats) < set(people)
        assert seats.read(parts).complete

    def test_a_listing_that_does_not_even_begin_is_raised(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        rig.outage()
        with pytest.raises(Transient):
            seats.read(parts)

    def test_throttling_before_anything_was_written_is_raised(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        rig.throttle(77)
        before = rig.writes()
        with pytest.raises(Throttled) as slow:
            seats.read(parts)
        assert slow.value.retry_after == 77
        assert rig.writes() == before

    def test_a_seat_whose_answer_was_lost_is_unknown_and_then_there_once(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        wanted = [self.seat(rig, account, MEMBER) for account in rig.accounts[:2]]
        rig.lose_next_answer()
        first = seats.put(parts, wanted)
        assert Done.UNKNOWN in first.outcomes.values()
        lost = {account for account, done in first.outcomes.items() if done is Done.UNKNOWN}
        again = self.until_settled(lambda: seats.put(parts, wanted))
        assert {again.outcomes[account] for account in lost} <= SETTLED
        observed = seats.read(parts)
        assert observed.complete
        assert list(observed.seats.values()) == [self.kept(rig, MEMBER)] * 2
        assert set(seats.put(parts, wanted).outcomes.values()) == {Done.ALREADY_SO}

    def test_a_removal_whose_answer_was_lost_is_unknown_and_then_done(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, one, FACILITATOR), self.seat(rig, two, MEMBER)])
        rig.lose_next_answer()
        assert seats.remove(parts, [two]).outcomes[two] is Done.UNKNOWN
        assert self.until_settled(lambda: seats.remove(parts, [two])).outcomes[two] in SETTLED
        assert set(seats.read(parts).seats) == {one}

    def test_the_connections_own_account_is_never_reported_and_never_removed(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        seats.put(parts, [self.seat(rig, rig.accounts[0], FACILITATOR)])
        own = rig.seat_own_account(parts)
        assert set(seats.read(parts).seats) == {rig.accounts[0]}
        assert seats.look(parts, own) is None
        assert dict(seats.remove(parts, [own]).outcomes) == {own: Done.ALREADY_SO}
        assert set(seats.read(parts).seats) == {rig.accounts[0]}

    def test_a_listing_that_is_late_does_not_seat_twice(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        rig.lag()
        one, two, *_ = rig.accounts
        seats.put(parts, [self.seat(rig, one, MEMBER), self.seat(rig, two, MEMBER)])
        again = seats.put(parts, [self.seat(rig, one, MEMBER), self.seat(rig, two, FACILITATOR)])
        assert set(again.outcomes.values()) <= {*SETTLED, Done.UNKNOWN}
        rig.catch_up()
        self.until_settled(lambda: seats.put(parts, [self.seat(rig, two, FACILITATOR)]))
        observed = seats.read(parts)
        assert dict(observed.seats) == {one: self.kept(rig, MEMBER), two: self.kept(rig, FACILITATOR)}

    def test_a_deleted_space_is_gone_whatever_is_asked(
        self, rig: Rig, seats: Seats, parts: dict[str, str]
    ) -> None:
        rig.vanish(parts)
        one = rig.accounts[0]
        asks: tuple[Callable[[], object], ...] = (
            lambda: seats.read(parts),
            lambda: seats.look(parts, one),
            lambda: seats.put(parts, [self.seat(rig, one, MEMBER)]),
            lambda: seats.remove(parts, [one]),
        )
        for ask in asks:
            with pytest.raises(Gone):
                ask()

    # --- what the tests lean on -------------------------------------------------------------------------------------

    @staticmethod
    def seat(rig: Rig, account: AccountId, role: Role, before: Role | None = None) -> Seat:
        """A seat as the engine gives it: with the account's address, where that is known."""
        known = dict(zip(rig.accounts, rig.addresses, strict=False))
        return Seat(account, role, before, known.get(account, ""))

    @staticmethod
    def kept(rig: Rig, role: Role) -> Role:
        """What becomes of a role on this platform."""
        roles = rig.integration.manifest.roles
        if role in roles:
            return role
        return FACILITATOR if role.leads and FACILITATOR in roles else MEMBER

    @staticmethod
    def until_settled(attempt: Callable[[], BatchResult]) -> BatchResult:
        """What later runs do: again, until every account is as wanted (four times at most)."""
        result = attempt()
        for _ in range(3):
            if set(result.outcomes.values()) <= SETTLED:
                break
            result = attempt()
        return result
