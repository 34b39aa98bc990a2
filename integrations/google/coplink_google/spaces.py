"""The places of a community in Google Workspace, made step by step.

    group      one Google group carries all access: its members are the community's seats
    drive      a shared drive, made by the robot account, with a small marker file inside
    grants     the group as Contributor of the drive, once
    folder     the folder "Library", where people put what they make
    calendar   a calendar of the robot account that the group can see

Every step looks for our marker first and makes something only where there is none.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Ambiguous, Gone, NotReadyYet, UnexpectedReply
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_google import ADMIN, manifest
from coplink_google.options import Options
from coplink_google.replies import AlreadyThere, part, rows_of, text_of
from coplink_google.workspace import Workspace

STEPS = ("group", "drive", "grants", "folder", "calendar")
MARKER_FILE = ".coplink"
FOLDER = "application/vnd.google-apps.folder"
LIBRARY = "Library"
DESCRIPTION = 300  # characters; Groups Settings allows no more, although the Directory would

# The last of two concurrent writes to one drive's permissions wins, and the other is lost without a word.
_ACCESS_LOCKS = tuple(threading.Lock() for _ in range(64))


def access_lock(drive: str) -> threading.Lock:
    """The lock that every write to this drive's permissions holds."""
    return _ACCESS_LOCKS[int(hashlib.sha256(drive.encode()).hexdigest(), 16) % len(_ACCESS_LOCKS)]


def short(marker: str) -> str:
    """The marker's random part, as it goes into addresses and file properties."""
    return marker.rpartition(":")[2]


