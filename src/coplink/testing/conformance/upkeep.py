"""The promises of ``coplink.ports.upkeep``: idempotent, and nothing a person made is ever taken away."""

from __future__ import annotations

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Gone, OutcomeUnknown
from coplink.ports.integration import Capability
from coplink.ports.upkeep import Upkeep
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered, remake
from coplink.testing.conformance.spaces import AWFUL

NEW = "Writing circle"


class UpkeepSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def upkeep(self, rig: Rig) -> Upkeep:
        """The port."""
        return offered(rig.connection.upkeep, Capability.UPKEEP, rig)

    @pytest.fixture
    def parts(self, rig: Rig, upkeep: Upkeep) -> dict[str, str]:
        """A space that is ready."""
        return a_space(rig)

    def test_a_space_is_read_as_it_is(self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]) -> None:
        before = rig.writes()
        facts = upkeep.read(parts)
        assert facts.name
        assert not facts.archived
        assert rig.writes() == before

    def test_a_new_name_is_read_back_and_said_twice_writes_nothing(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        assert upkeep.rename(parts, NEW) == NEW
        assert upkeep.read(parts).name == NEW
        before = rig.writes()
        assert upkeep.rename(parts, NEW) == NEW
        assert rig.writes() == before

    def test_a_renamed_space_is_still_found_by_its_marker(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        upkeep.rename(parts, NEW)
        assert remake(rig, rig.wish(), parts) == parts

    def test_an_awful_name_is_fitted_and_then_at_rest(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        name = upkeep.rename(parts, AWFUL)
        assert 0 < len(name) <= rig.integration.manifest.limits.name_length
        assert upkeep.read(parts).name == name
        before = rig.writes()
        assert upkeep.rename(parts, AWFUL) == name
        assert rig.writes() == before

    def test_a_name_whose_answer_was_lost_is_there_once(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        rig.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            upkeep.rename(parts, NEW)
        assert upkeep.rename(parts, NEW) == NEW
        before = rig.writes()
        assert upkeep.rename(parts, NEW) == upkeep.read(parts).name == NEW
        assert rig.writes() == before

    def test_archiving_says_what_was_done_and_twice_writes_nothing(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        kept = upkeep.archive(parts)
        assert str(kept.said)
        assert upkeep.read(parts).archived or not kept.done
        before = rig.writes()
        assert upkeep.archive(parts).done == kept.done
        assert rig.writes() == before

    def test_what_was_archived_is_woken_as_it_was(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        asleep = self.seated(rig, parts)
        name = upkeep.read(parts).name
        upkeep.archive(parts)
        assert str(upkeep.restore(parts).said)
        facts = upkeep.read(parts)
        assert (facts.name, facts.archived) == (name, False)
        assert self.seated_now(rig, parts) == asleep
        before = rig.writes()
        upkeep.restore(parts)
        assert rig.writes() == before, "twice is no error and writes nothing"

    def test_members_keep_their_seats_in_an_archived_space(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        seats = self.seated(rig, parts)
        upkeep.archive(parts)
        assert self.seated_now(rig, parts) == seats

    def test_letting_go_without_taking_away_writes_nothing_and_lists_what_stays(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        before = rig.writes()
        left = upkeep.let_go(parts, take_away=False)
        assert rig.writes() == before
        assert left, "the space itself stays"
        assert all(one.title and str(one.how) for one in left)
        assert all(one.link.startswith(("http://", "https://", "")) for one in left)

    def test_letting_go_takes_nothing_of_anybodys(
        self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]
    ) -> None:
        seats = self.seated(rig, parts)
        assert upkeep.let_go(parts, take_away=True)
        assert upkeep.read(parts).name, "the space is still there"
        assert self.seated_now(rig, parts) == seats
        before = rig.writes()
        upkeep.let_go(parts, take_away=True)
        assert rig.writes() == before, "twice is no error and writes nothing"

    def test_a_deleted_space_is_gone(self, rig: Rig, upkeep: Upkeep, parts: dict[str, str]) -> None:
        rig.vanish(parts)
        with pytest.raises(Gone):
            upkeep.read(parts)

    @staticmethod
    def seated(rig: Rig, parts: dict[str, str]) -> dict[AccountId, Role]:
        """Two people sit down, where the platform has seats."""
        seats = rig.connection.seats
        if seats is None:
            return {}
        one, two, *_ = rig.accounts
        seats.put(parts, [Seat(one, Role.FACILITATOR), Seat(two, Role.MEMBER)])
        return dict(seats.read(parts).seats)

    @staticmethod
    def seated_now(rig: Rig, parts: dict[str, str]) -> dict[AccountId, Role]:
        """Who sits there now."""
        return {} if rig.connection.seats is None else dict(rig.connection.seats.read(parts).seats)
