"""The places of a community in Google Workspace, made step by step.

    group      one Google group carries all access: its members are the community's seats
    drive      a shared drive, made by the robot account, with a small marker file inside
    grants     the group as Contributor of the drive, once
    folder     the folder "Library", where people put what they make
    calendar   a calendar of the robot account that the group can see
    chat       a Chat space with the group in it, where the connection asks for it (``chat``)

Every step looks for our marker first and makes something only where there is none. A place in a folder that somebody
brought is made otherwise: see ``brought``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coplink.core.words import say
from coplink.ports.errors import Ambiguous, Gone, NotReadyYet, UnexpectedReply
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_google import ADMIN
from coplink_google.brought import BroughtPlace
from coplink_google.chat import ChatSpaces
from coplink_google.drives import Drives
from coplink_google.marks import may_be_ours, short, the_one
from coplink_google.names import BROUGHT, brought, drive_name, steps_of
from coplink_google.options import Options
from coplink_google.replies import AlreadyThere, part, rows_of, text_of
from coplink_google.workspace import Workspace

DESCRIPTION = 300  # characters; Groups Settings allows no more, although the Directory would


class GoogleSpaces:
    """Makes the parts of a shared drive; ``remote`` ids are those of group, drive, permission, folder, calendar."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._google, self._options, self._drives = workspace, options, Drives(workspace)
        self._make: Mapping[str, Callable[[SpaceWish, Mapping[str, str], str], Made]] = {
            "group": self._group,
            "drive": lambda wish, parts, key: self._drives.make(drive_name(wish.name), wish.marker, key),
            "grants": lambda wish, parts, key: self._drives.grant(
                part(parts, "drive"), self._group_address(parts)
            ),
            "folder": lambda wish, parts, key: self._drives.folder(part(parts, "drive"), wish.marker),
            "calendar": self._calendar,
            "chat": ChatSpaces(workspace, options).make,
        }
        self._brought = BroughtPlace(workspace, options, self._calendar)

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        return steps_of(self._options.mode, self._options.chat, wish.parts)

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        make = self._brought.make if steps_of(self._options.mode, "", parts) is BROUGHT else self._make
        if step not in make:
            raise UnexpectedReply(say("There is no such part of a shared drive."), f"step {step!r}")
        try:
            return make[step](wish, parts, key)
        except Gone as error:
            # What the step builds on was made by the step before: Google may need minutes to show it everywhere.
            raise NotReadyYet(say("Google has not finished making this yet."), error.detail) from None

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        if brought(parts):
            return self._brought.describe(parts)
        drive = part(parts, "drive")
        name = text_of(self._google.call("drive.drives.get", driveId=drive, fields="id,name"), "name")
        try:
            folder = self._google.call(
                "drive.files.get",
                fileId=part(parts, "folder"),
                supportsAllDrives=True,
                fields="id,webViewLink",
            )
            return SpaceFacts(name, text_of(folder, "webViewLink"))
        except Gone:  # somebody took the folder away; the drive is there all the same
            return SpaceFacts(name, f"https://drive.google.com/drive/folders/{drive}")

    # --- group ----------------------------------------------------------------------------------------------------

    def _group(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        address = f"cop-{short(wish.marker)[:16]}@{self._options.domain}"
        made = self._find_group(address, wish.marker)
        if made is None:
            about = f"{wish.about[: DESCRIPTION - len(wish.marker) - 1]} {wish.marker}".strip()
            body = {"email": address, "name": drive_name(wish.name), "description": about}
            try:
                made = Made(text_of(self._google.call("directory.groups.insert", body=body), "id"))
            except AlreadyThere:  # made by an earlier go, and not in the listing yet
                there = self._google.call("directory.groups.get", groupKey=address)
                if not may_be_ours(there, wish.marker):
                    said = say("Another group in Google Workspace has the address of this community's group.")
                    raise Ambiguous(said, ADMIN, [address]) from None
                made = Made(text_of(there, "id"), found=True)
        self._close_group(address, wish.outsiders and self._options.lets_guests_in)
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
            or (row.get("email") == address and may_be_ours(row, marker))
        }
        return the_one(ours)

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

    # --- calendar -------------------------------------------------------------------------------------------------

    def _calendar(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        pages = self._google.pages("calendar.calendarList.list", maxResults=250, showHidden=True)
        rows = [row for page in pages for row in rows_of(page, "items")]
        made = the_one(
            {text_of(row, "id") for row in rows if str(row.get("description", "")).endswith(wish.marker)}
        )
        if made is None:
            body = {"summary": drive_name(wish.name), "description": f"{wish.about} {wish.marker}".strip()}
            made = Made(text_of(self._google.call("calendar.calendars.insert", body=body), "id"))
        if "group" in parts:  # without one, meetings come to people as invitations
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
