"""Files of the shared drive, read as a listing first and as changes from then on.

The token to read changes from is taken *before* the listing, so that nothing made meanwhile is missed; it travels
inside the cursor. Files of a shared drive have no owner: whoever changed a file last when coplink first meets it counts
as its author. Google names that person by address and a Drive permission id, which is not the account id; the address
becomes one through the Directory, for our own domain only. Everybody else stays a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from coplink.core.artifacts import FileFact
from coplink.core.words import say
from coplink.ports.errors import CursorExpired, UnexpectedReply
from coplink.ports.library import Changes
from coplink_google.directory import GoogleDirectory
from coplink_google.marks import FOLDER, MARKER_FILE
from coplink_google.options import Options
from coplink_google.replies import part, rows_of, text_of
from coplink_google.workspace import Workspace

PAGE = 100
SHORTCUT = "application/vnd.google-apps.shortcut"
FILE = (
    "id,name,mimeType,webViewLink,createdTime,modifiedTime,version,trashed,appProperties,"
    "lastModifyingUser(displayName,emailAddress)"
)


class GoogleLibrary:
    """``cursor`` is ``files:<token for later>:<page>`` while listing, and ``changes:<token>`` afterwards."""

    def __init__(self, workspace: Workspace, options: Options, directory: GoogleDirectory) -> None:
        self._google, self._options, self._directory = workspace, options, directory

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        drive = part(parts, "drive")
        if cursor is None:
            return self._listing(drive, self._start(drive), "")
        kind, _, rest = cursor.partition(":")
        if kind == "files":
            later, _, page = rest.partition(":")
            return self._listing(drive, later, page)
        if kind == "changes" and rest:
            return self._changes(drive, rest)
        raise CursorExpired(say("Google forgot where coplink's reading stopped."), "a cursor of another form")

    def _start(self, drive: str) -> str:
        """The token with which changes begin that are made from now on."""
        how = {"driveId": drive, "supportsAllDrives": True, "fields": "startPageToken"}
        return text_of(self._google.call("drive.changes.getStartPageToken", **how), "startPageToken")

    def _listing(self, drive: str, later: str, page: str) -> Changes:
        answer = self._google.call(
            "drive.files.list",
            corpora="drive",
            driveId=drive,
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
            q="trashed = false",
            pageSize=PAGE,
            orderBy="createdTime",
            fields=f"nextPageToken,files({FILE})",
            **({"pageToken": page} if page else {}),
        )
        files = self._facts(rows_of(answer, "files"))
        onward = answer.get("nextPageToken")
        if onward is not None and (not isinstance(onward, str) or onward == page):
            raise UnexpectedReply(say("Google's listing does not come to an end."), "drive.files.list")
        if onward:
            return Changes(files, f"files:{later}:{onward}", last=False)
        return Changes(files, f"changes:{later}", last=True)

    def _facts(self, rows: Sequence[Mapping[str, Any]]) -> tuple[FileFact, ...]:
        """What is told of those that are files of people."""
        return tuple(self._fact(row) for row in rows if _shown(row))

    def _changes(self, drive: str, token: str) -> Changes:
        rows, onward, last = self._changed_rows(drive, token)
        facts = [self._changed(row) for row in rows]
        return Changes(tuple(fact for fact in facts if fact is not None), f"changes:{onward}", last)

    def _changed_rows(
        self, drive: str, token: str, more: str = ""
    ) -> tuple[list[Mapping[str, Any]], str, bool]:
        """One page of changes, the token to go on with, and whether this was the last page for now."""
        answer = self._google.call(
            "drive.changes.list",
            pageToken=token,
            driveId=drive,
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
            includeRemoved=True,
            pageSize=PAGE,
            fields=f"nextPageToken,newStartPageToken,changes(changeType,removed,fileId,time,file({FILE}{more}))",
        )
        rows = [row for row in rows_of(answer, "changes") if row.get("changeType") == "file"]
        onward = answer.get("nextPageToken")
        if onward == token:
            raise UnexpectedReply(say("Google's listing does not come to an end."), "drive.changes.list")
        if onward:
            return rows, text_of(answer, "nextPageToken"), False
        return rows, text_of(answer, "newStartPageToken"), True

    def _changed(self, row: Mapping[str, Any]) -> FileFact | None:
        file = row.get("file")
        if row.get("removed") or not isinstance(file, dict):  # deleted for good, or no longer ours to see
            when = instant(row.get("time"))
            return FileFact(text_of(row, "fileId"), "", "", when, when, "removed", gone=True)
        if not _shown(file):
            return None
        return self._fact(file)

    def _fact(self, row: Mapping[str, Any]) -> FileFact:
        person = row.get("lastModifyingUser") or {}
        address = str(person.get("emailAddress", ""))
        ours = bool(address) and address.casefold() != self._options.robot
        return FileFact(
            remote=text_of(row, "id"),
            name=str(row.get("name", "")),
            link=str(row.get("webViewLink", "")),
            made_at=instant(row.get("createdTime")),
            changed_at=instant(row.get("modifiedTime")),
            version=str(row.get("version", "")),
            author=self._directory.author(address) if ours else None,
            author_name=str(person.get("displayName", "")) or None,
            media_type=str(row.get("mimeType", "")),
            gone=bool(row.get("trashed")),
        )


def _shown(row: Mapping[str, Any]) -> bool:
    """Whether it is a file of people: no folder, no shortcut, not our marker file."""
    if row.get("mimeType") in (FOLDER, SHORTCUT):
        return False
    return not (row.get("name") == MARKER_FILE and "coplink" in (row.get("appProperties") or {}))


def instant(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UnexpectedReply(
            say("Google answered something coplink does not understand."), "a time"
        ) from None
    return found.astimezone(UTC)
