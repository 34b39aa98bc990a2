"""The founding form: what was typed, kept as it was typed, and the four answers made from it.

Every field stays text until ``answers()``, so that whatever is wrong with one, the page shows all of them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta

from flask import request

from coplink.core.errors import DomainError
from coplink.core.rhythm import Break, MonthlyDay, MonthlyWeekday, Pattern, Rhythm, Weekly, zone_of
from coplink.core.spaces import ConnectionId
from coplink.core.words import Said, say
from coplink.engine.found import Answers
from coplink.web.desk import cleaned, typed

MOST_BREAKS = 100
_LINE = re.compile(
    r"(?P<first>\d{4}-\d{2}-\d{2})(?:\s*(?:to|–|-|until|/)\s*(?P<last>\d{4}-\d{2}-\d{2}))?(?:[\s:,]+(?P<name>.*))?"
)


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was sent; lists are the ticked boxes."""

    key: str = ""
    name: str = ""
    about: str = ""
    hopes: str = ""
    norms: str = ""
    audience: str = ""
    pattern: str = "weekly"
    every_weeks: str = "2"
    nth: str = "1"
    nth_day: str = "2"
    every_months: str = "1"
    month_day: str = "1"
    first: str = ""
    last: str = ""
    at: str = "15:30"
    minutes: str = "60"
    zone: str = ""
    breaks: str = ""
    days: tuple[str, ...] = ("2",)
    places: tuple[str, ...] = ()

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every name and value, for the hidden fields of the preview."""
        for field in fields(self):
            value = getattr(self, field.name)
            for one in value if isinstance(value, tuple) else (value,):
                yield field.name, one

    def answers(self) -> Answers:
        """The four answers; raises ``DomainError`` with the first thing that is wrong, in plain words."""
        if not re.fullmatch(r"[0-9a-zA-Z_-]{8,80}", self.key):
            raise DomainError(say("This form is damaged. Please open it again."))
        places = tuple(ConnectionId(one) for one in self.places)
        rhythm = self._rhythm()
        return Answers(self.key, self.name, self.about, self.audience, self.hopes, places, rhythm, self.norms)

    def _rhythm(self) -> Rhythm:
        if not self.zone:
            raise DomainError(say("Choose a time zone."))
        zone_of(self.zone)
        return Rhythm(
            self.zone,
            _time(self.at),
            _number(self.minutes, say("Say how many minutes a meeting takes.")),
            _date(self.first, say("Say on which day the meetings begin.")),
            _date(self.last, say("Say on which day the meetings end.")),
            self._pattern(),
            _breaks(self.breaks),
        )

    def _pattern(self) -> Pattern:
        match self.pattern:
            case "weekly":
                every = _number(self.every_weeks, say("Say how many weeks lie between meetings."))
                return Weekly(every, tuple(_number(one, say("Choose a weekday.")) for one in self.days))
            case "nth":
                nth = -1 if self.nth == "-1" else _number(self.nth, say("Choose first to fourth or last."))
                every = _number(self.every_months, say("Say how many months lie between meetings."))
                return MonthlyWeekday(every, nth, _number(self.nth_day, say("Choose a weekday.")))
            case "day":
                every = _number(self.every_months, say("Say how many months lie between meetings."))
                return MonthlyDay(every, _number(self.month_day, say("Choose a day of the month.")))
            case _:
                raise DomainError(say("Choose how often the community meets."))

    def with_calendar(self) -> Filled:
        """The same form with the breaks of a school calendar (pasted into the field or sent as a file) as lines."""
        text = self.breaks if "BEGIN:VCALENDAR" in self.breaks else ""
        lines = "" if text else self.breaks
        sent = request.files.get("calendar")
        if sent and sent.filename:
            text = sent.read().decode("utf-8", "replace")
        if not text:
            return self
        first = _date(self.first, say("Say on which day the meetings begin."))
        last = _date(self.last, say("Say on which day the meetings end."))
        from coplink.ics.read import breaks as breaks_of  # rare, and what it needs is large

        found = breaks_of(text, first, min(last, first + timedelta(days=550)))
        if not found:
            raise DomainError(
                say(
                    "That calendar names no days without school between these dates. Type the breaks instead."
                )
            )
        written = [lines] if lines else []
        return replace(self, breaks="\n".join(written + [_line(one) for one in found]))


def from_request() -> Filled:
    """The form of this request, cleaned and cut to sensible lengths."""
    calendar = "BEGIN:VCALENDAR" in request.form.get("breaks", "")
    filled = Filled(
        **{
            field.name: typed(field.name, 1_000_000 if field.name == "breaks" and calendar else 6_000)
            for field in fields(Filled)
            if field.name not in ("days", "places")
        },
        days=tuple(cleaned(one, 2) for one in request.form.getlist("days")[:7]),
        places=tuple(cleaned(one, 64) for one in request.form.getlist("places")[:20]),
    )
    return replace(filled, pattern=filled.pattern or "weekly")


def blank(key: str, zone: str, places: tuple[str, ...], today: date) -> Filled:
    """A fresh form: every second Wednesday from the week after next, for half a year."""
    first = today + timedelta(days=(2 - today.weekday()) % 7 + 7)
    return Filled(
        key=key,
        zone=zone,
        places=places,
        first=first.isoformat(),
        last=(first + timedelta(days=182)).isoformat(),
    )


def _breaks(text: str) -> tuple[Break, ...]:
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        seen = _LINE.fullmatch(line)
        if seen is None:
            raise DomainError(
                say(
                    "The break “{line}” is not understood. Write: 2026-12-21 to 2027-01-01 Winter break",
                    line=line[:80],
                )
            )
        first = _date(seen["first"], say("A break has a date that does not exist."))
        last = _date(seen["last"], say("A break has a date that does not exist.")) if seen["last"] else first
        if last < first:
            raise DomainError(say("The break “{line}” ends before it begins.", line=line[:80]))
        found.append(Break(first, last, (seen["name"] or "").strip()[:60]))
    if len(found) > MOST_BREAKS:
        raise DomainError(say("Name at most {count} breaks.", count=MOST_BREAKS))
    return tuple(found)


def _line(one: Break) -> str:
    until = f" to {one.last.isoformat()}" if one.last != one.first else ""
    return f"{one.first.isoformat()}{until} {one.name}".strip()


def _date(text: str, sentence: Said) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise DomainError(sentence) from None
    if not 2000 <= found.year <= 2100:
        raise DomainError(say("The year {year} is too far away.", year=found.year))
    return found


def _time(text: str) -> time:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise DomainError(say("Say at what time the meetings begin, for instance 15:30."))
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _number(text: str, sentence: Said) -> int:
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
        raise DomainError(sentence)
    return int(text)
