"""What applying memberships to Canvas costs: the real engine and connector against the pretended Canvas.

Canvas takes one change a call, and two for a new facilitator, because it makes everybody a member first. What is
enforced is its bucket of costs: 700, of which ten leak a second, a write costing one and a page of a hundred rows a
little more; each call under way holds fifty. Refusals by our own pace are waited out as the worker does it: by
beginning anew, with a fresh reading. Ways of others are counted by models that write to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from applied import Figures, Measure, split
from rig import Rig, Sent, standing

from coplink.core.people import AccountId
from coplink.core.spaces import SpaceKind
from coplink.ports.integration import Integration
from coplink.sandbox.district import region
from coplink_canvas import integration
from coplink_canvas.sandbox import make

TITLE = "Canvas: members of a group"
COURSE = "101"
SECONDS_A_CALL = 0.15
LISTING = "GET /groups/:id/memberships"


class CanvasRig(Rig):
    """One community with one group in a course."""

    key, here, kind = "canvas", "riverbend", SpaceKind.GROUP
    page, lag, asked = 100, timedelta(seconds=10), {"course": COURSE}

    def integration(self) -> Integration:
        return integration

    def account(self, number: int) -> AccountId:
        return AccountId(str(500_000 + number))

    def prepare(self, everybody: int) -> None:
        """Everybody is in the course."""
        with self.over_there.store.change():
            for number in range(everybody):
                self.over_there.enrol(COURSE, self.account(number))

    def sit(self, account: AccountId, number: int, leads: bool) -> None:
        self.over_there.sit(self.parts["group"], account, leads)

    def sitting(self) -> Mapping[str, bool]:
        return {str(one["user_id"]): one["moderator"] for one in self.over_there.sitting(self.parts["group"])}

    def wrong(self) -> int:
        """A list that was replaced is wrong, whoever sits there in the end."""
        return super().wrong() + int(self.over_there.replacements) * 10**6

    def least(self, come: int, go: int, turn: int, leaders: int) -> int:
        return come + leaders + go + turn

    def sent(self) -> Sent:
        asked = [call.operation for call in self.calls]
        writes = sum(not one.startswith("GET ") for one in asked)
        return Sent(writes, writes, asked.count(LISTING))


def coplink(people: int, changes: int) -> Figures:
    """Our way: a call for each change, and a list never replaced."""
    with standing(CanvasRig, make, region()) as bench:
        return bench.measured(people, changes)


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change looked up and written by itself, moderators always with a second call; counted, not sent."""
    _, _, turn = split(changes)
    writes = changes + turn if changes else people + 1
    pages = -(-people // CanvasRig.page) if changes else 1
    looks = changes or people
    seconds = (pages + looks + writes) * SECONDS_A_CALL
    return Figures(writes, writes, changes or people + 1, 1, pages, pages, looks, 0, seconds, modelled=True)


def the_list_replaced(people: int, changes: int) -> Figures:
    """The whole list of members written anew (``members[]``) by lists of so many ids: what coplink never does, because
    whoever came meanwhile would lose the seat and everybody's contributions their home; counted, not sent."""
    pages = -(-people // CanvasRig.page) if changes else 1
    seconds = (pages + 1) * SECONDS_A_CALL
    return Figures(1, 1, changes or people + 1, 1, pages, pages, 0, 0, seconds, modelled=True)


WAYS: dict[str, Measure] = {
    "coplink": coplink,
    "one call a person": one_call_a_person,
    "the list replaced": the_list_replaced,
}
