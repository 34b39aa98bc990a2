"""What takes long or is missing over there: waited out, named, and never made twice."""

from __future__ import annotations

import datetime as dt

import pytest

from coplink.core.rhythm import Dates, Rhythm, Series, Weekly, check, expand
from coplink.ports.errors import NotLicensed, NotReadyYet, PolicyForbids
from coplink.ports.integration import Verdict

STEPS = ("group", "drive", "grants", "folder", "calendar")
QUARTER = 15 * 60


def series(pattern, place=""):
    first = dt.date(2026, 9, 1)
    rhythm = check(Rhythm("America/Denver", dt.time(16), 60, first, dt.date(2027, 5, 31), pattern))
    return Series(
        rhythm, "Reading circle", expand(rhythm), "What we read.", place, "http://127.0.0.1:8080/c/1"
    )


def test_a_quarter_of_an_hour_of_404_after_each_create_is_waited_out(campus, connection, wish):
    """Google shows what it made to nobody for fifteen minutes; every minute coplink asks again."""
    campus.wire.lag_seconds = QUARTER
    began, parts, waited = campus.clock.ahead, {}, dict.fromkeys(STEPS, 0)
    for step in STEPS:
        while step not in parts:
            assert campus.clock.ahead - began < 4 * QUARTER
            try:
                parts[step] = connection.spaces.ensure(step, wish(), dict(parts), f"key/{step}").remote
            except NotReadyYet:
                waited[step] += 1
                campus.clock.ahead += 60
    assert campus.clock.ahead - began >= 2 * QUARTER, "the group first, and then the drive"
    assert sum(count > 0 for count in waited.values()) >= 2
    state = campus.wire.state()
    assert [len(state[kind]) for kind in ("groups", "drives", "calendars")] == [1, 1, 1]
    assert [one["name"] for one in state["drives"][0]["files"]].count("Library") == 1
    assert len(state["drives"][0]["permissions"]) == 2


@pytest.mark.parametrize("reason", ["notACalendarUser", "userNotLicensed"])
def test_a_robot_without_a_mailbox_or_licence_is_named_at_its_step(
    campus, connection, wish, provision, reason
):
    campus.refuse("POST /calendar/v3/calendars", 403, reason)
    parts = {}
    for step in STEPS[:-1]:
        parts[step] = connection.spaces.ensure(step, wish(), dict(parts), step).remote
    with pytest.raises(NotLicensed) as named:
        connection.spaces.ensure("calendar", wish(), parts, "calendar")
    assert named.value.who == "Google Workspace administrator"
    assert "licence" in str(named.value.message)
    assert connection.spaces.ensure("calendar", wish(), parts, "calendar").remote, "once mended it goes on"


def test_a_robot_without_a_mailbox_is_named_by_the_check_up_too(campus, connection):
    campus.refuse("GET .*/calendarList", 403, "notACalendarUser")
    wanting = [one for one in connection.check() if one.verdict is Verdict.NEEDS_YOU]
    assert [one.who for one in wanting] == ["Google Workspace administrator"]


def test_a_domain_whose_administrators_closed_the_api_is_told(campus, connection, wish):
    campus.refuse("POST /drive/v3/drives", 403, "domainCannotUseApis")
    with pytest.raises(PolicyForbids) as closed:
        connection.spaces.ensure("drive", wish(), {}, "key")
    assert closed.value.setting == "domainCannotUseApis"


@pytest.mark.parametrize(
    "pattern", [Weekly(2, (1,)), Dates((dt.date(2026, 12, 1), dt.date(2027, 1, 5)))], ids=["series", "dates"]
)
@pytest.mark.parametrize(("became", "told"), [("success", False), ("pending", False), ("failure", True)])
def test_a_meeting_place_that_could_not_be_made_is_told_and_nothing_is_written_again(
    campus, connection, parts, pattern, became, told
):
    campus.wire.events.meet = became
    wanted = series(pattern)
    link = connection.calendar.put(parts, wanted, (), None, "community/1/google")
    before = len(campus.writes)
    for _ in range(2):
        facts = connection.calendar.read(parts, wanted, link)
        assert (facts.trouble is not None) is told
        connection.calendar.put(parts, wanted, (), link, "community/1/google")
    assert campus.writes[before:] == []
    if told:
        assert "Meet" in str(facts.trouble)
        elsewhere = series(pattern, place="https://meet.example/our-place")
        assert connection.calendar.put(parts, elsewhere, (), link, "community/1/google")
