"""What applying memberships to Microsoft Teams costs: the real engine and connector against the pretended Graph.

Four requests a second on one team and 30 in all are enforced on a clock that is moved; the parts of a batch count one
by one. The founder sits there before the first measurement begins, beside the service account: who is added are all the
others. The ways of others are counted by models that write to nobody: one call a person by lists of 100, and Canvas'
algorithm as its source has it: people looked up by 15, lists by 999, added through the directory by 20 a PATCH, removed
in batches of 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from applied import Figures, Measure, split
from rig import Rig, Sent, crowd, standing

from coplink.core.people import AccountId
from coplink.core.spaces import SpaceKind
from coplink.ports.integration import Integration
from coplink.sandbox.district import guid, region
from coplink_teams import integration, manifest
from coplink_teams.sandbox import make

TITLE = "Microsoft Teams"
HERE, PAGE, ADDED, REMOVED = "riverbend", 999, 200, 20
SECONDS_A_CALL = 0.12
BULK = "TeamMember.ReadWrite.All"


def account(number: int) -> AccountId:
    """The account of one teacher."""
    return AccountId(guid("teacher", str(number)))


class TeamsRig(Rig):
    """One community with one place in Teams: a team of its own, or a channel."""

    key, here, kind = "teams", HERE, SpaceKind.CHANNEL
    page, lag = PAGE, timedelta(minutes=15)
    founder, seconds_a_call, rest = True, SECONDS_A_CALL, 0.0
    mode = ""

    def integration(self) -> Integration:
        return integration

    def settings(self) -> Mapping[str, str]:
        return {**super().settings(), "mode": self.mode, "calls_per_second": "4"}

    def account(self, number: int) -> AccountId:
        return account(number)

    def prepare(self, everybody: int) -> None:
        """Everything is granted, members in bulk too."""
        granted = {scope.name for scope in manifest.scopes} | {BULK}
        self.over_there.store.put("teams.consent", HERE, {"granted": sorted(granted)})

    @property
    def place(self) -> str:
        """The team or the channel."""
        return self.parts.get("team") or self.parts["channel"].partition("/")[2]

    def sit(self, account: AccountId, number: int, leads: bool) -> None:
        self.over_there.members.seat(self.place, account, ["owner"] if leads else [], self.clock.time())

    def sitting(self) -> Mapping[str, bool]:
        own, sitting = self.over_there.people.service_id, self.over_there.members.sitting(self.place)
        return {one["account"]: "owner" in one["roles"] for one in sitting if one["account"] != own}

    def least(self, come: int, go: int, turn: int, leaders: int) -> int:
        return -(-come // ADDED) - (-go // REMOVED) + turn

    def sent(self) -> Sent:
        asked = [call.operation for call in self.calls]
        parts = sum(call.write and "/members" in call.path for call in self.over_there.calls)
        listed = [call for call in self.over_there.calls if call.method == "GET" and not call.filtered]
        reads = sum(call.path.endswith("/members") for call in listed)
        return Sent(sum(_writes(name) for name in asked), parts, reads)


def _writes(name: str) -> bool:
    return ("members" in name and not name.startswith("GET")) or name == "POST /$batch"


class InTeams(TeamsRig):
    """A team of its own for the community."""

    mode = "team"


class InChannels(TeamsRig):
    """A channel of the host team."""

    mode = "channel"


def coplink(rig: type[TeamsRig]) -> Measure:
    """Our way, with a team or a channel for the community."""

    def measure(people: int, changes: int) -> Figures:
        more = 1 + people + changes
        district = crowd(region(), HERE, more, lambda number: {"entra_id": account(number)})
        with standing(rig, make, district) as bench:
            return bench.measured(people, changes)

    return measure


def one_call_a_person(people: int, changes: int) -> Figures:
    """Each change in a call of its own, lists by 100; counted, not sent."""
    writes, pages = changes or people, max(1, -(-people // 100)) if changes else 1
    seconds = max((pages + writes) * SECONDS_A_CALL, (pages + writes - 4) / 4)
    return Figures(writes, writes, _least(people, changes), 1, pages, pages, 0, 0, seconds, modelled=True)


def canvas_full(people: int, changes: int) -> Figures:
    """Canvas' full sync: everybody listed, who is new looked up, the difference written; counted, not sent."""
    come, go, turn = split(changes) if changes else (people, 0, 0)
    listed = max(1, -(-people // PAGE)) + 1 if changes else 2
    return _canvas(people, changes, listed, come, go, turn)


def canvas_partial(people: int, changes: int) -> Figures:
    """Canvas' partial sync, for up to 500 recorded changes: nobody listed; counted, not sent."""
    if not changes or changes > 500:
        return canvas_full(people, changes)
    return _canvas(people, changes, 0, *split(changes))


def _canvas(people: int, changes: int, listed: int, come: int, go: int, turn: int) -> Figures:
    looked_up = -(-come // 15)
    added, removed = (
        come + turn - turn // 2,
        go + turn // 2,
    )  # who leads is a second list: a change of role is one more
    calls, parts = -(-added // 20) - (-removed // 20), -(-added // 20) + removed
    seconds = (listed + looked_up + calls) * SECONDS_A_CALL
    return Figures(
        calls, parts, _least(people, changes), 1, listed, max(1, listed), looked_up, 0, seconds, modelled=True
    )


def _least(people: int, changes: int) -> int:
    come, go, turn = split(changes) if changes else (people, 0, 0)
    return -(-come // ADDED) - (-go // REMOVED) + turn


WAYS: dict[str, Measure] = {
    "coplink, mode team": coplink(InTeams),
    "coplink, mode channel": coplink(InChannels),
    "one call a person": one_call_a_person,
    "Canvas, full sync": canvas_full,
    "Canvas, partial sync": canvas_partial,
}
# A channel does not hold 10,000: there is nothing to be brought up to date.
LEFT_OUT = frozenset({("coplink, mode channel", 10_000, 10)})
