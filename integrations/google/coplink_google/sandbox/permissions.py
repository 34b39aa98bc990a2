"""Who may do what with a shared drive, pretended.

Quirks kept: a grant mails people unless told not to; of two writes at the same time the last one wins and the other is
lost without a word; an address without a Google account is refused; there is always an organiser left; who may open a
folder is listed with everybody who inherits it from the drive or a folder above.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from coplink.sandbox.district import District
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.frame import Asked, Frame, grant

MEMBERS, GROUPS = 600, 100
MAY_SHARE = ("organizer", "fileOrganizer")
ROLES = ("organizer", "fileOrganizer", "writer", "commenter", "reader")


class Permissions:
    """``no_google``: addresses without an account; ``takes``: how many seconds a write takes."""

    def __init__(self, wire: Frame, directory: Directory, drive: Any) -> None:
        self._wire, self._store, self._directory, self._drive = wire, wire.store, directory, drive
        self.no_google: set[str] = set()
        self.takes = 0.0
        wire.api("drive.permissions.list", self._list)
        wire.api("drive.permissions.create", self._create, self._before)
        wire.api("drive.permissions.update", self._update, self._before)
        wire.api("drive.permissions.delete", self._delete, self._before)

    def _before(self, values: Mapping[str, str]) -> list[Document]:
        """What a write finds when it begins; what others write until it ends is lost."""
        key = values["fileId"]
        target = self._store.get("google.drive", key) or self._store.get("google.file", key) or {}
        found = target.get("permissions", [])
        time.sleep(self.takes)
        return list(found)

    def _on(self, asked: Asked) -> Document:
        """The drive, or the file or folder on one, that a call is about."""
        key = asked.path["fileId"]
        if not asked.query.get("supportsAllDrives"):
            raise Refuse(404, "notFound", f"File not found: {key}.")
        if self._store.get("google.drive", key) is not None:
            drive: Document = self._drive.drive(asked, key)
            return drive
        file: Document = self._drive.file(asked, key)
        writes = asked.seen is not None
        if (
            writes
            and self._drive.role(asked.caller, self._store.get("google.drive", file["driveId"]))
            not in MAY_SHARE
        ):
            raise Refuse(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        return file

    def _list(self, asked: Asked) -> Mapping[str, Any]:
        target = self._on(asked)
        rows = self._all(target)
        size = asked.query.get("pageSize", 100)
        about = ["permissions", target["id"]]
        some, onward = self._wire.page(rows, size, asked.query.get("pageToken"), about)
        found = {"kind": "drive#permissionList", "permissions": some}
        if onward:
            return {**found, "nextPageToken": onward}
        if "driveId" in target:
            self._wire.read_completely("space", target["id"])
        return found

    def _all(self, target: Document) -> list[Document]:
        """Everybody who may open it: of its own, and what is inherited."""
        kind = "file" if "driveId" in target else "member"
        rows: dict[str, Document] = {}
        place: Document | None = target
        while place is not None:
            for one in place.get("permissions", []):
                told = {"permissionType": kind, "role": one["role"], "inherited": place is not target}
                told |= {"inheritedFrom": place["id"]} if place is not target else {}
                row = rows.setdefault(one["emailAddress"], {**one, "permissionDetails": []})
                row["permissionDetails"].append(told)
                row["role"] = min(row["role"], one["role"], key=ROLES.index)
            above = (place.get("parents") or [""])[0]
            place, kind = self._store.get("google.file", above), "file"
            if place is None:
                place, kind = self._store.get("google.drive", above), "member"
        return list(rows.values())

    def _create(self, asked: Asked) -> Mapping[str, Any]:
        target, body = self._on(asked), asked.body
        kind, address = body["type"], str(body.get("emailAddress", "")).casefold()
        if kind not in ("user", "group") or not address:
            raise Refuse(400, "invalid", "a drive is shared with an account or a group")
        if "driveId" in target and body["role"] == "organizer":
            raise Refuse(403, "cannotSetOrganizerOnNonTeamDriveItem", "Only a drive has managers.")
        if address in self.no_google:
            refused = "cannotShareTeamDriveWithNonGoogleAccounts"
            raise Refuse(403, refused, "Sharing with non-Google accounts is not allowed.")
        known = self._known(asked.district, kind, address)
        if not known and not self._drive.external_sharing:
            refused = "teamDriveDomainUsersOnlyRestriction"
            raise Refuse(403, refused, "Sharing outside of the domain is not allowed.")
        if not known and address.endswith("@" + asked.district.google_domain):
            raise Refuse(404, "notFound", "The group or account was not found.")
        if asked.query.get("sendNotificationEmail", True):
            mail = {"to": address, "about": target["id"]}
            self._store.put("google.mail", str(self._store.serial("google.mail")), mail)
        rows: list[Document] = asked.seen
        same = [one for one in rows if one["emailAddress"] == address]
        groups = sum(one["type"] == "group" for one in rows)
        if not same and (len(rows) >= MEMBERS or (kind == "group" and groups >= GROUPS)):
            raise Refuse(403, "teamDriveMembershipLimitExceeded", "The shared drive has too many members.")
        given = {**(same[0] if same else grant(kind, body["role"], address, address)), "role": body["role"]}
        self._keep(target, [one for one in rows if one["emailAddress"] != address] + [given])
        return given

    def _update(self, asked: Asked) -> Mapping[str, Any]:
        drive, rows = self._on(asked), asked.seen
        held = self._held(asked, rows)
        if set(asked.body) != {"role"}:
            raise Refuse(400, "invalid", "only the role of a permission can be changed")
        changed = {**held, "role": asked.body["role"]}
        self._keep(drive, [changed if one["id"] == held["id"] else one for one in rows])
        return changed

    def _delete(self, asked: Asked) -> None:
        drive, rows = self._on(asked), asked.seen
        held = self._held(asked, rows)
        self._keep(drive, [one for one in rows if one["id"] != held["id"]])

    def _held(self, asked: Asked, rows: list[Document]) -> Document:
        held = next((one for one in rows if one["id"] == asked.path["permissionId"]), None)
        if held is None:
            raise Refuse(404, "notFound", f"Permission not found: {asked.path['permissionId']}.")
        return held

    def _keep(self, target: Document, rows: list[Document]) -> None:
        if "driveId" in target:
            self._store.put("google.file", target["id"], {**target, "permissions": rows})
            return
        if not any(one["role"] == "organizer" for one in rows):
            raise Refuse(403, "teamDriveNeedsOrganizer", "A shared drive must have a manager.")
        self._store.put("google.drive", target["id"], {**target, "permissions": rows})

    def _known(self, district: District, kind: str, address: str) -> bool:
        if kind == "user":
            return self._directory.account(district, address) is not None
        group = self._directory.find_group(district, address)
        return group is not None and self._wire.visible(group)
