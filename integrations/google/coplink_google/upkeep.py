"""What becomes of a community's places in Google Workspace: another name, rest, waking, and what stays without coplink.

A shared drive cannot be archived; its group can be made a reader of it, which comes to the same: everybody may read,
and nobody but the robot account (and whoever was given more by hand) adds anything. Nothing is deleted but coming
meetings of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone
from coplink.ports.upkeep import Kept, Left, UpkeepFacts
from coplink_google.names import drive_name
from coplink_google.permissions import Permissions
from coplink_google.replies import part, text_of
from coplink_google.standing import let_calendar_go
from coplink_google.workspace import Workspace

WRITES, READS = "writer", "reader"
_RESTS = say(
    "The group can read the shared drive and adds nothing any more. The calendar and its past meetings stay."
)
_WAKES = say("The group can add files to the shared drive again.")
_CLOSED = say(
    "Somebody took the group's access to the shared drive away, so nobody of it reads or adds anything."
)


class GoogleUpkeep:
    """Renames, archives, restores and lets go of drive, group and calendar."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._google, self._clock, self._permissions = workspace, clock, Permissions(workspace)

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        name = text_of(self._drive(parts), "name")
        held = self._held(parts)
        return UpkeepFacts(name, held is None or held.get("role") == READS)

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        """The same name for group, calendar and drive; a calendar taken away by hand is no hindrance.

        The drive comes last: while it has another name, the rest may have too.
        """
        name = drive_name(name)
        if self._drive(parts).get("name") != name:
            self._google.call("drive.drives.update", driveId=part(parts, "drive"), body={"name": name})
        group = part(parts, "group")
        if self._google.call("directory.groups.get", groupKey=group).get("name") != name:
            self._google.call("directory.groups.patch", groupKey=group, body={"name": name})
        if "calendar" in parts:
            with suppress(Gone):
                self._rename_calendar(parts["calendar"], name)
        return name

    def _rename_calendar(self, calendar: str, name: str) -> None:
        if self._google.call("calendar.calendars.get", calendarId=calendar).get("summary") != name:
            self._google.call("calendar.calendars.patch", calendarId=calendar, body={"summary": name})

    def archive(self, parts: Mapping[str, str]) -> Kept:
        held = self._held(parts)
        if held is None:
            return Kept(True, _CLOSED)
        if held.get("role") != READS:
            self._permissions.change(part(parts, "drive"), text_of(held, "id"), READS)
        return Kept(True, _RESTS)

    def restore(self, parts: Mapping[str, str]) -> Kept:
        """Let the group write again where rest made it a reader; what a person took away or changed stays so."""
        held = self._held(parts)
        if held is None:
            return Kept(True, _CLOSED)
        if held.get("role") == READS:
            self._permissions.change(part(parts, "drive"), text_of(held, "id"), WRITES)
        return Kept(True, _WAKES)

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        """What stays; with ``take_away`` coming meetings of ours are called off."""
        left, name = list[Left](), "coplink"
        try:
            name, drive = text_of(self._drive(parts), "name"), part(parts, "drive")
            how = say("In Google Drive, a manager of the shared drive deletes it once it is empty.")
            left.append(Left(name, f"https://drive.google.com/drive/folders/{drive}", how))
        except Gone:
            pass
        try:
            group = self._google.call("directory.groups.get", groupKey=part(parts, "group"))
            how = say("In the Google Admin console, under Groups, an administrator deletes the group.")
            left.append(Left(text_of(group, "email"), "https://admin.google.com/ac/groups", how))
        except Gone:
            pass
        return (*left, *let_calendar_go(self._google, parts, name, take_away, self._clock.now()))

    def _drive(self, parts: Mapping[str, str]) -> Mapping[str, Any]:
        return self._google.call("drive.drives.get", driveId=part(parts, "drive"), fields="id,name")

    def _held(self, parts: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The group's own access; None where somebody took it away."""
        rows = self._permissions.rows(part(parts, "drive"))
        return next((row for row in rows if row.get("id") == part(parts, "grants")), None)
