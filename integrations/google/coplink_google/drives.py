"""The shared drive of a community: made once by a stored request id, marked by a small file, shared with the group.

Shared drives have no description, so the mark is the property of a file inside, which one search over all drives finds.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import IntegrationError, NotReadyYet
from coplink.ports.spaces import Made
from coplink_google.marks import FOLDER, MARKER_FILE, short, the_one
from coplink_google.permissions import Grant, Permissions
from coplink_google.replies import AlreadyThere, rows_of, text_of
from coplink_google.workspace import Workspace

LIBRARY = "Library"


class Drives:
    """The steps ``drive``, ``grants`` and ``folder``."""

    def __init__(self, workspace: Workspace) -> None:
        self._google, self._permissions = workspace, Permissions(workspace)

    def make(self, name: str, marker: str, key: str) -> Made:
        """The drive of this marker, found or made."""
        made = self._find(marker)
        if made is not None:
            return made
        request = str(uuid.UUID(hashlib.sha256(f"drive/{key}".encode()).hexdigest()[:32]))
        try:
            answer = self._google.call("drive.drives.create", requestId=request, body={"name": name})
            made = Made(text_of(answer, "id"))
        except AlreadyThere:  # used before: for another name, or too long ago for Google to repeat it
            made = self._adopt(name)
        self._google.call(
            "drive.files.create",
            supportsAllDrives=True,
            fields="id",
            body={
                "name": MARKER_FILE,
                "parents": [made.remote],
                "mimeType": "text/plain",
                "description": "coplink finds this shared drive again by this file. Please leave it here.",
                "appProperties": {"coplink": short(marker)},
            },
        )
        return made

    def _find(self, marker: str) -> Made | None:
        return the_one(
            {text_of(row, "driveId") for row in self._marked("coplink", marker, {"corpora": "allDrives"})}
        )

    def _marked(self, name: str, marker: str, where: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        query = f"appProperties has {{ key='{name}' and value='{short(marker)}' }} and trashed = false"
        pages = self._google.pages(
            "drive.files.list",
            q=query,
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            pageSize=100,
            fields="nextPageToken,files(id,driveId)",
            **where,
        )
        return [row for page in pages for row in rows_of(page, "files")]

    def _adopt(self, name: str) -> Made:
        """The one drive of that exact name without anybody's marker: ours, of a go that ended before marking it."""
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        pages = self._google.pages("drive.drives.list", q=f"name = '{quoted}'", pageSize=100)
        named = {
            text_of(row, "id") for page in pages for row in rows_of(page, "drives") if row.get("name") == name
        }
        unmarked = {drive for drive in named if not self._holds_marker(drive)}
        made = the_one(unmarked)
        if made is None:
            raise NotReadyYet(
                say("Google has not finished making this yet."), "drives.create 409, no such drive yet"
            )
        return made

    def _holds_marker(self, drive: str) -> bool:
        answer = self._google.call(
            "drive.files.list",
            q=f"name = '{MARKER_FILE}' and trashed = false",
            corpora="drive",
            driveId=drive,
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            pageSize=1,
            fields="files(id)",
        )
        return bool(rows_of(answer, "files"))

    def grant(self, drive: str, address: str) -> Made:
        """The group as Contributor of the drive; nobody is mailed."""
        made = self._permissions.give(drive, [Grant("group", address, "writer")])[address]
        if isinstance(made, IntegrationError):
            raise made
        return made

    def folder(self, drive: str, marker: str) -> Made:
        """The folder where people put what they make."""
        rows = self._marked("coplinkLibrary", marker, {"corpora": "drive", "driveId": drive})
        made = the_one({text_of(row, "id") for row in rows})
        if made is not None:
            return made
        body = {
            "name": LIBRARY,
            "parents": [drive],
            "mimeType": FOLDER,
            "appProperties": {"coplinkLibrary": short(marker)},
        }
        answer = self._google.call("drive.files.create", supportsAllDrives=True, fields="id", body=body)
        return Made(text_of(answer, "id"))
