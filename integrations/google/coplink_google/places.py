"""Which kind of place a call is about: one of coplink's own, or a folder in one that somebody brought.

A connection may have changed its mode since a place was made. Each place is kept by its own ways, as far as the
present credentials reach; what they do not reach says so itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import say
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone
from coplink.ports.library import Changes, Library
from coplink.ports.seats import BatchResult, Seats
from coplink.ports.upkeep import Kept, Left, Upkeep, UpkeepFacts
from coplink_google.brought import the_folder
from coplink_google.chat import ChatSpaces
from coplink_google.names import brought, drive_name
from coplink_google.replies import part, text_of
from coplink_google.standing import let_calendar_go
from coplink_google.upkeep import GoogleUpkeep
from coplink_google.workspace import Workspace

_STAYS = say("coplink leaves the access to a folder in one of yours as it is; whoever may edit it still may.")
_OPEN = say("The folder was never closed.")


class SeatsByPlace:
    """Members of a group, or people with access of their own to a folder."""

    def __init__(self, groups: Seats, folders: Seats) -> None:
        self._groups, self._folders = groups, folders

    def _of(self, parts: Mapping[str, str]) -> Seats:
        return self._folders if brought(parts) else self._groups

    def read(self, parts: Mapping[str, str]) -> Observed:
        return self._of(parts).read(parts)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        return self._of(parts).look(parts, account)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        return self._of(parts).put(parts, seats)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        return self._of(parts).remove(parts, accounts)


class LibraryByPlace:
    """The files of a whole drive, or of one folder."""

    def __init__(self, drives: Library, folders: Library) -> None:
        self._drives, self._folders = drives, folders

    def changes(self, parts: Mapping[str, str], cursor: str | None) -> Changes:
        return (self._folders if brought(parts) else self._drives).changes(parts, cursor)


class FolderUpkeep(GoogleUpkeep):
    """The same for a folder in one of somebody's: it gets another name, and its calendar; its access is theirs."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        super().__init__(workspace, clock)
        self._workspace, self._now = workspace, clock

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        return UpkeepFacts(text_of(the_folder(self._workspace, parts), "name"), False)

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        name = drive_name(name)
        if the_folder(self._workspace, parts).get("name") != name:
            how = {"supportsAllDrives": True, "fields": "id", "body": {"name": name}}
            self._workspace.call("drive.files.update", fileId=part(parts, "folder"), **how)
        if "calendar" in parts:
            with suppress(Gone):
                self._rename_calendar(parts["calendar"], name)
        return name

    def archive(self, parts: Mapping[str, str]) -> Kept:
        return Kept(False, _STAYS)

    def restore(self, parts: Mapping[str, str]) -> Kept:
        return Kept(True, _OPEN)

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        left, name = list[Left](), "coplink"
        try:
            folder = the_folder(self._workspace, parts)
            name = text_of(folder, "name")
            how = say(
                "In Google Drive, somebody who manages the shared drive deletes the folder, or its access."
            )
            left.append(Left(name, text_of(folder, "webViewLink"), how))
        except Gone:
            pass
        return (*left, *let_calendar_go(self._workspace, parts, name, take_away, self._now.now()))


class UpkeepByPlace:
    """Another name, rest and waking, by the kind of place; a Chat space goes along."""

    def __init__(self, drives: Upkeep, folders: Upkeep, chat: ChatSpaces) -> None:
        self._drives, self._folders, self._chat = drives, folders, chat

    def _of(self, parts: Mapping[str, str]) -> Upkeep:
        return self._folders if brought(parts) else self._drives

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        return self._of(parts).read(parts)

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        self._chat.rename(parts, name)
        return self._of(parts).rename(parts, name)

    def archive(self, parts: Mapping[str, str]) -> Kept:
        return self._of(parts).archive(parts)

    def restore(self, parts: Mapping[str, str]) -> Kept:
        return self._of(parts).restore(parts)

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        return self._of(parts).let_go(parts, take_away) + self._chat.left(parts)
