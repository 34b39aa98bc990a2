"""Calendars: one rhythm on every suite's calendar."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from coplink.core.rhythm import Series
from coplink.core.words import Said


@dataclass(frozen=True, slots=True)
class SeriesLink:
    """What coplink remembers of a series on one calendar: opaque values of the integration, kept as they are.

    ``remote`` maps a name of the integration's choosing ("series", or an ISO date for single events) to a remote id;
    ``seen`` maps the same names to the etag or change key after our last write; ``digest`` names the content written.
    """

    remote: Mapping[str, str]
    seen: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    found: int = 0


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What a calendar holds: start in UTC by original local date (None: cancelled), and etags by the link's names.

    ``trouble`` is what the platform could not make of it, and how a person does: a link to meet, for instance.
    """

    starts: Mapping[date, datetime | None]
    seen: Mapping[str, str]
    complete: bool
    trouble: Said | None = None


class Calendar(Protocol):
    """Places a whole series. Microsoft and Google make one recurring series, Canvas single events."""

    def put(
        self,
        parts: Mapping[str, str],
        series: Series,
        attendees: tuple[str, ...],
        known: SeriesLink | None,
        key: str,
    ) -> SeriesLink:
        """Make the calendar show ``series`` and return what to remember.

        Writes only what differs from ``known`` and from what the calendar holds: a second call with nothing changed
        reads the series and writes nothing. Idempotent by ``key``; with ``known`` None it first looks for what an
        earlier, interrupted call made, and counts that in ``found``. ``attendees`` are addresses of members whose home
        suite this is; suites without attendees ignore them.
        """
        ...

    def read(self, parts: Mapping[str, str], series: Series, link: SeriesLink) -> SeriesFacts:
        """What the calendar holds of this series now."""
        ...


@runtime_checkable
class Uninvites(Protocol):
    """A calendar on which meetings have attendees; those without need not have this."""

    def uninvite(self, parts: Mapping[str, str], link: SeriesLink, addresses: Collection[str]) -> SeriesLink:
        """Take these addresses off the meetings of a series and change nothing else; returns what to remember.

        Addresses are compared without regard to case; a meeting that is gone is no error. A ``put`` with what is
        returned invites whoever is to be invited then, also one of these.
        """
        ...
