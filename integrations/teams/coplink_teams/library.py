"""What is made in a channel's files, read as a drive's changes. Names, people, times and links; never the content.

Graph lists changes for a whole drive (``delta`` on its root). Only what lies below the channel's folder is told. Its
answers need not carry paths, so folders are followed by id: those seen below ours travel in the cursor. A file that is
reported outside of them is told as gone, since it may have been moved away; the catalogue ignores what it never held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from coplink.core.artifacts import FileFact
from coplink.core.people import AccountId
from coplink.core.words import say
from coplink.ports.errors import CursorExpired
from coplink.ports.integration import Surroundings
from coplink.ports.library import Changes
from coplink_teams.calls import Graph
from coplink_teams.replies import accepted, careful, strange

MOST_FOLDERS = 2000
_NAME = "GET /drives/{drive-id}/root/delta"


class ChannelFiles:
    """Reads what changed below a channel's folder."""

    def __init__(self, graph: Graph, around: Surroundings) -> None:
        self._graph, self._around = graph, around

    @careful
    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        """One page; ``None`` begins a complete listing. Raises ``CursorExpired`` when Graph forgot our place."""
        drive, _, folder = parts["folder"].partition("/")
        link, folders = _opened(cursor, folder)
        if link:
            answer = self._graph.send(
                "GET", self._graph.own_link(link, _NAME), service="files", operation=_NAME
            )
        else:
            answer = self._graph.send(
                "GET",
                lambda g: g.drives.by_drive_id(drive).items.by_drive_item_id("root").delta,
                service="files",
            )
        page = accepted(answer, 200).json()
        onward, last = page.get("@odata.nextLink"), False
        if onward is None:
            onward, last = page["@odata.deltaLink"], True
        if not last and onward == link:
            raise strange(f"{_NAME} next link to itself")
        entries = page["value"]
        _follow(entries, folders)
        incremental = cursor is not None
        facts = tuple(fact for entry in entries if (fact := self._fact(entry, folders, incremental)))
        # Of an entry that comes twice on one page the later one holds (Graph's page on delta queries).
        unique = tuple({fact.remote: fact for fact in facts}.values())
        return Changes(unique, _closed(self._graph.own_link(onward, _NAME), folders), last)

    def _fact(self, entry: Mapping[str, Any], folders: set[str], incremental: bool) -> FileFact | None:
        if "folder" in entry or "root" in entry:
            return None
        now = self._around.clock.now()
        inside = (entry.get("parentReference") or {}).get("id") in folders
        if "deleted" in entry or not inside:
            # Tombstones carry little more than an id
            gone = FileFact(
                str(entry["id"]), "", "", now, _time(entry.get("lastModifiedDateTime")) or now, "", gone=True
            )
            return gone if incremental else None
        name = str(entry.get("name") or "")
        if not name or name.startswith(("~$", ".")):
            return None  # an office program's lock file, a hidden file
        maker = ((entry.get("createdBy") or {}).get("user")) or {}
        made = _time(entry.get("createdDateTime")) or now
        kind = entry.get("file") or entry.get("package") or {}
        return FileFact(
            remote=str(entry["id"]),
            name=name,
            link=str(entry.get("webUrl") or ""),
            made_at=made,
            changed_at=_time(entry.get("lastModifiedDateTime")) or made,
            version=str(entry.get("cTag") or entry.get("eTag") or ""),
            author=AccountId(str(maker["id"])) if maker.get("id") else None,
            author_name=str(maker["displayName"]) if maker.get("displayName") else None,
            media_type=str(kind.get("mimeType") or kind.get("type") or ""),
        )


def _follow(entries: list[dict[str, Any]], folders: set[str]) -> None:
    """Learn folders below ours until nothing new is found: a parent may come after its child."""
    named = [entry for entry in entries if "folder" in entry]
    while True:
        before = len(folders)
        for entry in named:
            inside = (entry.get("parentReference") or {}).get("id") in folders
            if inside and "deleted" not in entry and len(folders) < MOST_FOLDERS:
                folders.add(str(entry["id"]))
        if len(folders) == before:
            return


def _opened(cursor: str | None, folder: str) -> tuple[str | None, set[str]]:
    if cursor is None:
        return None, {folder}
    try:
        kept = json.loads(cursor)
        return str(kept["link"]), {folder, *map(str, kept["folders"])}
    except (ValueError, LookupError, TypeError) as error:
        raise CursorExpired(
            say("coplink lost its place and lists everything anew."), "cursor of another form"
        ) from error


def _closed(link: str, folders: set[str]) -> str:
    return json.dumps({"link": link, "folders": sorted(folders)}, separators=(",", ":"))


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
