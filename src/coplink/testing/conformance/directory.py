"""The promises of ``coplink.ports.directory``: exactly-one hits of the own institution, never a guess."""

from __future__ import annotations

import pytest

from coplink.ports.directory import Directory
from coplink.ports.errors import IntegrationError, Throttled
from coplink.ports.integration import Capability
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import offered

NOBODY = "nobody.at.all"


class DirectorySuite:
    """Subclass it, and give ``rig`` with ``addresses``."""

    @pytest.fixture
    def directory(self, rig: Rig) -> Directory:
        """The port."""
        return offered(rig.connection.directory, Capability.DIRECTORY, rig)

    @staticmethod
    def unknown(rig: Rig) -> str:
        """An address of the own institution that nobody has."""
        return f"{NOBODY}@{rig.addresses[0].partition('@')[2]}"

    def test_an_address_leads_to_its_one_account(self, rig: Rig, directory: Directory) -> None:
        found = directory.find(list(rig.addresses[:3]))
        assert {address: hit.account for address, hit in found.items()} == dict(
            zip(rig.addresses[:3], rig.accounts[:3], strict=True)
        )
        assert all("@" in hit.address for hit in found.values())

    def test_an_answer_goes_by_the_address_as_it_was_asked(self, rig: Rig, directory: Directory) -> None:
        asked = f" {rig.addresses[0].upper()} "
        found = directory.find([asked])
        assert list(found) == [asked]
        assert found[asked].account == rig.accounts[0]

    def test_an_unknown_address_is_left_out_and_does_not_spoil_the_others(
        self, rig: Rig, directory: Directory
    ) -> None:
        assert list(directory.find([self.unknown(rig), rig.addresses[1]])) == [rig.addresses[1]]

    def test_what_is_no_address_is_left_out(self, rig: Rig, directory: Directory) -> None:
        odd = ["", "no address", "a@b@c", "o'neil\\)(*", "<script>", "x" * 400 + "@example.org"]
        assert list(directory.find([*odd, rig.addresses[0]])) == [rig.addresses[0]]

    def test_two_hits_are_no_proposal(self, rig: Rig, directory: Directory) -> None:
        twofold = rig.twofold()
        assert twofold not in directory.find([twofold, rig.addresses[1]])

    def test_somebody_of_another_institution_is_left_out(self, rig: Rig, directory: Directory) -> None:
        foreign = rig.foreign_address()
        assert list(directory.find([foreign, rig.addresses[0]])) == [rig.addresses[0]]

    def test_nothing_asked_is_nobody_called(self, rig: Rig, directory: Directory) -> None:
        before = rig.calls()
        assert not directory.find([])
        assert rig.calls() == before

    def test_looking_up_writes_nothing(self, rig: Rig, directory: Directory) -> None:
        before = rig.writes()
        directory.find([*rig.addresses[:3], self.unknown(rig)])
        assert rig.writes() == before

    def test_many_addresses_are_all_answered(self, rig: Rig, directory: Directory) -> None:
        unknown = [f"{n}.{self.unknown(rig)}" for n in range(12)]
        found = directory.find([*unknown, *rig.addresses])
        assert set(found) == set(rig.addresses)

    def test_throttling_is_told_with_the_seconds(self, rig: Rig, directory: Directory) -> None:
        rig.throttle(77)
        with pytest.raises(Throttled) as slow:
            directory.find([rig.addresses[0]])
        assert slow.value.retry_after == 77

    def test_an_answer_nobody_can_read_is_no_proposal(self, rig: Rig, directory: Directory) -> None:
        rig.garble_next_answer()
        with pytest.raises(IntegrationError):
            directory.find([rig.addresses[0]])
