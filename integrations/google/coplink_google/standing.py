"""What coplink has put on a community's calendar so far, and how an older series is taken away.

The calendar belongs to one community, so whatever carries our note is of it: of this version of the rhythm, of an
earlier one, or of a go whose row was lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coplink.core.rhythm import Series
from coplink.core.words import say
from coplink.ports.errors import Gone, Transient
from coplink.ports.upkeep import Left
from coplink_google.meetings import moment_of, noted
from coplink_google.replies import rows_of, text_of
from coplink_google.workspace import Workspace

OURS = "coplink=1"


def standing(google: Workspace, calendar: str) -> tuple[list[Mapping[str, Any]], bool]:
    """Our events that stand on the calendar, instances left out; False when reading stopped half way."""
    found: list[Mapping[str, Any]] = []
    began = False
    pages = google.pages(
        "calendar.events.list", calendarId=calendar, privateExtendedProperty=OURS, maxResults=250
    )
    try:
        for page in pages:
            began = True
            rows = rows_of(page, "items")
            found += [
                row for row in rows if row.get("status") != "cancelled" and "recurringEventId" not in row
            ]
    except Transient:
        if not began:
            raise
        return found, False
    return found, True


def is_series(event: Mapping[str, Any]) -> bool:
    """Whether it is a recurring event of ours, not a single meeting."""
    return noted(event).get("kind") == "series"


def end(google: Workspace, calendar: str, event: Mapping[str, Any], series: Series, now: datetime) -> None:
    """Take an older event away; a series that has begun keeps its past when the new one lies ahead altogether."""
    name = {"calendarId": calendar, "eventId": text_of(event, "id"), "sendUpdates": "none"}
    began, ahead = moment_of(event.get("start")), bool(series.meetings) and series.meetings[0].starts > now
    if is_series(event) and began is not None and began < now and ahead:
        google.call("calendar.events.patch", **name, conferenceDataVersion=1, body=_past(event, now))
        return
    delete(google, calendar, text_of(event, "id"), "none")


def end_coming(google: Workspace, calendar: str, now: datetime) -> None:
    """Call off what of ours lies ahead, and tell the guests; what has been stays."""
    found, _ = standing(google, calendar)
    for event in found:
        name, began = text_of(event, "id"), moment_of(event.get("start"))
        if began is None or began >= now:
            delete(google, calendar, name, "all")
        elif is_series(event):
            google.call(
                "calendar.events.patch",
                calendarId=calendar,
                eventId=name,
                sendUpdates="all",
                conferenceDataVersion=1,
                body=_past(event, now),
            )


def let_calendar_go(
    google: Workspace, parts: Mapping[str, str], name: str, take_away: bool, now: datetime
) -> list[Left]:
    """What stays of a place's calendar, if it has one; with ``take_away`` coming meetings of ours are called off."""
    if "calendar" not in parts:
        return []
    try:
        if take_away:
            end_coming(google, parts["calendar"], now)
    except Gone:
        return []
    how = say("In Google Calendar, the robot account deletes the calendar, with its past meetings.")
    return [Left(name, "https://calendar.google.com/", how)]


def _past(event: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A series that ends now, and is coplink's to change no more."""
    lines = [
        re.sub(r"UNTIL=[^;]*", f"UNTIL={now:%Y%m%dT%H%M%SZ}", line) for line in event.get("recurrence", ())
    ]
    return {"recurrence": lines, "extendedProperties": {"private": {"coplink": "past"}}}


def delete(google: Workspace, calendar: str, event: str, told: str) -> None:
    """Delete one event; one that is gone already is as it should be."""
    try:
        google.call("calendar.events.delete", calendarId=calendar, eventId=event, sendUpdates=told)
    except Gone:
        return
