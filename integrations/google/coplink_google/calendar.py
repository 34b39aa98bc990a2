"""Meetings on the community's calendar: one recurring event a series, single events for a plain list of dates.

Google mails nobody when a series is made or guests change (``sendUpdates=none``): the meetings simply stand in the
guests' calendars. When a meeting that was announced is moved or called off later, its guests are told (``all``).
"""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.rhythm import Dates, Series
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink_google.meetings import Content
from coplink_google.recurring import Recurring
from coplink_google.singles import Singles
from coplink_google.workspace import Workspace


class GoogleCalendar:
    """Chooses the form a series takes; a series that changes its form leaves nothing of the old one behind."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._recurring = Recurring(workspace, clock)
        self._singles = Singles(workspace, clock)

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        content = Content.of(series, attendees)
        calendar = parts["calendar"]
        if isinstance(series.rhythm.pattern, Dates):
            self._recurring.end(calendar, series, known)
            return self._singles.put(calendar, series, content, known, key)
        self._singles.end(calendar, known)
        return self._recurring.put(calendar, series, content, known, key)

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        form = self._singles if isinstance(series.rhythm.pattern, Dates) else self._recurring
        return form.read(parts["calendar"], series, link)
