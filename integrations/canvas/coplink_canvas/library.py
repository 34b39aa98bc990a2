"""Files and pages of a community's group, and the published ones of its course, as facts for the catalogue.

Canvas has no list of changes. A complete listing comes first, at least once a day; from then on whatever changed last
is read, newest first, until what was known before. A listing goes from its last page to its first, in the order of
making: what is deleted meanwhile then shifts nothing that was not read yet past us. What is gone is told by the next
complete listing alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId
from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import CursorExpired, Gone, PermissionMissing, PolicyForbids, UnexpectedReply
from coplink.ports.library import Changes
from coplink_canvas.client import Client
from coplink_canvas.content import Home
from coplink_canvas.listing import Row, number, text
from coplink_canvas.names import COURSE_PAGE, GROUP, PAGE, Choices
from coplink_canvas.spaces import group_gone, pair

RELIST = timedelta(days=1)
OVERLAP = timedelta(minutes=2)  # for clocks that differ and readings that lag
MOST_TOLD = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading stopped: the complete listing it belongs to, the reading under way, and what was told lately.

    ``since`` is empty while listing; ``page`` 0 means the source was not looked at yet; ``told`` are digests of what
    changed so lately that the next reading meets it again.
    """

    listed: str
    began: str
    course: str = ""
    since: str = ""
    source: int = 0
    page: int = 0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One listing: the files or pages of a course or a group."""

    home: Home
    what: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"{self.home.path}/{self.what}"


class CanvasLibrary:
    """Reads files and pages; what stands in them is never read."""

    def __init__(self, client: Client, choices: Choices, clock: Clock, lag: timedelta) -> None:
        self._client, self._choices, self._clock = client, choices, clock
        self._overlap = OVERLAP + lag

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        """One page of one source; a listing that is a day old has expired, so that a new one finds what is gone."""
        now = self._clock.now()
        place = self._begun(parts, now) if cursor is None else _read(cursor)
        if cursor is not None and now - datetime.fromisoformat(place.listed) > RELIST:
            raise CursorExpired(
                say("It is time to list the library in Canvas anew."), "the listing is a day old"
            )
        if place.since and place.source == 0 and place.page == 0:
            place = replace(place, began=now.isoformat())
        sources = self._sources(parts, place.course)
        if place.source >= len(sources):
            return Changes((), _write(self._whole(place)), last=True)
        source = sources[place.source]
        try:
            rows, onward = self._newest(source, place) if place.since else self._backwards(source, place)
        except (PermissionMissing, PolicyForbids, Gone) as error:
            if source.home.kind == "group" and isinstance(error, Gone):
                raise group_gone(error) from error
            if source.home.kind == "group" and isinstance(error, PermissionMissing):
                raise
            rows, onward = (
                (),
                0,
            )  # the course hides this from students or from us: then it is not in the library
        own = {parts.get(PAGE, ""), pair(parts.get(COURSE_PAGE, ""))[1]}
        facts = self._facts(source, rows, own, place)
        told = (*place.told, *(_digest(fact) for fact in facts if self._late(fact, place)))[-MOST_TOLD:]
        place = replace(place, told=told, page=onward)
        if onward == 0:
            place = replace(place, source=place.source + 1)
        if place.source >= len(sources):
            return Changes(facts, _write(self._whole(place)), last=True)
        return Changes(facts, _write(place), last=False)

    # --- where -----------------------------------------------------------------------------------------------------

    def _begun(self, parts: Mapping[str, str], now: datetime) -> Place:
        """The beginning of a complete listing; raises ``Gone`` with the group."""
        if COURSE_PAGE in parts:
            course = pair(parts[COURSE_PAGE])[0]
        else:
            try:
                course = number(self._client.group(parts[GROUP]), "course_id")
            except Gone as error:
                raise group_gone(error) from error
        return Place(now.isoformat(), now.isoformat(), course)

    def _sources(self, parts: Mapping[str, str], course: str) -> list[Source]:
        homes = [] if COURSE_PAGE in parts else [Home("group", parts[GROUP])]
        if self._choices.course_files:
            homes.append(Home("course", course))
        return [Source(home, what) for home in homes for what in ("files", "pages")]

    def _whole(self, place: Place) -> Place:
        """Everything was read: the next reading looks for what changed since this one began."""
        floor = datetime.fromisoformat(place.began) - self._overlap
        told = tuple(one for one in place.told if one.partition(" ")[0] >= floor.strftime(_STAMP))
        return replace(place, since=place.began, source=0, page=0, told=told)

    # --- pages of listings -----------------------------------------------------------------------------------------

    def _backwards(self, source: Source, place: Place) -> tuple[Sequence[Row], int]:
        """A page of the whole listing, oldest first, and the page to read next: below zero where Canvas did not say
        which is the last, so that reading goes forwards; 0 when there is none."""
        page = abs(place.page) or 1
        rows, more, last = self._client.one_page(
            source.path, page, sort="created_at", order="asc", **_with(source)
        )
        if place.page > 0:
            return rows, page - 1
        if place.page == 0 and more and last is not None and last > 1:
            return (), last  # from the last one back to this one, which is read again
        return rows, -(page + 1) if more else 0

    def _newest(self, source: Source, place: Place) -> tuple[Sequence[Row], int]:
        """A page of what changed last, and the page to read next; 0 where what was known before begins."""
        page = place.page or 1
        rows, more, _ = self._client.one_page(
            source.path, page, sort="updated_at", order="desc", **_with(source)
        )
        floor = datetime.fromisoformat(place.since) - self._overlap
        new = [row for row in rows if _instant(row, "updated_at") >= floor]
        return new, page + 1 if more and len(new) == len(rows) else 0

    # --- facts -----------------------------------------------------------------------------------------------------

    def _facts(
        self, source: Source, rows: Sequence[Row], own: set[str], place: Place
    ) -> tuple[FileFact, ...]:
        facts = [self._page(row) if source.what == "pages" else self._file(source, row) for row in rows]
        known = set(place.told)
        return tuple(
            fact
            for fact in facts
            if fact.remote.removeprefix("page-") not in own
            and (place.since or not fact.gone)
            and _digest(fact) not in known
        )

    def _late(self, fact: FileFact, place: Place) -> bool:
        return fact.changed_at >= datetime.fromisoformat(place.began) - self._overlap

    def _file(self, source: Source, row: Row) -> FileFact:
        remote, name = number(row, "id"), text(row, "display_name")
        hidden = any(row.get(flag) for flag in ("hidden", "locked", "hidden_for_user", "locked_for_user"))
        account, called = _person(row.get("user"))
        return FileFact(
            remote=f"file-{remote}",
            name=name,
            link=f"{self._client.base_url}/{source.path}/{remote}",  # the row's own address lets anybody download it
            made_at=_instant(row, "created_at"),
            changed_at=_instant(row, "updated_at"),
            version=_version(row, name),
            author=account,
            author_name=called,
            media_type=str(row.get("content-type") or ""),
            gone=hidden,
        )

    def _page(self, row: Row) -> FileFact:
        title = text(row, "title")
        account, called = _person(row.get("last_edited_by"))
        return FileFact(
            remote=f"page-{number(row, 'page_id')}",
            name=title,
            link=text(row, "html_url"),
            made_at=_instant(row, "created_at"),
            changed_at=_instant(row, "updated_at"),
            version=_version(row, title),
            author=account,
            author_name=called,
            media_type="text/html",
            gone=row.get("published") is not True,
        )


_STAMP = "%Y%m%dT%H%M%S"


def _with(source: Source) -> dict[str, list[str]]:
    """Who a file is of comes with the listing only where it is asked for, and where the key allows to ask."""
    return {"include": ["user"]} if source.what == "files" else {}


def _person(told: object) -> tuple[AccountId | None, str | None]:
    if not isinstance(told, dict) or not isinstance(told.get("id"), int):
        return None, None
    return AccountId(str(told["id"])), str(told.get("display_name") or "") or None


def _version(row: Row, name: str) -> str:
    """Times over there count in seconds: two changes in one are told apart by the name."""
    return f"{row.get('updated_at')} {hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _digest(fact: FileFact) -> str:
    told = hashlib.sha256(f"{fact.remote} {fact.version} {fact.gone}".encode()).hexdigest()[:12]
    return f"{fact.changed_at.strftime(_STAMP)} {told}"


def _instant(row: Row, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(row.get(name)))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UnexpectedReply(
            say("Canvas answered something coplink does not understand."), f"no time in {name}"
        )
    return found.astimezone(UTC)


def _write(place: Place) -> str:
    return json.dumps(asdict(place))


def _read(cursor: str) -> Place:
    """A cursor of ours; whatever else has expired."""
    try:
        kept = json.loads(cursor)
        place = Place(**{**kept, "told": tuple(map(str, kept.get("told", ())))})
        times = [
            datetime.fromisoformat(one) for one in (place.listed, place.began, place.since or place.began)
        ]
        good = all(time.tzinfo is not None for time in times) and re.fullmatch(r"\d{1,19}", place.course)
        if good and type(place.source) is int and type(place.page) is int and place.source >= 0:
            return place
    except (TypeError, ValueError, AttributeError):
        pass
    raise CursorExpired(say("coplink reads the library in Canvas anew."), "a cursor of another form")
