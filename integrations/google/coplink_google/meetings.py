"""How a series is written for Google Calendar: the rule, the dates left out, the event's body, and reading it back.

What coplink wrote is noted in the event's private properties: ``rule`` names the pattern, ``digest`` the content, and
``start`` the moment a moved meeting was given. So a person's own change over there is told from ours by comparing what
is with what was written, whatever else changes an etag (a guest's answer does).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from coplink.core.rhythm import Dates, MonthlyDay, MonthlyWeekday, Rhythm, Series, Weekly, instant, zone_of
from coplink.core.words import Said, say
from coplink.ports.errors import UnexpectedReply
from coplink_google.replies import text_of

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def event_id(*words: object) -> str:
    """An id of our own choosing: base32hex, 52 characters. Google never frees one, hence the generation among words."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return base64.b32hexencode(digest).decode().rstrip("=").lower()


def tag(*words: object) -> str:
    """A short name of some content."""
    return hashlib.sha256(json.dumps(words, default=str, sort_keys=True).encode()).hexdigest()[:24]


def rule_tag(rhythm: Rhythm, first: date) -> str:
    """Names everything that makes a series another one: pattern, time, zone, length, first and last date."""
    return tag("rule", rhythm.zone, rhythm.start, rhythm.minutes, first, rhythm.last, repr(rhythm.pattern))


def rrule(rhythm: Rhythm) -> str:
    """The rule in RFC 5545 form; it ends with the last local day, in UTC, and says when its week begins."""
    last = instant(datetime.combine(rhythm.last, time(23, 59, 59)), zone_of(rhythm.zone))
    match rhythm.pattern:
        case Weekly(every, days):
            parts = f"FREQ=WEEKLY;INTERVAL={every};BYDAY={','.join(DAYS[day] for day in sorted(set(days)))}"
        case MonthlyWeekday(every, nth, day):
            parts = f"FREQ=MONTHLY;INTERVAL={every};BYDAY={nth}{DAYS[day]}"
        case MonthlyDay(every, day):
            parts = f"FREQ=MONTHLY;INTERVAL={every};BYMONTHDAY={day}"
        case Dates():
            raise ValueError("a list of dates has no rule")
    return f"RRULE:{parts};WKST=MO;UNTIL={last:%Y%m%dT%H%M%SZ}"


def exdates(rhythm: Rhythm, days: Iterable[date]) -> list[str]:
    """The recurrence line that leaves these dates out; no line for none."""
    stamps = [f"{datetime.combine(day, rhythm.start):%Y%m%dT%H%M%S}" for day in sorted(days)]
    return [f"EXDATE;TZID={rhythm.zone}:{','.join(stamps)}"] if stamps else []


def left_out(recurrence: Iterable[str], zone: ZoneInfo) -> set[date]:
    """The local dates that an event's EXDATE lines leave out."""
    days: set[date] = set()
    for line in recurrence:
        name, _, stamps = line.partition(":")
        if name.partition(";")[0].upper() != "EXDATE":
            continue
        for stamp in stamps.split(","):
            moment = datetime.strptime(stamp.rstrip("Z")[:15].ljust(15, "0"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  wall time
            days.add(
                moment.replace(tzinfo=UTC).astimezone(zone).date() if stamp.endswith("Z") else moment.date()
            )
    return days


def when(moment: datetime, zone: str) -> dict[str, str]:
    """An event's start or end: the wall time with its offset, and the zone that a repetition is computed in."""
    return {"dateTime": moment.astimezone(zone_of(zone)).isoformat(), "timeZone": zone}


def moment_of(value: object) -> datetime | None:
    """The instant of an event's start; None where it has none or is a whole day."""
    text = value.get("dateTime") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UnexpectedReply(
            say("Google answered something coplink does not understand."), "an event's time"
        )
    return found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Content:
    """What every event of a series says, and how to name it."""

    summary: str
    description: str
    location: str
    guests: tuple[str, ...]
    meet: bool

    @classmethod
    def of(cls, series: Series, attendees: tuple[str, ...]) -> Content:
        guests = tuple(sorted({address.strip().casefold() for address in attendees if "@" in address}))
        link = "" if series.link in series.body else series.link.strip()
        text = "\n\n".join(part for part in (series.body.strip(), link) if part)
        elsewhere = series.place.strip().casefold().startswith(("https://", "http://"))
        return cls(series.title, text, series.place.strip(), guests, meet=not elsewhere)

    @property
    def digest(self) -> str:
        return tag("content", self.summary, self.description, self.location, self.guests, self.meet)

    def body(self, present: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields of an event; guests who stay keep the answer they gave."""
        answered = {guest["email"].casefold(): guest for guest in invited(present or {})}
        guests = [answered.get(guest, {"email": guest}) for guest in self.guests]
        return {
            "summary": self.summary,
            "description": self.description,
            "location": self.location,
            "attendees": guests,
            "guestsCanInviteOthers": False,
            "guestsCanModify": False,
        }

    def conference(self, key: str) -> dict[str, Any]:
        """Asks for a Meet link; Google makes it in its own time and ignores a repeated request."""
        if not self.meet:
            return {}
        solution = {"type": "hangoutsMeet"}
        request = {"requestId": event_id("meet", key)[:32], "conferenceSolutionKey": solution}
        return {"conferenceData": {"createRequest": request}}


@dataclass(frozen=True, slots=True)
class Held:
    """One occurrence as it stands on the calendar."""

    id: str
    etag: str
    starts: datetime | None
    regular: datetime | None
    written: datetime | None
    digest: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Held:
        cancelled = row.get("status") == "cancelled"
        note = noted(row)
        regular = moment_of(row.get("originalStartTime"))
        written = note.get("start")
        return cls(
            id=text_of(row, "id"),
            etag=str(row.get("etag", "")),
            starts=None if cancelled else moment_of(row.get("start")),
            regular=regular,
            written=moment_of({"dateTime": written}) if written else regular,
            digest=note.get("digest", ""),
            body=row,
        )

    @property
    def ours(self) -> bool:
        """Whether coplink gave this occurrence a time of its own."""
        return "start" in noted(self.body)

    @property
    def moved_by_hand(self) -> bool:
        """Whether a person gave it another time than the one coplink wrote."""
        return self.starts is not None and self.starts != self.written


def invited(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The guests of an event, with what each of them answered."""
    kept = ("email", "responseStatus", "comment", "additionalGuests")
    return [
        {name: one[name] for name in kept if name in one}
        for one in event.get("attendees", ())
        if one.get("email")
    ]


def noted(row: Mapping[str, Any]) -> Mapping[str, str]:
    """The private properties coplink wrote into an event."""
    extended = row.get("extendedProperties")
    private = extended.get("private") if isinstance(extended, dict) else None
    return private if isinstance(private, dict) else {}


def without_room(rows: Iterable[Mapping[str, Any]]) -> Said | None:
    """What to say where Google could not make a Meet link that was asked for; a pending one is only not there yet."""
    for row in rows:
        conference = row.get("conferenceData")
        request = conference.get("createRequest") if isinstance(conference, dict) else None
        status = request.get("status") if isinstance(request, dict) else None
        if isinstance(status, dict) and status.get("statusCode") == "failure":
            return say(
                "Google could not make a Meet link for the meetings. Whoever may edit the event can add one there, "
                "or the community can name another place to meet."
            )
    return None
