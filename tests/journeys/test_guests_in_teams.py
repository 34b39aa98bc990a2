"""Somebody of another school joins and is let into the team as a guest, by the worker alone, over Microsoft's lag."""

from __future__ import annotations

import httpx
import pytest
from tests.journeys.test_team_mode import District, district  # noqa: F401  (the fixture)

from coplink.core.arrival import Arrival, ProvedAccount
from coplink.core.guests import ENTER
from coplink.core.people import AccountId, Person, Role
from coplink.engine import connect, join
from coplink.engine.arrive import arrive

ADDRESS = "mia.berg@lakeside.example"


def visitor(place: District, school) -> Person:
    """Mia comes in by Google at her own school."""
    account = ProvedAccount("google", AccountId("mia"), ADDRESS)
    with place.services.begin() as uow:
        arrival = Arrival("google", school.id, "lakeside", "mia", "Mia Berg", ADDRESS, accounts=(account,))
        person = arrive(uow, arrival, place.clock.now()).person
        uow.commit()
    return person


def reasons(place: District, community) -> dict[str, str]:
    (space,) = place.spaces(community)
    with place.services.begin() as uow:
        return {one.person: one.reason for one in uow.spaces.unreachable(space.id)}


@pytest.mark.long
def test_a_guest_is_invited_seated_comes_in_and_leaves(district: District) -> None:  # noqa: F811
    wire = district.wire
    wire.operations.seconds, wire.lag_seconds, wire.guests = 40, 300, "yes"
    with district.services.begin() as uow:
        lakeside = connect.add_institution(uow, "Lakeside", listed=True)
        uow.commit()
    district.connect("team")
    community = district.found(district.comes("ana.ruiz", leads=True))
    district.work()
    mia = visitor(district, lakeside)
    with district.services.begin() as uow:
        join.offer(uow, community.id, mia, Role.CO_FACILITATOR, district.clock.now())
        uow.commit()
    district.work()
    assert wire.state()["guests"] == [], "nobody is invited who has not joined"
    district.join(community, mia)
    district.work()
    (guest,) = wire.state()["guests"]
    assert (guest["address"], guest["status"]) == (ADDRESS, "PendingAcceptance")
    (team,) = [one for one in wire.state()["teams"] if one["marker"]]
    assert guest["id"] in team["members"]
    assert guest["id"] not in team["owners"]
    assert reasons(district, community) == {mia.id: ENTER}
    with district.services.begin() as uow:
        (kept,) = uow.guests.of(mia.id)
    with httpx.Client(trust_env=False) as client:
        assert client.get(kept.enter).status_code == 302
    district.clock.pass_by(days=1)
    with district.services.begin() as uow:
        join.pause(uow, community, mia, district.clock.now())
        uow.commit()
    district.work()
    (team,) = [one for one in wire.state()["teams"] if one["marker"]]
    assert guest["id"] not in team["members"]
    district.join(community, mia)
    district.work()
    (team,) = [one for one in wire.state()["teams"] if one["marker"]]
    assert guest["id"] in team["members"]
    assert reasons(district, community) == {}, "she has come in"
    assert len(wire.state()["guests"]) == 1
