"""What the engine needs from a database: one unit of work, and a small repository per aggregate.

Repositories of people and communities stand in ``ports.repositories``, those of work and what was done here.

Repositories return core values and records, never rows. Times are UTC and aware. Nothing is written before
``UnitOfWork.commit()``; leaving the block without it takes everything back. No platform call belongs inside one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from coplink.core.artifacts import Artifact, ArtifactId, Version
from coplink.core.lists import CuratedList, ListId
from coplink.core.people import (
    AccountId,
    CommunityId,
    InstitutionId,
)
from coplink.core.plan import Change
from coplink.core.rhythm import Rhythm
from coplink.core.spaces import ConnectionId, Doubt, Observed, Remembered, SpaceId
from coplink.core.work import Dirty, Kind, Turn, WorkState
from coplink.ports.calendar import SeriesLink
from coplink.ports.copies import Copies, NoticeServices
from coplink.ports.doorstep import Doorstep
from coplink.ports.guest_list import GuestList
from coplink.ports.mail import Mails
from coplink.ports.plans import Plans
from coplink.ports.records import (
    CheckUp,
    Happening,
    Notice,
    Report,
)
from coplink.ports.repositories import (
    Announced,
    Communities,
    Institutions,
    Links,
    Logins,
    People,
    Platforms,
    Sessions,
    Spaces,
)
from coplink.ports.rosters import Rosters
from coplink.ports.seats import Done
from coplink.ports.traces import Traces
from coplink.ports.watch import Subscription


class Ledger(Protocol):
    """What coplink holds true about its seats.

    A row per (space, account). *Intended*: a write is or was under way (counts as unknown once not fresh). *Put*: the
    platform said yes. *Seen*: a later reading showed it (ours). *Removed*: we took it away. *Taken out*: given by us
    once, and decided over there that this account stays out. *Rejoined*: given before its person joined again.
    *Raised*: somebody else's making, and made to lead by us. ``written_at`` makes a row fresh for ``lag``;
    ``absent_since`` is the first complete reading in a row that lacked an account.
    """

    def remembered(self, space: SpaceId, now: datetime, lag: timedelta) -> Remembered: ...
    def saw(self, space: SpaceId, observed: Observed, now: datetime, lag: timedelta) -> frozenset[AccountId]:
        """Store an observation; returns the *ours* that are gone: absent in two complete readings a lag apart.

        An incomplete reading proves presence only.
        """
        ...

    def missing(self, space: SpaceId, now: datetime, lag: timedelta) -> frozenset[AccountId]:
        """Whom a complete reading lacked, a lag ago or longer, and none has shown since: at one more they are gone."""
        ...

    def seats(self, space: SpaceId) -> Mapping[AccountId, str]:
        """Who sat there at the last reading or was put since: account to role, for pages."""
        ...

    def seated(self, space: SpaceId) -> frozenset[AccountId]:
        """Whom coplink put there and has not taken away; where an answer is missing, whoever was seen there since."""
        ...

    def parting(self, space: SpaceId) -> frozenset[AccountId]:
        """Proved accounts of members who left or pause, with a seat there that is or may be ours, by one query.

        Nobody where the ledger cannot be trusted.
        """
        ...

    def intend(self, space: SpaceId, changes: Sequence[Change], now: datetime) -> None: ...
    def record(self, space: SpaceId, change: Change, outcome: Done, now: datetime) -> None:
        """CHANGED: put or removed. ALREADY_SO: unknown stays unknown, nothing stays nothing; an absent one is removed.
        REFUSED: as before the intent. UNKNOWN: stays intended.
        """
        ...

    def record_all(self, space: SpaceId, ended: Sequence[tuple[Change, Done]], now: datetime) -> None:
        """The same for many accounts at once, each named once."""
        ...

    def take_out(self, space: SpaceId, accounts: Iterable[AccountId]) -> None:
        """Keep in mind that these, which were ours, were taken out by hand and stay out until a reading shows them."""
        ...

    def rejoined(self, space: SpaceId, accounts: Iterable[AccountId], now: datetime) -> None:
        """Their people joined again: what happened to these seats before says nothing any more."""
        ...

    def forget(self, space: SpaceId, accounts: Iterable[AccountId]) -> None: ...
    def forget_all(self, space: SpaceId, those_out: bool = False) -> None:
        """Know nothing any more of who sits there, nor, if ``those_out``, whom somebody took out; nobody is removed."""
        ...

    def let_go(self, space: SpaceId, accounts: Iterable[AccountId] | None = None) -> None:
        """Nobody looks there from now on: seats that are ours, or may be, become unknown; all others are not ours.

        Of these ``accounts`` alone, where they are given; else who sits there is known no more either.
        """
        ...

    def doubt(self, space: SpaceId, complete: bool, now: datetime, lag: timedelta) -> Doubt:
        """Note a reading, before ``saw``, and whether the ledger can be trusted.

        It cannot where it held lines and holds none, and after a restore.
        """
        ...

    def adopt(self, space: SpaceId, accounts: Iterable[AccountId], now: datetime) -> None:
        """These sit there, and nobody knows whose making that was: unknown, where there is no line yet."""
        ...

    def count(self, space: SpaceId) -> None:
        """Keep in mind whether there are lines now, so that their loss is noticed."""
        ...

    def kept(self, institution: InstitutionId) -> int: ...


class Journal(Protocol):
    """Every remote write, before and after it was made."""

    def open(self, turn: Turn, space: SpaceId, what: str, key: str, now: datetime) -> str:
        """A row before the call; returns its id. Raises ``StaleTurn`` when another worker holds the work now."""
        ...

    def close(self, entry: str, outcome: Done, now: datetime, found: bool = False) -> None: ...
    def key_of(self, space: SpaceId, what: str) -> str | None:
        """The key of an earlier, unfinished or finished try at the same thing, so that it is used again."""
        ...

    def unfinished(self, space: SpaceId, what: str) -> datetime | None:
        """When the newest try at this was begun, if nobody knows its outcome: it may still show up over there."""
        ...

    def settle(self, turn: Turn, now: datetime) -> None:
        """Close what earlier goes at this work left without an outcome, since all it asks for is brought about.

        Their outcome stays unknown.
        """
        ...

    def half_made(self, space: SpaceId) -> bool:
        """Whether the newest try to make some part of a space ended without an answer."""
        ...

    def removed_since(self, institution: InstitutionId, since: datetime) -> int: ...
    def note_removed(self, institution: InstitutionId, count: int, now: datetime) -> None: ...
    def found(self, community: CommunityId) -> int:
        """How often something was found by its marker instead of being remembered."""
        ...


class StaleTurn(Exception):
    """Another worker has begun the same work; this one must write no more."""


class Meetings(Protocol):
    """Rhythms and where their series are."""

    def put(self, community: CommunityId, rhythm: Rhythm) -> None:
        """Add a version; the newest counts."""
        ...

    def rhythm(self, community: CommunityId) -> Rhythm | None: ...
    def link(self, space: SpaceId, version: int) -> SeriesLink | None: ...
    def put_link(self, space: SpaceId, version: int, link: SeriesLink | None) -> None: ...
    def place_offer(
        self, community: CommunityId, space: SpaceId, original: str, start: datetime | None
    ) -> None:
        """A move seen on a calendar (None: cancelled there), offered to the facilitator."""
        ...

    def offers(self, community: CommunityId) -> Sequence[tuple[SpaceId, str, datetime | None]]: ...
    def drop_offers(self, community: CommunityId, space: SpaceId) -> None: ...


class Catalogue(Protocol):
    """Artifacts, their versions, lists made of them, and how far each library was read."""

    def by_remote(self, space: SpaceId, remotes: Iterable[str]) -> Mapping[str, Artifact]: ...
    def put(self, artifact: Artifact, version: Version | None) -> None: ...
    def of(self, community: CommunityId, limit: int = 200) -> Sequence[Artifact]:
        """Newest first, withdrawn ones left out."""
        ...

    def some(self, community: CommunityId, keys: Iterable[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
        """Those of these that the community has, withdrawn ones too."""
        ...

    def remotes(self, space: SpaceId) -> Sequence[Artifact]: ...
    def put_list(self, made: CuratedList) -> None: ...
    def curated(self, key: ListId) -> CuratedList | None: ...
    def lists(self, community: CommunityId, limit: int = 50) -> Sequence[CuratedList]:
        """Newest first."""
        ...

    def cursor(self, space: SpaceId) -> str | None: ...
    def put_cursor(self, space: SpaceId, cursor: str | None) -> None: ...


class Watches(Protocol):
    """Subscriptions and the secrets that come back with their calls (sealed at rest)."""

    def put(self, space: SpaceId, subscription: Subscription, secret: str) -> None: ...
    def of(self, space: SpaceId) -> tuple[Subscription, str] | None: ...
    def among(self, spaces: Collection[SpaceId]) -> frozenset[SpaceId]:
        """Which of these have one."""
        ...

    def drop(self, space: SpaceId) -> None: ...


class Checks(Protocol):
    """The last check-up of each connection."""

    def put(self, found: CheckUp) -> None:
        """Keep it in place of an older one."""
        ...

    def of(self, connection: ConnectionId) -> CheckUp | None: ...
    def of_institution(self, institution: InstitutionId) -> Mapping[ConnectionId, CheckUp]: ...
    def drop(self, connection: ConnectionId) -> None: ...


class Work(Protocol):
    """What is to be brought up to date."""

    def mark(
        self,
        kind: Kind,
        target: str,
        partition: str,
        not_before: datetime | None = None,
        *,
        urgent: bool = True,
    ) -> None:
        """Ask for it (generation + 1, attempt 0); wakes work that rests or waits.

        With ``not_before`` it is not told to ``AfterCommit``: the sweep finds it when its time has come. ``urgent``: a
        person's act asks for it; what time, a sweep or a platform's call asks for is not, and never makes work that a
        person waits for less urgent.
        """
        ...

    def begin(self, kind: Kind, target: str, now: datetime) -> Turn | None:
        """Take a turn with a fresh token; None when nothing is asked for, it rests, or it is not yet time."""
        ...

    def holds(self, turn: Turn) -> bool:
        """Whether this turn is still the last one begun."""
        ...

    def settle(self, turn: Turn, now: datetime) -> bool:
        """Done for the turn's generation; one asked for meanwhile stays dirty. A stale token settles nothing: False."""
        ...

    def postpone(self, turn: Turn, until: datetime | None, reason: str, failed: bool = True) -> bool:
        """Go on at ``until``; None: rest until a person acts (the next ``mark``). Waiting is not failing.

        False, and nothing happens, when the turn is stale or the work was asked for again meanwhile.
        """
        ...

    def dirty(self, now: datetime, limit: int) -> Sequence[Dirty]:
        """What is due: urgent work first, then the rest; what waited longest first among equals.

        At least half of ``limit`` stays open for what is not urgent.
        """
        ...

    def retry(self, dirty: Dirty) -> Dirty:
        """Another go at the same generation: attempt + 1, kept."""
        ...

    def state(self, kind: Kind, target: str) -> WorkState | None: ...
    def of(self, partition: str) -> Sequence[WorkState]: ...
    def all(self) -> Sequence[WorkState]: ...


