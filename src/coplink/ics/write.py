"""A community's meetings as an ICS feed (RFC 5545), for calendars that subscribe by address.

One entry for each meeting, keyed for ever by its original local date, so that a move is a change and never a second
entry. Called-off meetings stay for 30 days as ``CANCELLED``: calendars that fetch seldom would keep them otherwise.
Wall time with its zone is written, and the zone's own rules for exactly the years of the series (``VTIMEZONE``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import Calendar, Event, Timezone, vDuration

from coplink.core.rhythm import Meeting, Series, zone_of

KEEP_CANCELLED = timedelta(days=30)
REFRESH = timedelta(hours=6)


def write(series: Series, community: str, host: str, now: datetime) -> str:
    """The feed of one community; ``host`` completes the entries' ids, ``now`` (UTC) is when it is written."""
    calendar = Calendar()
    calendar.add("prodid", "-//coplink//communities of practice//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", " ".join(series.title.split()))
    calendar.add("x-wr-timezone", series.rhythm.zone)
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    shown = [m for m in series.meetings if not m.cancelled or m.ends > now - KEEP_CANCELLED]
    if shown:
        first = min(m.starts for m in shown).date() - timedelta(days=1)
        last = max(m.ends for m in shown).date() + timedelta(days=1)
        zone = Timezone.from_tzid(series.rhythm.zone, first_date=first, last_date=last)
        calendar.add_component(zone)
    for meeting in shown:
        calendar.add_component(
            _entry(series, meeting, f"{meeting.original.isoformat()}.{community}@{host}", now)
        )
    return bytes(calendar.to_ical()).decode("utf-8")


def _entry(series: Series, meeting: Meeting, uid: str, now: datetime) -> Event:
    zone = zone_of(series.rhythm.zone)
    entry = Event()
    entry.add("uid", uid)
    entry.add("dtstamp", now.replace(microsecond=0))
    entry.add("sequence", series.rhythm.version)
    entry.add("dtstart", meeting.starts.astimezone(zone))
    entry.add("dtend", meeting.ends.astimezone(zone))
    entry.add("summary", " ".join(series.title.split()))
    entry.add("status", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    if series.body:
        entry.add("description", "\n".join(series.body.splitlines()))
    if series.place:
        entry.add("location", series.place)
    if series.link:
        entry.add("url", series.link)
    return entry
