"""The promises of ``coplink.ports.calendar``: exactly what is held stands there, and is written once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coplink.core.rhythm import Dates, MonthlyWeekday, Pattern, Series, Weekly
from coplink.ports.calendar import Calendar, SeriesLink
from coplink.ports.errors import IntegrationError, OutcomeUnknown, Transient
from coplink.ports.integration import Capability
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import (
    BREAK_DAY,
    FIRST_DAY,
    LATER_DAY,
    a_series,
    a_space,
    held,
    offered,
)

KEY = "a space:1"
MOVED_TO = datetime(2030, 10, 17, 9, 30)  # noqa: DTZ001  wall time, as in a rhythm


class CalendarSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def calendar(self, rig: Rig) -> Calendar:
        """The port."""
        return offered(rig.connection.calendar, Capability.CALENDAR, rig)

    @pytest.fixture
    def parts(self, rig: Rig, calendar: Calendar) -> dict[str, str]:
        """A space that is ready."""
        return a_space(rig)

    def put(
        self,
        rig: Rig,
        parts: dict[str, str],
        series: Series,
        known: SeriesLink | None = None,
        guests: int = 2,
    ) -> tuple[SeriesLink, int]:
        """Put a series; what to remember, and how much was written for it."""
        calendar, before = rig.connection.calendar, rig.writes()
        assert calendar is not None
        link = calendar.put(parts, series, tuple(rig.addresses[:guests]), known, KEY)
        return link, rig.writes() - before

    @staticmethod
    def shown(rig: Rig, parts: dict[str, str], series: Series, link: SeriesLink) -> list[datetime]:
        """When meetings take place over there, read through the port."""
        calendar = rig.connection.calendar
        assert calendar is not None
        facts = calendar.read(parts, series, link)
        assert facts.complete
        return sorted(start for start in facts.starts.values() if start is not None)

    @pytest.mark.parametrize(
        "pattern",
        [Weekly(2, (2,)), Weekly(1, (6, 0)), MonthlyWeekday(1, -1, 4), Dates((FIRST_DAY, LATER_DAY))],
        ids=["every second week", "Sunday and Monday", "last Friday", "dates"],
    )
    def test_exactly_what_is_held_stands_there_and_a_second_put_writes_nothing(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str], pattern: Pattern
    ) -> None:
        series = a_series(pattern=pattern)
        link, written = self.put(rig, parts, series)
        assert written > 0
        assert self.shown(rig, parts, series, link) == held(series)
        again, written = self.put(rig, parts, series, link)
        assert written == 0
        assert again.remote == link.remote

    def test_people_see_the_same_over_there(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        self.put(rig, parts, series)
        assert list(rig.meetings(parts, series)) == held(series)

    def test_wall_time_survives_the_change_of_clocks(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        starts = self.shown(rig, parts, series, link)
        zone = ZoneInfo(series.rhythm.zone)
        assert len({start.hour for start in starts}) == 2, "the hour in UTC changes with the clocks"
        assert {start.astimezone(zone).time() for start in starts} == {series.rhythm.start}

    def test_starts_are_in_utc_by_their_original_date_and_breaks_are_none(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        facts = calendar.read(parts, series, link)
        assert BREAK_DAY in {meeting.original for meeting in series.meetings if meeting.cancelled}
        assert facts.starts.get(BREAK_DAY) is None
        assert {day for day, start in facts.starts.items() if start} == {m.original for m in series.held}
        offsets = {start.utcoffset() for start in facts.starts.values() if start}
        assert offsets == {timedelta(0)}

    def test_with_our_row_lost_the_series_is_found_counted_and_not_written_again(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        found, written = self.put(rig, parts, series, None)
        assert written == 0
        assert found.found > 0
        assert dict(found.remote) == dict(link.remote)
        assert list(rig.meetings(parts, series)) == held(series)

    def test_a_write_whose_answer_was_lost_makes_no_second_series(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        rig.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            self.put(rig, parts, series)
        link, _ = self.put(rig, parts, series)
        assert link.found > 0
        assert list(rig.meetings(parts, series)) == held(series)
        assert self.put(rig, parts, series, link)[1] == 0

    def test_a_meeting_that_the_rhythm_moves_is_read_back_where_it_went_and_back_again(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        link, _ = self.put(rig, parts, a_series())
        moved = a_series(moves={LATER_DAY: MOVED_TO})
        link, written = self.put(rig, parts, moved, link)
        assert written > 0
        facts = calendar.read(parts, moved, link)
        assert facts.starts[LATER_DAY] == datetime.fromisoformat("2030-10-17T15:30+00:00")
        assert self.put(rig, parts, moved, link)[1] == 0
        plain = a_series()
        link, _ = self.put(rig, parts, plain, link)
        assert self.shown(rig, parts, plain, link) == held(plain)

    def test_a_meeting_called_off_is_not_held_over_there(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        link, _ = self.put(rig, parts, a_series())
        fewer = a_series(called_off=frozenset({LATER_DAY}))
        link, _ = self.put(rig, parts, fewer, link)
        assert calendar.read(parts, fewer, link).starts.get(LATER_DAY) is None
        assert self.shown(rig, parts, fewer, link) == held(fewer)
        assert self.put(rig, parts, fewer, link)[1] == 0

    def test_a_meeting_that_a_person_moved_over_there_is_told_and_left_alone(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        rig.move_meeting(parts, series, LATER_DAY, timedelta(minutes=90))
        wanted = next(m.starts for m in series.meetings if m.original == LATER_DAY)
        assert calendar.read(parts, series, link).starts[LATER_DAY] == wanted + timedelta(minutes=90)
        link, written = self.put(rig, parts, series, link)
        assert written == 0, "an offer to the facilitator, not a mistake to undo"
        assert calendar.read(parts, series, link).starts[LATER_DAY] == wanted + timedelta(minutes=90)

    def test_another_title_is_written_and_then_at_rest(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        link, _ = self.put(rig, parts, a_series())
        renamed = replace(a_series(), title="Writing circle")
        link, written = self.put(rig, parts, renamed, link)
        assert written > 0
        assert self.put(rig, parts, renamed, link)[1] == 0

    def test_the_order_of_attendees_is_no_difference(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        if not rig.integration.manifest.invites_attendees or len(rig.addresses) < 2:
            pytest.skip("this calendar invites nobody")
        series, guests = a_series(), tuple(rig.addresses[:2])
        link = calendar.put(parts, series, guests, None, KEY)
        before = rig.writes()
        link = calendar.put(parts, series, guests[::-1], link, KEY)
        assert rig.writes() == before
        calendar.put(parts, series, guests[:1], link, KEY)
        assert rig.writes() > before, "one less is a difference"

    def test_reading_writes_nothing(self, rig: Rig, calendar: Calendar, parts: dict[str, str]) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        before = rig.writes()
        calendar.read(parts, series, link)
        assert rig.writes() == before

    def test_half_a_calendar_is_not_a_complete_reading(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        rig.half_a_calendar(parts)
        facts = calendar.read(parts, series, link)
        assert not facts.complete
        assert calendar.read(parts, series, link).complete

    def test_an_outage_passes_and_nothing_is_written_on_a_guess(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        before = rig.writes()
        rig.outage()
        with pytest.raises(Transient):
            calendar.put(parts, series, tuple(rig.addresses[:2]), link, KEY)
        rig.fair_weather()
        assert rig.writes() == before
        assert self.put(rig, parts, series, link)[1] == 0

    def test_an_answer_nobody_can_read_is_one_of_our_errors(
        self, rig: Rig, calendar: Calendar, parts: dict[str, str]
    ) -> None:
        series = a_series()
        link, _ = self.put(rig, parts, series)
        rig.garble_next_answer()
        with pytest.raises(IntegrationError):
            calendar.put(parts, series, tuple(rig.addresses[:2]), link, KEY)
        assert self.put(rig, parts, series, link)[1] == 0
