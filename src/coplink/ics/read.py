"""A district's school calendar (ICS text, RFC 5545) as breaks: whole days on which school is out.

A school calendar says many things; only whole-day entries count, and only those whose words say that there is no
school. What is found is shown to the founder as lines they can change, so a wrong guess costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import recurring_ical_events
from icalendar import Calendar

from coplink.core.errors import DomainError
from coplink.core.rhythm import Break
from coplink.core.words import say

LONGEST_TEXT = 1_000_000
MOST_ENTRIES = 5_000
MOST_BREAKS = 100
NAME_LENGTH = 60
# What school calendars call a day without school; "first day of school" and "back to school night" are not among them.
OUT = re.compile(
    r"\b(breaks?|holidays?|recess|vacation|no (school|classes|students)|(school|schools|district|offices?) closed"
    r"|closed|day off|non[- ]?student|student[- ]free|teacher (work|professional|in-?service)|in-?service"
    r"|professional development|labor day|thanksgiving|christmas|new year|memorial day|juneteenth|veterans"
    r"|presidents|martin luther king|mlk|indigenous|columbus day|independence day"
    r"|ferien|feiertag|vacances|vacaciones)\b",
    re.IGNORECASE,
)
OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}


def breaks(text: str, first: date, last: date) -> tuple[Break, ...]:
    """The breaks of a school calendar between two dates, in order; raises ``DomainError`` for what is no calendar."""
    if len(text) > LONGEST_TEXT:
        raise DomainError(say("That calendar is too large. Export the current school year only."))
    if "BEGIN:VCALENDAR" not in text:
        raise DomainError(say("That is no calendar file (ICS)."))
    try:
        found = list(_found(text, first, last))
    except DomainError:
        raise
    except Exception as error:  # two parsers, any text: whatever they stumble over is the text's fault
        raise DomainError(say("That calendar file (ICS) cannot be read."), type(error).__name__) from error
    if len(found) > MOST_BREAKS:
        raise DomainError(say("That calendar names more than {count} breaks.", count=MOST_BREAKS))
    return tuple(_joined(sorted(found, key=lambda one: (one.first, one.last, one.name))))


def _found(text: str, first: date, last: date) -> Iterator[Break]:
    calendars = Calendar.from_ical(text, multiple=True)
    if not calendars:
        raise ValueError("no whole calendar")
    for calendar in calendars:
        entries = calendar.walk("VEVENT")
        if len(entries) > MOST_ENTRIES:
            raise DomainError(say("That calendar is too large. Export the current school year only."))
        for entry in entries:
            rule = entry.get("RRULE")
            if rule and OFTEN & {str(one).upper() for one in rule.get("FREQ", [])}:
                entry.pop("RRULE")  # nothing that lasts whole days repeats within one
        for entry in recurring_ical_events.of(calendar).between(first, last + timedelta(days=1)):
            start = entry.get("DTSTART").dt if entry.get("DTSTART") else None
            if isinstance(start, datetime) or not isinstance(start, date):
                continue
            name = " ".join(str(entry.get("SUMMARY", "")).split())
            if str(entry.get("STATUS", "")).upper() == "CANCELLED" or not OUT.search(name):
                continue
            end = entry.get("DTEND").dt if entry.get("DTEND") else start + timedelta(days=1)
            until = max(start, end - timedelta(days=1))  # DTEND is the first day after it
            if start <= last and until >= first:
                yield Break(start, until, name[:NAME_LENGTH])


def _joined(ordered: list[Break]) -> Iterator[Break]:
    """Days of the same name that follow each other are one break."""
    known: Break | None = None
    for one in ordered:
        if known and one.name == known.name and one.first <= known.last + timedelta(days=1):
            known = Break(known.first, max(known.last, one.last), known.name)
            continue
        if known:
            yield known
        known = one
    if known:
        yield known
