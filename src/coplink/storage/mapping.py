"""Values of the core as JSON and back, where a column holds more than one field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from coplink.core.rhythm import Break, Dates, MonthlyDay, MonthlyWeekday, Pattern, Rhythm, Weekly
from coplink.core.spaces import Trouble
from coplink.core.words import Said
from coplink.ports.integration import Capability, Check
from coplink.storage.types import Json


def from_said(said: Said) -> Json:
    """A sentence with its values, so that it can be translated when it is shown."""
    return {"text": said.text, "values": dict(said.values)}


def to_said(json: Mapping[str, Any]) -> Said:
    """The sentence as it was said."""
    return Said(json["text"], json["values"])


def from_trouble(trouble: Trouble | None) -> Json | None:
    """Why a place is not as it should be, if it is not."""
    if trouble is None:
        return None
    return {"code": trouble.code, "message": from_said(trouble.message), "who": trouble.who}


def to_trouble(json: Mapping[str, Any] | None) -> Trouble | None:
    """The trouble as it was kept."""
    return None if json is None else Trouble(json["code"], to_said(json["message"]), json["who"])


def from_check(check: Check) -> Json:
    """One line of a check-up."""
    return {
        "title": check.title,
        "ok": check.ok,
        "message": from_said(check.message),
        "who": check.who,
        "scopes": list(check.scopes),
        "where": None if check.where is None else from_said(check.where),
        "fallback": None if check.fallback is None else from_said(check.fallback),
        "asked": check.asked,
        "stops": sorted(check.stops),
        "outsiders": check.outsiders,
    }


def to_check(json: Mapping[str, Any]) -> Check:
    """The line as it was kept; what a later version called a capability and this one does not know is left out."""
    where, fallback = json["where"], json["fallback"]
    return Check(
        json["title"],
        json["ok"],
        to_said(json["message"]),
        json["who"],
        tuple(json["scopes"]),
        None if where is None else to_said(where),
        None if fallback is None else to_said(fallback),
        json["asked"],
        frozenset(one for one in Capability if one.value in json["stops"]),
        bool(json.get("outsiders")),
    )


def from_rhythm(rhythm: Rhythm) -> Json:
    """Wall times without a zone and the zone beside them, never UTC plus a rule."""
    return {
        "zone": rhythm.zone,
        "start": rhythm.start.isoformat(),
        "minutes": rhythm.minutes,
        "first": rhythm.first.isoformat(),
        "last": rhythm.last.isoformat(),
        "pattern": _from_pattern(rhythm.pattern),
        "breaks": [[b.first.isoformat(), b.last.isoformat(), b.name] for b in rhythm.breaks],
        "moves": {day.isoformat(): start.isoformat() for day, start in rhythm.moves.items()},
        "called_off": sorted(day.isoformat() for day in rhythm.called_off),
        "version": rhythm.version,
    }


def to_rhythm(json: Mapping[str, Any]) -> Rhythm:
    """The rhythm as it was kept."""
    return Rhythm(
        zone=json["zone"],
        start=time.fromisoformat(json["start"]),
        minutes=json["minutes"],
        first=date.fromisoformat(json["first"]),
        last=date.fromisoformat(json["last"]),
        pattern=_to_pattern(json["pattern"]),
        breaks=tuple(
            Break(date.fromisoformat(first), date.fromisoformat(last), name)
            for first, last, name in json["breaks"]
        ),
        moves={
            date.fromisoformat(day): datetime.fromisoformat(start) for day, start in json["moves"].items()
        },
        called_off=frozenset(date.fromisoformat(day) for day in json["called_off"]),
        version=json["version"],
    )


def _from_pattern(pattern: Pattern) -> Json:
    match pattern:
        case Weekly(every, days):
            return {"weekly": every, "days": list(days)}
        case MonthlyWeekday(every, nth, day):
            return {"monthly": every, "nth": nth, "weekday": day}
        case MonthlyDay(every, day):
            return {"monthly": every, "day": day}
        case Dates(dates):
            return {"dates": [day.isoformat() for day in dates]}


def _to_pattern(json: Mapping[str, Any]) -> Pattern:
    match json:
        case {"weekly": every, "days": days}:
            return Weekly(every, tuple(days))
        case {"monthly": every, "nth": nth, "weekday": day}:
            return MonthlyWeekday(every, nth, day)
        case {"monthly": every, "day": day}:
            return MonthlyDay(every, day)
        case {"dates": dates}:
            return Dates(tuple(date.fromisoformat(day) for day in dates))
    raise ValueError(f"no pattern of a rhythm has the fields {sorted(json)}")
