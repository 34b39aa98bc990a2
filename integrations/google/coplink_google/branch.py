"""The files of a folder that lies among others: read folder by folder first, and as changes from then on.

Google tells the changes of a whole drive. What lies beside the community's folder is nobody's business here: it is
climbed from until that is known, and nothing of it is kept. A folder that was moved in brings its files along without a
word about them, so it is read as at the beginning; what leaves with a folder stays in the catalogue until it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.artifacts import FileFact
from coplink.core.words import say
from coplink.ports.errors import CursorExpired, Gone, LimitReached
from coplink.ports.library import Changes
from coplink_google import ADMIN
from coplink_google.brought import the_folder
from coplink_google.library import FILE, PAGE, GoogleLibrary, instant
from coplink_google.marks import FOLDER
from coplink_google.replies import part, rows_of, text_of

FOLDERS = 500  # that wait to be read: their ids travel in the cursor
DEPTH = 100  # the most that Google nests (July 2026)


class BranchLibrary(GoogleLibrary):
    """``cursor`` is ``tree:<token for later>:<folders to read>:<page>`` while listing, then ``changes:<token>``."""

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        drive, folder = part(parts, "drive"), part(parts, "folder")
        if cursor is None:
            the_folder(self._google, parts)
            return self._tree(drive, self._start(drive), [folder], "")
        kind, _, rest = cursor.partition(":")
        if kind == "tree":
            later, folders, page = rest.split(":", 2)
            return self._tree(drive, later, folders.split(","), page)
        if kind == "changes" and rest:
            return self._below(drive, folder, rest)
        raise CursorExpired(say("Google forgot where coplink's reading stopped."), "a cursor of another form")

    def _tree(self, drive: str, later: str, folders: list[str], page: str) -> Changes:
        """One page of the first of these folders; the folders in it are read after them."""
        answer = self._google.call(
            "drive.files.list",
            corpora="drive",
            driveId=drive,
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
            q=f"'{folders[0]}' in parents and trashed = false",
            pageSize=PAGE,
            fields=f"nextPageToken,files({FILE})",
            **({"pageToken": page} if page else {}),
        )
        rows, onward = rows_of(answer, "files"), str(answer.get("nextPageToken") or "")
        inner = [text_of(row, "id") for row in rows if row.get("mimeType") == FOLDER]
        due = (folders if onward else folders[1:]) + [one for one in inner if one not in folders]
        if len(due) > FOLDERS:
            said = say("The folder of this community holds more than {most} folders.", most=FOLDERS)
            raise LimitReached(said, ADMIN, "folders of a library")
        files = self._facts(rows)
        if due:
            return Changes(files, f"tree:{later}:{','.join(due)}:{onward}", last=False)
        return Changes(files, f"changes:{later}", last=True)

    def _below(self, drive: str, folder: str, token: str) -> Changes:
        rows, onward, last = self._changed_rows(drive, token, more=",parents")
        climb = Climb(self._google, drive, folder)
        files, inner = list[FileFact](), list[str]()
        for row in rows:
            file = row.get("file")
            if row.get("fileId") == folder:
                the_folder(self._google, {"folder": folder})
                continue
            if row.get("removed") or not isinstance(file, dict):
                files.append(self._away(row))
            elif not climb.inside(file):
                files.append(self._away({**row, "fileId": text_of(file, "id")}))
            elif file.get("mimeType") == FOLDER:
                inner += [] if file.get("trashed") else [text_of(file, "id")]
            else:
                files += self._facts([file])
        if inner:
            return Changes(tuple(files), f"tree:{onward}:{','.join(inner)}:", last=False)
        return Changes(tuple(files), f"changes:{onward}", last=last)

    def _away(self, row: Mapping[str, Any]) -> FileFact:
        """Deleted, moved elsewhere, or never ours: nothing is told of it but that it is not here."""
        when = instant(row.get("time"))
        return FileFact(text_of(row, "fileId"), "", "", when, when, "removed", gone=True)


class Climb:
    """Whether files lie below one folder, asking for each folder on the way up once."""

    def __init__(self, google: Any, drive: str, folder: str) -> None:
        self._google = google
        self._known: dict[str, bool] = {folder: True, drive: False}

    def inside(self, row: Mapping[str, Any]) -> bool:
        """Whether the folder is above this file."""
        way, above = list[str](), _parent(row)
        while above and above not in self._known and len(way) < DEPTH:
            way.append(above)
            try:
                found = self._google.call(
                    "drive.files.get", fileId=above, supportsAllDrives=True, fields="id,parents"
                )
            except Gone:
                found = {}
            above = _parent(found)
        answer = self._known.get(above, False)
        self._known |= dict.fromkeys(way, answer)
        return answer


def _parent(row: Mapping[str, Any]) -> str:
    parents = row.get("parents")
    return str(parents[0]) if isinstance(parents, list) and parents else ""
