"""Expansion of a Graph recurrence into local dates, the way Outlook counts; written apart from coplink's own rhythm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEX = ("first", "second", "third", "fourth")
FIELDS = {
    "weekly": {"type", "interval", "daysOfWeek", "firstDayOfWeek"},
    "relativeMonthly": {"type", "interval", "daysOfWeek", "index"},
    "absoluteMonthly": {"type", "interval", "dayOfMonth"},
}


def checked(recurrence: Document, start: str) -> Document:
    """The recurrence itself; refused where a property is missing, foreign to its type, or unlike the start."""
    pattern, span = recurrence.get("pattern") or {}, recurrence.get("range") or {}
    fields = FIELDS.get(str(pattern.get("type")))
    if fields is None or set(pattern) - fields or not {"interval"} <= set(pattern) or pattern["interval"] < 1:
        raise Refuse(400, "ErrorPropertyValidationFailure", "The recurrence pattern is not valid")
    if (
        span.get("type") != "endDate"
        or not {"startDate", "endDate"} <= set(span)
        or span["endDate"] < span["startDate"]
    ):
        raise Refuse(400, "ErrorPropertyValidationFailure", "The recurrence range is not valid")
    if span["startDate"] != start[:10]:
        raise Refuse(400, "ErrorPropertyValidationFailure", "The range must begin on the day of the event")
    return recurrence


def dates(recurrence: Document) -> Iterator[date]:
    """Every local date of the recurrence."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    first, last = date.fromisoformat(span["startDate"]), date.fromisoformat(span["endDate"])
    match pattern["type"]:
        case "weekly":
            found = _weekly(pattern, first)
        case "absoluteMonthly":
            found = _months(first, pattern["interval"], lambda y, m: date(y, m, pattern["dayOfMonth"]))
        case _:
            found = _months(first, pattern["interval"], lambda y, m: _nth(y, m, pattern))
    for day in found:
        if day > last:
            return
        if day >= first:
            yield day


def _weekly(pattern: Document, first: date) -> Iterator[date]:
    # Graph's week begins on Sunday unless told otherwise: it decides which weeks count when the interval is not 1
    begins = DAYS.index(pattern.get("firstDayOfWeek", "sunday"))
    week = first - timedelta(days=(first.weekday() - begins) % 7)
    wanted = {DAYS.index(day) for day in pattern["daysOfWeek"]}
    while True:
        yield from (day for n in range(7) if (day := week + timedelta(days=n)).weekday() in wanted)
        week += timedelta(weeks=pattern["interval"])


def _months(first: date, every: int, pick: object) -> Iterator[date]:
    year, month = first.year, first.month
    while True:
        yield pick(year, month)  # type: ignore[operator]
        month += every
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1


def _nth(year: int, month: int, pattern: Document) -> date:
    wanted = {DAYS.index(day) for day in pattern["daysOfWeek"]}
    day, found = date(year, month, 1), list[date]()
    while day.month == month:
        if day.weekday() in wanted:
            found.append(day)
        day += timedelta(days=1)
    return found[-1] if pattern.get("index") == "last" else found[INDEX.index(pattern.get("index", "first"))]