class GoogleSpaces:
    """Makes the parts of a shared drive; ``remote`` ids are those of group, drive, permission, folder, calendar."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._google, self._options = workspace, options
        self._make: Mapping[str, Callable[[SpaceWish, Mapping[str, str], str], Made]] = {
            "group": self._group,
            "drive": self._drive,
            "grants": self._grant,
            "folder": self._folder,
            "calendar": self._calendar,
        }

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        return STEPS

    def preview(self, wish: SpaceWish) -> str:
        printable = "".join(letter if letter.isprintable() else " " for letter in wish.name)
        return " ".join(printable.split())[: manifest.limits.name_length].strip() or "coplink"

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        if step not in self._make:
            raise UnexpectedReply(say("There is no such part of a shared drive."), f"step {step!r}")
        try:
            return self._make[step](wish, parts, key)
        except Gone as error:
            # What the step builds on was made by the step before: Google may need minutes to show it everywhere.
            raise NotReadyYet(say("Google has not finished making this yet."), error.detail) from None

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        drive = self._google.call("drive.drives.get", driveId=part(parts, "drive"), fields="id,name")
        folder = self._google.call(
            "drive.files.get",
            fileId=parts.get("folder") or part(parts, "drive"),
            supportsAllDrives=True,
            fields="id,webViewLink",
        )
        return SpaceFacts(text_of(drive, "name"), text_of(folder, "webViewLink"))

    # --- group ----------------------------------------------------------------------------------------------------

    def _group(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        address = f"cop-{short(wish.marker)[:16]}@{self._options.domain}"
        made = self._find_group(address, wish.marker)
        if made is None:
            about = f"{wish.about[: DESCRIPTION - len(wish.marker) - 1]} {wish.marker}".strip()
            body = {"email": address, "name": self.preview(wish), "description": about}
            try:
                made = Made(text_of(self._google.call("directory.groups.insert", body=body), "id"))
            except AlreadyThere:  # made by an earlier go, and not in the listing yet
                there = self._google.call("directory.groups.get", groupKey=address)
                if not _may_be_ours(there, wish.marker):
                    said = say("Another group in Google Workspace has the address of this community's group.")
                    raise Ambiguous(said, ADMIN, [address]) from None
                made = Made(text_of(there, "id"), found=True)
        self._close_group(address, wish.outsiders)
        return made

    def _find_group(self, address: str, marker: str) -> Made | None:
        pages = self._google.pages(
            "directory.groups.list", domain=self._options.domain, query="email:cop-*", maxResults=200
        )
        ours = {
            text_of(row, "id")
            for page in pages
            for row in rows_of(page, "groups")
            if str(row.get("description", "")).endswith(marker)
            or (row.get("email") == address and _may_be_ours(row, marker))
        }
        return _one(ours)

    def _close_group(self, address: str, outsiders: bool) -> None:
        """Invited people only; each value is a text over there, booleans included."""
        want = {
            "allowExternalMembers": "true" if outsiders else "false",
            "whoCanJoin": "INVITED_CAN_JOIN",
            "whoCanViewMembership": "ALL_MEMBERS_CAN_VIEW",  # Calendar opens a group only to organisers who may see it
            "whoCanDiscoverGroup": "ALL_MEMBERS_CAN_DISCOVER",
            "includeInGlobalAddressList": "false",
        }
        have = self._google.call("settings.groups.get", groupUniqueId=address)
        wrong = {name: value for name, value in want.items() if have.get(name) != value}
        if wrong:
            self._google.call("settings.groups.patch", groupUniqueId=address, body=wrong)

    def _group_address(self, parts: Mapping[str, str]) -> str:
        return text_of(
            self._google.call("directory.groups.get", groupKey=part(parts, "group")), "email"
        ).casefold()

    # --- drive ----------------------------------------------------------------------------------------------------

    def _drive(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        made = self._find_drive(wish.marker)
        if made is not None:
            return made
        request = str(uuid.UUID(hashlib.sha256(f"drive/{key}".encode()).hexdigest()[:32]))
        try:
            made = Made(
                text_of(
                    self._google.call(
                        "drive.drives.create", requestId=request, body={"name": self.preview(wish)}
                    ),
                    "id",
                )
            )
        except (
            AlreadyThere
        ):  # this request was used before: for another name, or too long ago for Google to repeat it
            made = self._adopt_drive(self.preview(wish))
        self._google.call(
            "drive.files.create",
            supportsAllDrives=True,
            fields="id",
            body={
                "name": MARKER_FILE,
                "parents": [made.remote],
                "mimeType": "text/plain",
                "description": "coplink finds this shared drive again by this file. Please leave it here.",
                "appProperties": {"coplink": short(wish.marker)},
            },
        )
        return made

    def _find_drive(self, marker: str) -> Made | None:
        return _one(
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

    def _adopt_drive(self, name: str) -> Made:
        """The one drive of that exact name without anybody's marker: ours, of a go that ended before marking it."""
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        pages = self._google.pages("drive.drives.list", q=f"name = '{quoted}'", pageSize=100)
        named = {
            text_of(row, "id") for page in pages for row in rows_of(page, "drives") if row.get("name") == name
        }
        unmarked = {drive for drive in named if not self._holds_marker(drive)}
        made = _one(unmarked)
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

    # --- what belongs to the drive --------------------------------------------------------------------------------

    def _grant(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        address, drive = self._group_address(parts), part(parts, "drive")
        with access_lock(drive):
            pages = self._google.pages(
                "drive.permissions.list",
                fileId=drive,
                supportsAllDrives=True,
                pageSize=100,
                fields="nextPageToken,permissions(id,type,role,emailAddress)",
            )
            rows = [row for page in pages for row in rows_of(page, "permissions")]
            mine = {
                text_of(row, "id") for row in rows if str(row.get("emailAddress", "")).casefold() == address
            }
            made = _one(mine)
            if made is None:
                answer = self._google.call(
                    "drive.permissions.create",
                    fileId=drive,
                    supportsAllDrives=True,
                    sendNotificationEmail=False,
                    fields="id",
                    body={"type": "group", "role": "writer", "emailAddress": address},
                )
                made = Made(text_of(answer, "id"))
        return made

    def _folder(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        drive = part(parts, "drive")
        rows = self._marked("coplinkLibrary", wish.marker, {"corpora": "drive", "driveId": drive})
        made = _one({text_of(row, "id") for row in rows})
        if made is not None:
            return made
        body = {
            "name": LIBRARY,
            "parents": [drive],
            "mimeType": FOLDER,
            "appProperties": {"coplinkLibrary": short(wish.marker)},
        }
        answer = self._google.call("drive.files.create", supportsAllDrives=True, fields="id", body=body)
        return Made(text_of(answer, "id"))

    # --- calendar -------------------------------------------------------------------------------------------------

    def _calendar(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        pages = self._google.pages("calendar.calendarList.list", maxResults=250, showHidden=True)
        rows = [row for page in pages for row in rows_of(page, "items")]
        made = _one(
            {text_of(row, "id") for row in rows if str(row.get("description", "")).endswith(wish.marker)}
        )
        if made is None:
            body = {"summary": self.preview(wish), "description": f"{wish.about} {wish.marker}".strip()}
            made = Made(text_of(self._google.call("calendar.calendars.insert", body=body), "id"))
        self._show_calendar(made.remote, self._group_address(parts))
        return made

    def _show_calendar(self, calendar: str, address: str) -> None:
        pages = self._google.pages("calendar.acl.list", calendarId=calendar, maxResults=250)
        scopes = [
            row.get("scope") for page in pages for row in rows_of(page, "items") if row.get("role") != "none"
        ]
        if {"type": "group", "value": address} not in scopes:
            rule = {"role": "reader", "scope": {"type": "group", "value": address}}
            self._google.call("calendar.acl.insert", calendarId=calendar, sendNotifications=False, body=rule)


def _may_be_ours(group: Mapping[str, Any], marker: str) -> bool:
    """Whether a group at our address is ours, also when a person rewrote its description; not with another's mark."""
    described = str(group.get("description", ""))
    return described.endswith(marker) or "coplink:" not in described


def _one(found: set[str]) -> Made | None:
    """What carries our marker, if anything does; two of them stop the run."""
    if len(found) > 1:
        said = say("{count} things in Google Workspace carry the mark of this community.", count=len(found))
        raise Ambiguous(said, ADMIN, sorted(found))
    return Made(next(iter(found)), found=True) if found else None
