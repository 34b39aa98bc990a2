"""Every operation of Google's that coplink calls: as whom, with which permission, and what for.

The scopes of the manifest, the install guide and the words of a refusal follow from here; tests hold the table against
what is really called, and against the scopes that Google's documents allow for each. A connection calls what its mode
declares and nothing else (``of_mode``). May import: nothing.

    none         nobody acts for others: groups by a service account with an admin role, the rest by the robot account
    delegation   the same calls; the service account acts as the robot account, which gives no consent of its own
    folder       in a folder somebody brought: no service account, no groups, no drives made, access given one by one
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROBOT, GROUPS = "robot", "groups"
NONE, DELEGATION, FOLDER = "none", "delegation", "folder"
MODES = (NONE, DELEGATION, FOLDER)
EVERY = frozenset(MODES)
OWN = EVERY - {FOLDER}  # modes in which coplink makes drives and groups
BROUGHT = frozenset({FOLDER})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of Google's documents: who calls it, the scope it is called with, what for, and in which modes.

    ``chat``: only where communities get a Chat space.
    """

    name: str
    subject: str
    scope: str
    what_for: str
    modes: frozenset[str] = EVERY
    chat: bool = False

    @property
    def api(self) -> str:
        """The short name of its API."""
        return self.name.partition(".")[0]


def _rows(
    subject: str,
    scope: str,
    what_for: Mapping[str, str],
    modes: frozenset[str] = EVERY,
    chat: bool = False,
) -> tuple[Operation, ...]:
    return tuple(Operation(name, subject, scope, words, modes, chat) for name, words in what_for.items())


ROWS: tuple[Operation, ...] = (
    *_rows(
        GROUPS,
        "admin.directory.group",
        {
            "directory.groups.list": "find the group of a community again by its mark",
            "directory.groups.insert": "make the group of a community",
            "directory.groups.patch": "call the group by the community's new name",
            "directory.groups.get": "see whether the group is still there, and its address",
            "directory.members.list": "see who is in the group",
            "directory.members.get": "see whether one account is in the group",
            "directory.members.insert": "put a member into the group",
            "directory.members.patch": "make a member a manager of the group, or the reverse",
            "directory.members.delete": "take somebody out of the group again",
        },
        OWN,
    ),
    *_rows(
        GROUPS,
        "admin.directory.user.readonly",
        {"directory.users.get": "find the one account of an address, or the address of an account"},
        OWN,
    ),
    *_rows(
        ROBOT,
        "admin.directory.user.readonly",
        {"directory.users.get": "find the one account of an address, as anybody in the domain may"},
        BROUGHT,
    ),
    *_rows(
        GROUPS,
        "apps.groups.settings",
        {
            "settings.groups.get": "see how open the group is",
            "settings.groups.patch": "close the group to all but its members",
        },
        OWN,
    ),
    *_rows(
        ROBOT,
        "drive",
        {
            "drive.about.get": "see whether the robot account may make shared drives",
            "drive.drives.create": "make the shared drive of a community",
            "drive.drives.list": "find a shared drive that was made but not marked",
            "drive.drives.update": "call the shared drive by the community's new name",
            "drive.drives.get": "see whether the shared drive is still there, and its name",
        },
        OWN,
    ),
    *_rows(
        ROBOT,
        "drive",
        {"drive.files.update": "call the folder by the community's new name"},
        BROUGHT,
    ),
    *_rows(
        ROBOT,
        "drive",
        {
            "drive.files.create": "make the marker file and the community's folder",
            "drive.files.get": "link to the folder",
            "drive.files.list": "find the place of a community by its mark, and list its files",
            "drive.permissions.list": "see who has access",
            "drive.permissions.create": "give access to the drive or the folder",
            "drive.permissions.update": "change what somebody may do there",
            "drive.permissions.delete": "take back access that coplink gave",
            "drive.changes.getStartPageToken": "know where changes of files begin",
            "drive.changes.list": "read which files have changed",
            "drive.changes.watch": "be called when files change",
            "drive.channels.stop": "not be called any more",
        },
    ),
    *_rows(
        ROBOT,
        "calendar.app.created",
        {
            "calendar.calendars.insert": "make the calendar of a community",
            "calendar.calendars.get": "see what the calendar is called",
            "calendar.calendars.patch": "call the calendar by the community's new name",
            "calendar.events.insert": "put a meeting on the calendar",
            "calendar.events.get": "see how a meeting stands",
            "calendar.events.instances": "see how the single meetings of a series stand",
            "calendar.events.list": "find the meetings coplink made",
            "calendar.events.patch": "move a meeting",
            "calendar.events.delete": "take back a meeting coplink made",
        },
    ),
    *_rows(
        ROBOT,
        "calendar.acls",
        {
            "calendar.acl.list": "see whether the group may see the calendar",
            "calendar.acl.insert": "let the group see the calendar",
        },
        OWN,
    ),
    *_rows(
        ROBOT,
        "calendar.calendarlist.readonly",
        {"calendar.calendarList.list": "find the calendar of a community again by its mark"},
    ),
    *_rows(
        ROBOT,
        "chat.spaces",
        {
            "chat.spaces.create": "make the Chat space of a community",
            "chat.spaces.list": "see whether a Chat space is there already",
            "chat.spaces.get": "see whether a Chat space carries the mark of a community, and its name",
            "chat.spaces.patch": "call the Chat space by the community's new name",
        },
        OWN,
        chat=True,
    ),
    *_rows(
        ROBOT,
        "chat.memberships",
        {
            "chat.spaces.members.list": "see whether the group is in the Chat space",
            "chat.spaces.members.create": "put the group into the Chat space",
        },
        OWN,
        chat=True,
    ),
    *_rows(
        ROBOT,
        "chat.messages.create",
        {"chat.spaces.messages.create": "say to everybody in the Chat space what a facilitator says"},
        OWN,
        chat=True,
    ),
    *_rows(
        GROUPS,
        "cloud-identity.groups.readonly",
        {"identity.groups.lookup": "know the number by which Chat calls the group"},
        OWN,
        chat=True,
    ),
)
OPERATIONS: Mapping[str, Operation] = {one.name: one for one in reversed(ROWS)}


def of_mode(mode: str, chat: bool = False) -> Mapping[str, Operation]:
    """What a connection of this mode calls, with or without Chat."""
    return {one.name: one for one in ROWS if mode in one.modes and (chat or not one.chat)}


def scopes(subject: str, mode: str = NONE, api: str = "", chat: bool = False) -> tuple[str, ...]:
    """The short names of the scopes that one subject needs (for one API), each once, in the order of the table."""
    rows = (one for one in of_mode(mode, chat).values() if one.subject == subject and api in ("", one.api))
    return tuple(dict.fromkeys(one.scope for one in rows))
