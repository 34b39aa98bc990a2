"""Access to one shared drive, within its limits: read once, written in batches, never two writes at a time.

The last of two concurrent writes to one drive's permissions wins, and the other is lost without a word. The lock here
holds within this process; between processes the queue does, which works on one community at a time, and a drive
belongs to one community.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Gone, IntegrationError, LimitReached, OutcomeUnknown
from coplink.ports.spaces import Made
from coplink_google import ADMIN
from coplink_google.batches import Batches, Ended
from coplink_google.replies import rows_of, text_of
from coplink_google.workspace import Part, Workspace

MEMBERS, GROUPS = 600, 100  # direct members of a shared drive, and how many of them may be groups (July 2026)

_LOCKS = tuple(threading.Lock() for _ in range(64))


def access_lock(drive: str) -> threading.Lock:
    """The lock that every write to this drive's permissions holds."""
    return _LOCKS[int(hashlib.sha256(drive.encode()).hexdigest(), 16) % len(_LOCKS)]


@dataclass(frozen=True, slots=True)
class Grant:
    """Access for an account (``user``) or a group, in the API's word for a role."""

    kind: str
    address: str
    role: str


class Permissions:
    """Gives, changes and takes access; nobody is mailed."""

    def __init__(self, workspace: Workspace) -> None:
        self._google, self._batches = workspace, Batches(workspace)

    def rows(self, drive: str) -> list[Mapping[str, Any]]:
        """Everybody with access of their own."""
        pages = self._google.pages(
            "drive.permissions.list",
            fileId=drive,
            supportsAllDrives=True,
            pageSize=100,
            fields="nextPageToken,permissions(id,type,role,emailAddress)",
        )
        return [row for page in pages for row in rows_of(page, "permissions")]

    def give(self, drive: str, grants: Sequence[Grant]) -> dict[str, Made | IntegrationError]:
        """Give each its access, if it has none: the permission's id by address, or why not.

        Raises ``LimitReached`` before anything is written where the drive would hold too many.
        """
        with access_lock(drive):
            rows = self.rows(drive)
            held = {_address(row): row for row in rows}
            new = [one for one in grants if one.address not in held]
            groups = sum(row.get("type") == "group" for row in rows) + sum(one.kind == "group" for one in new)
            if len(rows) + len(new) > MEMBERS or groups > GROUPS:
                said = say("A shared drive holds {most} members of its own at most.", most=MEMBERS)
                raise LimitReached(said, ADMIN, "direct members of a drive")
            changed = [
                one for one in grants if one.address in held and held[one.address].get("role") != one.role
            ]
            parts = [self._create(drive, one) for one in new]
            parts += [
                self._update(drive, text_of(held[one.address], "id"), one.role)
                for one in changed
                if held[one.address].get("role") != "organizer"  # a person's own decision
            ]
            found: dict[str, Made | IntegrationError] = {
                one.address: Made(text_of(held[one.address], "id"), found=True)
                for one in grants
                if one.address in held
            }
            ended = self._batches.send(parts) if parts else []
            for one, end in zip(new, ended, strict=False):
                found[one.address] = _given(end)
        return found

    def anybody(self, drive: str, role: str) -> bool:
        """Whether any person has access of their own in this role."""
        return any(row.get("type") == "user" and row.get("role") == role for row in self.rows(drive))

    def change(self, drive: str, permission: str, role: str) -> None:
        """Give one that is there another role."""
        with access_lock(drive):
            part = self._update(drive, permission, role)
            self._google.call(part.operation, **part.parameters)

    def take(self, drive: str, addresses: Sequence[str], role: str) -> dict[str, IntegrationError]:
        """Take away the access in this role that these have of their own; who kept it, and why.

        Another role than the one given here was given by a person, and stays.
        """
        with access_lock(drive):
            held = {_address(row): row for row in self.rows(drive) if row.get("role") == role}
            due = [one for one in addresses if one in held]
            parts = [
                Part(
                    "drive.permissions.delete",
                    {
                        "fileId": drive,
                        "permissionId": text_of(held[one], "id"),
                        "supportsAllDrives": True,
                    },
                )
                for one in due
            ]
            ended = self._batches.send(parts) if parts else []
        kept = {one: end.refused for one, end in zip(due, ended, strict=True)}
        return {one: why for one, why in kept.items() if why is not None and not isinstance(why, Gone)}

    def _create(self, drive: str, one: Grant) -> Part:
        body = {"type": one.kind, "role": one.role, "emailAddress": one.address}
        how = {"supportsAllDrives": True, "sendNotificationEmail": False, "fields": "id"}
        return Part("drive.permissions.create", {"fileId": drive, "body": body, **how})

    def _update(self, drive: str, permission: str, role: str) -> Part:
        how = {"supportsAllDrives": True, "fields": "id", "body": {"role": role}}
        return Part("drive.permissions.update", {"fileId": drive, "permissionId": permission, **how})


def _given(ended: Ended) -> Made | IntegrationError:
    """How a grant ended: one answered with something that is no permission may or may not have happened."""
    number = (ended.answer or {}).get("id")
    if ended.refused is not None:
        return ended.refused
    return Made(number) if isinstance(number, str) and number else OutcomeUnknown("drive.permissions.create")


def _address(row: Mapping[str, Any]) -> str:
    return str(row.get("emailAddress", "")).casefold()
