"""Added by hand: never removed, and offered an invitation. Of another school: named before a place is made."""

from __future__ import annotations

import pytest
from tests.scenes.district import SUITES
from tests.scenes.town import Town

from coplink.core.community import Community
from coplink.core.errors import NotFound
from coplink.core.people import Standing
from coplink.core.spaces import SpaceState
from coplink.engine import beside, join
from coplink.engine.access_list import access_list
from coplink.engine.reading import people

MEMBERS = ("ben.okafor", "chloe.park")
LONG = [
    pytest.param("canvas", "imani.brooks", marks=pytest.mark.long),
    pytest.param("teams", "jonas.weber", marks=pytest.mark.long),
]


@pytest.fixture(scope="module")
def circle(_town: Town) -> Community:
    """A community whose seats have all been seen."""
    made = _town.founded(*MEMBERS)
    _town.look(made)
    return made


def shown(
    town: Town, community: Community, who: str = "ana.ruiz"
) -> dict[str, tuple[list[str], list[str], int]]:
    """What a reader is told of people beside the community: whom to invite, who was invited, how many others."""
    with town.services.begin() as uow:
        seen = people(uow, town.person(who), community.id, town.services.manifests).seen
        return {
            one.place.space.integration: (
                [person.name for person in one.inviting],
                [person.name for person in one.invited],
                one.others,
            )
            for one in beside.beside(uow, seen, town.services.manifests)
        }


def press_invite(town: Town, community: Community, about: str, who: str = "ana.ruiz") -> None:
    """Somebody presses “Invite” beside a name."""
    with town.services.begin() as uow:
        beside.invite(uow, town.person(who), community.id, about, town.services.manifests, town.clock.now())
        uow.commit()


def test_who_was_added_by_hand_stays_and_is_invited_by_a_press_alone(town: Town, circle: Community) -> None:
    tess = town.comes("tess.nguyen", course="102")  # known to coplink, of no course of this community
    seats = town.everywhere(circle)
    for suite in SUITES:
        town.put_in(circle, "tess.nguyen", suite)
        town.put_in(circle, "uma.krishnan", suite)  # of whom coplink knows nothing
    for _ in range(2):
        town.night(circle)
    by_hand = {"tess.nguyen", "uma.krishnan"}
    assert town.everywhere(circle) == {suite: sitting | by_hand for suite, sitting in seats.items()}
    assert tess.name not in town.standings(circle), "nobody is invited by the clock"
    assert shown(town, circle) == dict.fromkeys(SUITES, ([tess.name], [], 1))
    assert shown(town, circle, "ben.okafor") == {}, "members are not told"
    with pytest.raises(NotFound):
        press_invite(town, circle, tess.id, "ben.okafor")
    with pytest.raises(NotFound):
        press_invite(town, circle, town.comes("samir.aziz", course="102").id)
    for _ in range(2):
        press_invite(town, circle, tess.id)
    assert town.standings(circle)[tess.name] is Standing.INVITED
    assert shown(town, circle) == dict.fromkeys(SUITES, ([], [tess.name], 1))
    declined(town, circle, "tess.nguyen")
    assert shown(town, circle) == dict.fromkeys(SUITES, ([], [tess.name], 1)), "a no shows nowhere"
    town.look(circle)
    assert town.everywhere(circle) == {suite: sitting | by_hand for suite, sitting in seats.items()}


def declined(town: Town, community: Community, key: str) -> None:
    """Somebody says no."""
    with town.services.begin() as uow:
        join.decline(uow, town.services.sealer, community, town.person(key))
        uow.commit()


@pytest.mark.parametrize(("suite", "who"), [("google", "hugo.marsh"), *LONG])
def test_a_no_between_plan_and_write_is_heard(town: Town, suite: str, who: str) -> None:
    community = town.founded("ben.okafor", suites=(suite,))
    town.joins(community, who)
    town.shares(community, "ben.okafor")  # the write for who facilitates comes first
    with town.meanwhile(suite, lambda: town.leaves(community, who)):
        town.work()
    assert town.deeds(community, who, suite) == 0
    assert town.sitting(community, suite) == {"ana.ruiz", "ben.okafor"}


def test_a_school_that_takes_nobody_of_elsewhere_is_named_before_a_place_is_made(town: Town) -> None:
    community = town.asked_elsewhere()
    with town.services.begin() as uow:
        page = access_list(uow, town.person("mei.chen"), community.id, town.services.manifests)
        assert {space.state for space in uow.spaces.of(community.id)} == {SpaceState.WAITING}
        markers = {space.marker for space in uow.spaces.of(community.id)}
    assert page.places == ()
    told = {group.place.space.integration: group for group in page.ahead}
    assert {"teams", "google"} <= told.keys() == {place.space.integration for place in page.shut}
    for suite, group in told.items():
        assert [one.name for one in group.people] == ["Mei Chen"]
        assert "no" in str(group.step.reason).casefold().split("“")[-1] or suite == "canvas"
        assert "through a place of their own school" in str(group.step.next)
        assert town.services.manifests[suite].admin in str(group.step.who)
    things = [one for wire in town.wires.values() for kind in wire.state().values() for one in kind]
    assert markers.isdisjoint(one.get("marker") for one in things if isinstance(one, dict))
