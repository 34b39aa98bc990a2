"""What applying memberships to Google Workspace costs: the real engine and connector against the pretended Google.

Limits are enforced on a clock that is moved: 2,400 Directory calls a minute and account, each part of a batch being a
call. Our own pace is waited for as in the worker, and a refusal of its would begin the run anew, with a fresh reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from applied import Figures, Measure
from rig import Rig, Sent, crowd, standing

from coplink.core.people import AccountId
from coplink.core.spaces import SpaceKind
from coplink.ports.integration import Integration
from coplink.sandbox.district import region
from coplink_google import integration
from coplink_google.sandbox import make

TITLE = "Google Workspace: members of a group"
HERE = "lakeside"
WRITES = frozenset(
    {"directory.batch", *(f"directory.members.{verb}" for verb in ("insert", "patch", "delete"))}
)
SECONDS_A_CALL, SECONDS_A_PERSON = 0.12, 0.002  # performance.md 3.4


def account(number: int) -> AccountId:
    """The account of one teacher."""
    return AccountId(str(3 * 10**20 + number))


class GoogleRig(Rig):
    """One community with one shared drive and its group."""

    key, here, kind = "google", HERE, SpaceKind.DRIVE
    page, lag = 200, timedelta(minutes=5)

    def integration(self) -> Integration:
        return integration

    def account(self, number: int) -> AccountId:
        return account(number)

    def address(self, number: int) -> str:
        return f"teacher{number}@{HERE}.example"

    def sit(self, account: AccountId, number: int, leads: bool) -> None:
        directory = self.over_there.directory
        directory.seat(directory.groups()[0], account, self.address(number), "MANAGER" if leads else "MEMBER")

    def sitting(self) -> Mapping[str, bool]:
        directory = self.over_there.directory
        return {one["id"]: one["role"] == "MANAGER" for one in directory.members(directory.groups()[0])}

    def least(self, come: int, go: int, turn: int, leaders: int) -> int:
        return come + go + turn

    def sent(self) -> Sent:
        asked = [call.operation for call in self.calls]
        parts = sum(call.write for call in self.over_there.calls)
        return Sent(sum(one in WRITES for one in asked), parts, asked.count("directory.members.list"))


def coplink(people: int, changes: int) -> Figures:
    """Our way: everybody in the group, in batches."""
    more = people + changes
    district = crowd(region(), HERE, more, lambda number: {"google_id": account(number)})
    with standing(GoogleRig, make, district) as bench:
        return bench.measured(people, changes)


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change looked up and written by itself, one after the other, as most scripts do; counted, not sent."""
    writes = changes or people
    pages = -(-people // GoogleRig.page) if changes else 1
    seconds = (pages + 2 * writes) * (SECONDS_A_CALL + SECONDS_A_PERSON)
    return Figures(writes, writes, writes, 1, pages, pages, writes, 0, seconds, modelled=True)


WAYS: dict[str, Measure] = {"coplink": coplink, "one call a person": one_call_a_person}