class Records(Protocol):
    """Reports, notices and the history."""

    def report(self, report: Report) -> None: ...
    def latest(self, kind: str) -> Mapping[str, datetime]:
        """When each target had its last report of this kind, in one query."""
        ...

    def reports(
        self, community: CommunityId, kind: str | None = None, limit: int = 50
    ) -> Sequence[Report]: ...
    def raise_notice(self, notice: Notice) -> None:
        """Open it, or replace the open one with the same community, about and code."""
        ...

    def clear_notices(self, community: str | None, about: str, at: InstitutionId | None = None) -> None: ...
    def notices(
        self, community: CommunityId | None = None, institution: InstitutionId | None = None
    ) -> Sequence[Notice]: ...
    def say(self, happening: Happening) -> None: ...
    def history(self, community: CommunityId, limit: int = 200) -> Sequence[Happening]: ...


class UnitOfWork(Protocol):
    """One transaction over everything."""

    @property
    def institutions(self) -> Institutions: ...
    @property
    def doorstep(self) -> Doorstep: ...
    @property
    def platforms(self) -> Platforms: ...
    @property
    def logins(self) -> Logins: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def links(self) -> Links: ...
    @property
    def people(self) -> People: ...
    @property
    def guests(self) -> GuestList: ...
    @property
    def communities(self) -> Communities: ...
    @property
    def rosters(self) -> Rosters: ...
    @property
    def copies(self) -> Copies: ...
    @property
    def notice_services(self) -> NoticeServices: ...
    @property
    def spaces(self) -> Spaces: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def meetings(self) -> Meetings: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def watches(self) -> Watches: ...
    @property
    def announced(self) -> Announced: ...
    @property
    def checks(self) -> Checks: ...
    @property
    def work(self) -> Work: ...
    @property
    def records(self) -> Records: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def mails(self) -> Mails: ...

    def new_id(self) -> str:
        """A fresh random id, 32 hex digits."""
        ...

    def commit(self) -> None: ...


AfterCommit = Callable[[Sequence[Dirty]], None]


class Storage(Protocol):
    """Opens units of work; after a commit, ``AfterCommit`` is told what was marked so that hints can be enqueued."""

    def begin(self, lasting: bool = True, single: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work; one that need not be lasting may be lost, whole, when a machine loses its power.

        In a ``single`` one each statement is kept at once: for reading and then writing one row, whatever happens in
        between.
        """
        ...
