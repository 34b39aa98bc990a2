"""Meetings on the community's calendar: one recurring event a series, single events for a plain list of dates.

Google mails nobody when a series is made or guests change (``sendUpdates=none``): the meetings simply stand in the
guests' calendars. When a meeting that was announced is moved or called off later, its guests are told (``all``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from coplink.core.rhythm import Dates, Series
from coplink.ports.calendar import SeriesFacts, SeriesLink
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone
from coplink_google.meetings import Content, invited, noted
from coplink_google.recurring import Recurring
from coplink_google.replies import part
from coplink_google.singles import OFF, Singles
from coplink_google.workspace import Workspace


class GoogleCalendar:
    """Chooses the form a series takes; a series that changes its form leaves nothing of the old one behind."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace = workspace
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
        return self._form(series).put(
            part(parts, "calendar"), series, Content.of(series, attendees), known, key
        )

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        return self._form(series).read(part(parts, "calendar"), series, link)

    def uninvite(self, parts: Mapping[str, str], link: SeriesLink, addresses: Collection[str]) -> SeriesLink:
        """Take these guests off the series and its exceptions, or off each single event, and mail nobody about it."""
        gone = {address.strip().casefold() for address in addresses}
        for name, event in link.remote.items():
            if link.seen.get(name) != OFF:
                self._without(part(parts, "calendar"), event, gone)
        return link

    def _without(self, calendar: str, event: str, gone: Collection[str]) -> None:
        try:
            present = self._workspace.call("calendar.events.get", calendarId=calendar, eventId=event)
        except Gone:
            return
        guests = invited(present)
        staying = [guest for guest in guests if guest["email"].casefold() not in gone]
        if present.get("status") == "cancelled" or len(staying) == len(guests):
            return
        note = {
            **noted(present),
            "digest": "",
        }  # its content is another now than the one that was written last
        self._workspace.call(
            "calendar.events.patch",
            calendarId=calendar,
            eventId=event,
            conferenceDataVersion=1,
            sendUpdates="none",
            body={"attendees": staying, "extendedProperties": {"private": note}},
        )

    def _form(self, series: Series) -> Recurring | Singles:
        # a series without any meeting is an empty list: whatever stood for it is taken away
        single = isinstance(series.rhythm.pattern, Dates) or not series.meetings
        return self._singles if single else self._recurring
