"""Times and ids of the pretended calendar: wall times with zones in, UTC and Graph's own form out."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse


def plain(master: Document, day: date) -> tuple[str, str]:
    """Start and end of an occurrence as the series says it, in UTC."""
    first = datetime.fromisoformat(master["start"])
    length = datetime.fromisoformat(master["end"]) - first
    start = datetime.combine(day, first.time(), ZoneInfo(master["zone"])).astimezone(UTC)
    return start.isoformat(), (start + length).isoformat()


def times(body: Document) -> tuple[str, str, str]:
    """Start and end of a body in wall time, and their zone; refused where they are not valid."""
    try:
        start, end = body["start"], body["end"]
        zone = start["timeZone"]
        ZoneInfo(zone)
        if end["timeZone"] != zone or datetime.fromisoformat(end["dateTime"]) <= datetime.fromisoformat(
            start["dateTime"]
        ):
            raise ValueError
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise Refuse(400, "ErrorInvalidRequest", "Start and end are not valid") from error
    return start["dateTime"], end["dateTime"], zone


def utc(wall: str, zone: str) -> str:
    """A wall time of a zone, in UTC."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).isoformat()


def in_zone(moment: str, zone: str) -> dict[str, Any]:
    """A moment as Graph writes it for a zone."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    return {"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": zone}


def closed(master: str, day: str) -> str:
    """The opaque id of one occurrence."""
    return base64.urlsafe_b64encode(f"{master}|{day}".encode()).decode()


def opened(event: str) -> tuple[str, str | None]:
    """The master an id belongs to, and the original date where it names an occurrence."""
    if event.startswith("AAMk"):
        return event, None
    try:
        master, _, day = base64.urlsafe_b64decode(event).decode().partition("|")
    except ValueError:
        return event, None
    return master, day or None
