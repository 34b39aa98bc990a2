"""A community's place in a folder that somebody brought: a folder of ours in theirs, and nothing beside it.

    folder     the community's own folder, marked, in theirs
    drive      the shared drive that both lie on, found and never made
    calendar   a calendar of the robot account; without a group people see its meetings as invitations

Nothing of what lies around it is touched, named or listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Gone, Misconfigured
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_google import ADMIN
from coplink_google.marks import FOLDER, short, the_one
from coplink_google.names import drive_name
from coplink_google.options import Options
from coplink_google.permissions import MEMBERS
from coplink_google.replies import part, rows_of, text_of
from coplink_google.workspace import Workspace

MARK = "coplinkFolder"
Make = Callable[[SpaceWish, Mapping[str, str], str], Made]
_FULL = say(
    "A connection in mode “none” makes a shared drive and a group for each community, which hold 50,000 people."
)


class BroughtPlace:
    """The steps of a place in somebody's folder, and what there is to say about it."""

    def __init__(self, workspace: Workspace, options: Options, calendar: Make) -> None:
        self._google, self._options = workspace, options
        self.make: Mapping[str, Make] = {"drive": self._drive, "folder": self._folder, "calendar": calendar}

    def _drive(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        shown = {"supportsAllDrives": True, "fields": "driveId"}
        found = self._google.call("drive.files.get", fileId=part(parts, "folder"), **shown)
        return Made(text_of(found, "driveId"), found=True)

    def _folder(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        pages = self._google.pages(
            "drive.files.list",
            q=f"appProperties has {{ key='{MARK}' and value='{short(wish.marker)}' }} and trashed = false",
            corpora="allDrives",
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            pageSize=100,
            fields="nextPageToken,files(id)",
        )
        made = the_one({text_of(row, "id") for page in pages for row in rows_of(page, "files")})
        if made is not None:
            return made
        body = {
            "name": drive_name(wish.name),
            "parents": [text_of(named(self._google, self._options), "id")],
            "mimeType": FOLDER,
            "description": wish.about,
            "appProperties": {MARK: short(wish.marker)},
        }
        answer = self._google.call("drive.files.create", supportsAllDrives=True, fields="id", body=body)
        return Made(text_of(answer, "id"))

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The community's folder: what it is called now, and how many people may be given access one by one."""
        folder = the_folder(self._google, parts)
        return SpaceFacts(text_of(folder, "name"), text_of(folder, "webViewLink"), MEMBERS, _FULL)


def named(google: Workspace, options: Options) -> Mapping[str, Any]:
    """The folder the connection names; raises ``Misconfigured`` where it is none, or not on a shared drive."""
    shown = "id,mimeType,driveId,trashed,capabilities(canAddChildren,canShare)"
    try:
        found = google.call("drive.files.get", fileId=options.folder, supportsAllDrives=True, fields=shown)
    except Gone as error:
        said = say("The folder of the Google connection is not there, or the robot account may not open it.")
        raise Misconfigured(said, ADMIN, error.detail) from None
    if found.get("mimeType") != FOLDER or not found.get("driveId") or found.get("trashed"):
        said = say("The folder of the Google connection is no folder on a shared drive.")
        raise Misconfigured(said, ADMIN, "drive.files.get")
    return found


def the_folder(google: Workspace, parts: Mapping[str, str]) -> Mapping[str, Any]:
    """A community's folder; raises ``Gone`` where somebody took it away, into the bin too."""
    shown = "id,name,webViewLink,trashed"
    found = google.call("drive.files.get", fileId=part(parts, "folder"), supportsAllDrives=True, fields=shown)
    if found.get("trashed"):
        raise Gone(say("This is not in Google Workspace any more."), "the folder is in the bin")
    return found
