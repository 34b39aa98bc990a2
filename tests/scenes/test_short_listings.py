"""A page fails, or a listing is short and does not say so: nobody is removed, nobody is out of the community."""

from __future__ import annotations

import pytest
from tests.scenes.district import CROWDED, LISTED, ROSTER_PAGE_2, SECOND_PAGES, SUITES
from tests.scenes.town import Town, ready

from coplink.core.community import Community
from coplink.core.people import Standing
from coplink.core.work import Kind

MEMBERS = ("ben.okafor", "chloe.park", "dana.whitfield", "elias.haddad", "fatima.noor")
LONG = [
    pytest.param("canvas", "fatima.noor", marks=pytest.mark.long),
    pytest.param("google", "elias.haddad", marks=pytest.mark.long),
]


@pytest.fixture(scope="module")
def circle(_town: Town) -> Community:
    """Six people in three places, and all of it seen."""
    made = _town.founded(*MEMBERS)
    ready(_town, made)
    _town.look(made)
    return made


def name_of(town: Town, key: str) -> str:
    return town.region.residents[key].name


def test_a_page_of_a_listing_of_seats_fails_and_nobody_is_removed(town: Town, circle: Community) -> None:
    seats, standings = town.everywhere(circle), town.standings(circle)
    before = {suite: town.writes(suite) for suite in SUITES}
    for suite, page in SECOND_PAGES.items():
        town.wires[suite].most_per_page = 5
        town.weather(suite, page, times=99)
    for _ in range(2):
        town.look(circle)
    assert (town.everywhere(circle), town.standings(circle)) == (seats, standings)
    assert {suite: town.writes(suite) for suite in SUITES} == before


@pytest.mark.parametrize(("suite", "who"), [("teams", "ben.okafor"), *LONG])
def test_a_listing_that_is_short_twice_and_more_ends_nothing(
    town: Town, circle: Community, suite: str, who: str
) -> None:
    seats, before = town.everywhere(circle), town.writes(suite)
    with town.short_listings(circle, who, suite):
        for _ in range(3):
            town.look(circle, suite)
        assert town.writes(suite) == before
    assert town.everywhere(circle) == seats
    assert town.standings(circle)[name_of(town, who)] is Standing.JOINED
    town.taken_out(circle, who, suite)  # and who does go is noticed all the same
    town.look(circle, suite)
    assert town.everywhere(circle) == {key: sitting - {who} for key, sitting in seats.items()}


def test_who_leaves_while_a_listing_lacks_them_loses_the_seat(town: Town, circle: Community) -> None:
    with town.short_listings(circle, "chloe.park", "teams"):
        town.leaves(circle, "chloe.park")
        town.work()
    town.look(circle, "teams")
    assert not any("chloe.park" in sitting for sitting in town.everywhere(circle).values())


def test_nobody_answers_who_is_asked_after_somebody_and_so_nothing_ends(
    town: Town, circle: Community
) -> None:
    town.weather("teams", r"^GET /v1\.0/teams/[^/]+/channels/[^/]+/members.*filter", times=99)
    town.taken_out(circle, "dana.whitfield", "teams")
    town.look(circle, "teams")
    assert town.standings(circle)["Dana Whitfield"] is Standing.JOINED
    assert "dana.whitfield" in town.sitting(circle, "canvas")
    town.wires["teams"].weather.clear()
    town.look(circle, "teams")
    assert town.standings(circle)["Dana Whitfield"] is Standing.LEFT


def test_a_roster_of_two_hundred_makes_nobody_a_member_and_half_of_one_ends_nobody(town: Town) -> None:
    community = town.founded(course=CROWDED, suites=("canvas",))
    standings = town.standings(community)
    invited = [name for name, standing in standings.items() if standing is Standing.INVITED]
    assert (len(invited), len(standings)) == (LISTED, LISTED + 1)
    assert town.sitting(community, "canvas") == {"ana.ruiz"}
    town.joins(community, "crowd.7")
    town.work()
    before = town.writes("canvas")
    town.weather("lti", ROSTER_PAGE_2, times=99)
    for _ in range(2):
        read_roster(town, community)
    assert town.standings(community) == {**standings, "Crowd 7": Standing.JOINED}
    assert town.writes("canvas") == before
    assert town.sitting(community, "canvas") == {"ana.ruiz", "crowd.7"}


def read_roster(town: Town, community: Community) -> None:
    """The roster is read now."""
    with town.services.begin() as uow:
        (context,) = uow.communities.contexts(community.id)
        uow.work.mark(Kind.READ_ROSTER, context.id, community.id)
        uow.commit()
    town.work()
