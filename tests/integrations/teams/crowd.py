"""More people for the pretended directory, a team of their own, and a clock that is moved."""

from __future__ import annotations

from dataclasses import replace

from coplink.core.people import AccountId
from coplink.pace import Pacer
from coplink.sandbox.district import Resident, guid
from coplink_teams import integration, manifest
from coplink_teams.connection import TeamsConnection


class MovedClock:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.waited: list[float] = []

    def time(self) -> float:
        return self.at

    def wait(self, _: object, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds


def settle(rig, count: int) -> list[AccountId]:
    """So many more people in Riverbend; their accounts."""
    new = [
        Resident(
            f"p{n}", f"Person {n}", "riverbend", f"p{n}@riverbend.example", f"9{n}", f"s{n}",
            entra_id=guid("user", f"p{n}"),
        )
        for n in range(count)
    ]  # fmt: skip
    rig.wire.region.residents.update({person.key: person for person in new})
    return [AccountId(str(person.entra_id)) for person in new]


def own_team(rig, team: str = "aaaaaaaa-0000-0000-0000-000000000001") -> dict[str, str]:
    """The parts of a space with a team of its own, which the service account owns."""
    rig.wire.store.put("teams.team", team, {"id": team, "name": "Circle", "class": False, "since": 0.0})
    rig.wire.members.seat(team, rig.wire.people.service_id, ["owner"], 0.0)
    granted = {scope.name for scope in manifest.scopes} | {"TeamMember.ReadWrite.All"}
    rig.wire.store.put("teams.consent", "riverbend", {"granted": sorted(granted)})
    return {"team": team, "channel": "standard/19:general@thread.tacv2"}


def paced(rig, clock: MovedClock) -> TeamsConnection:
    """A connection that keeps Microsoft's limits on a moved clock, as does the sandbox."""
    rig.wire.enforce_limits = True
    rig.wire.quotas._clock = clock.time
    pace = Pacer(clock=clock.time, wait=clock.wait, jitter=lambda: 0.0).of("riverbend", "teams")
    settings = {**rig.wire.settings("riverbend"), "calls_per_second": "4"}
    connection = integration.connect(settings, replace(rig.around, pace=pace))
    assert isinstance(connection, TeamsConnection)
    return connection
