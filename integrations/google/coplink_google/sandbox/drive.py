"""Shared drives and files, pretended.

Quirks kept: a request id means one drive for ever; a drive's items are invisible without ``supportsAllDrives``; a new
drive may not be there for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.sandbox.district import District
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox import queries
from coplink_google.sandbox.changes import Changes
from coplink_google.sandbox.directory import Directory
from coplink_google.sandbox.frame import Asked, Frame, grant, permission_id
from coplink_google.sandbox.permissions import Permissions

FOLDER = "application/vnd.google-apps.folder"
MAY_ADD, MAY_SHARE = ("organizer", "fileOrganizer", "writer"), ("organizer", "fileOrganizer")


class Drive:
    """The Drive API. ``external_sharing``: whether the domain lets outsiders into its drives; ``may_make_drives``:
    whether it lets the robot account make them.
    """

    def __init__(self, wire: Frame, directory: Directory) -> None:
        self._wire, self._store, self._directory = wire, wire.store, directory
        self.external_sharing = self.may_make_drives = True
        self.changes = Changes(wire, self)
        self.permissions = Permissions(wire, directory, self)
        wire.api(
            "drive.about.get", lambda asked: {"kind": "drive#about", "canCreateDrives": self.may_make_drives}
        )
        wire.api("drive.drives.create", self._create_drive)
        wire.api("drive.drives.list", self._list_drives)
        wire.api("drive.drives.get", lambda asked: self._drive_view(self.drive(asked, asked.path["driveId"])))
        wire.api("drive.drives.update", self._rename_drive)
        wire.api("drive.files.create", self._create_file)
        wire.api("drive.files.get", self._get_file)
        wire.api("drive.files.list", self._list_files)
        wire.api("drive.files.update", self._update_file)

    def bring(
        self, district: District, name: str = "Staff drive", role: str = "organizer"
    ) -> tuple[str, str]:
        """A drive and a folder in it that people of a school made; the robot account was let in with this role."""
        owner = f"principal@{district.google_domain}"
        drive: Document = {
            "id": self._wire.fresh_id("drive", "0A", 17),
            "district": district.key,
            "name": name,
            "made": 0.0,
            "createdTime": self._wire.moment(),
            "permissions": [
                grant("user", "organizer", owner, "The principal"),
                grant("user", role, district.robot, "coplink"),
            ],
        }
        self._store.put("google.drive", drive["id"], drive)
        folder = self.add(drive, owner, district, name="Communities", mimeType=FOLDER, parents=[drive["id"]])
        return str(drive["id"]), str(folder["id"])

    # --- drives ---------------------------------------------------------------------------------------------------

    def drives(self, caller: str) -> list[Document]:
        """The shared drives this address is a member of."""
        return [one for one in self._store.all("google.drive") if caller in _addresses(one)]

    def drive(self, asked: Asked, key: str) -> Document:
        """A drive the caller may see; 404 while it is young."""
        found = next((one for one in self.drives(asked.caller) if one["id"] == key), None)
        if found is None or not self._wire.visible(found):
            raise Refuse(404, "notFound", f"Shared drive not found: {key}")
        return found

    def _create_drive(self, asked: Asked) -> Mapping[str, Any]:
        if not self.may_make_drives:
            raise Refuse(
                403, "userCannotCreateTeamDrives", "The user does not have permission to create drives"
            )
        if set(asked.body) - {"name", "themeId"}:
            raise Refuse(400, "invalid", "only name and themeId can be set when a shared drive is made")
        request = f"{asked.caller}/{asked.query['requestId']}"
        before = self._store.get("google.request", request)
        if before:
            if before["body"] != asked.body:
                raise Refuse(409, "duplicate", "This request id was used with other values.")
            return self._drive_view(self._store.get("google.drive", before["drive"]) or {})
        robot = self._directory.account(asked.district, asked.caller) or {}
        drive = {
            "id": self._wire.fresh_id("drive", "0A", 17),
            "district": asked.district.key,
            "name": asked.body["name"],
            "made": self._wire.clock(),
            "createdTime": self._wire.moment(),
            "permissions": [grant("user", "organizer", asked.caller, robot.get("name", ""))],
        }
        self._store.put("google.drive", drive["id"], drive)
        self._store.put("google.request", request, {"body": dict(asked.body), "drive": drive["id"]})
        return self._drive_view(drive)

    def _list_drives(self, asked: Asked) -> Mapping[str, Any]:
        rows = [one for one in self.drives(asked.caller) if self._wire.visible(one)]
        query = asked.query.get("q", "")
        if query:
            rows = queries.matching(query, rows)
        size = asked.query.get("pageSize", 10)
        some, onward = self._wire.page(rows, size, asked.query.get("pageToken"), ["drives", query])
        found = {"kind": "drive#driveList", "drives": [self._drive_view(one) for one in some]}
        return {**found, "nextPageToken": onward} if onward else found

    def _rename_drive(self, asked: Asked) -> Mapping[str, Any]:
        if set(asked.body) != {"name"}:
            raise Refuse(400, "invalid", "the sandbox changes the name of a shared drive only")
        drive = {**self.drive(asked, asked.path["driveId"]), "name": asked.body["name"]}
        self._store.put("google.drive", drive["id"], drive)
        return self._drive_view(drive)

    def _drive_view(self, drive: Document) -> Mapping[str, Any]:
        shown = {name: drive[name] for name in ("id", "name", "createdTime")}
        return {
            "kind": "drive#drive",
            **shown,
            "hidden": False,
            "restrictions": {"domainUsersOnly": not self.external_sharing},
        }

    # --- files ----------------------------------------------------------------------------------------------------

    def files(self, drive: str | None = None) -> list[Document]:
        """Every file (of one drive), the deleted ones left out."""
        rows = self._store.all("google.file")
        return [one for one in rows if not one["removed"] and drive in (None, one["driveId"])]

    def file(self, asked: Asked, key: str) -> Document:
        if not asked.query.get("supportsAllDrives"):
            raise Refuse(404, "notFound", f"File not found: {key}.")
        found = self._store.get("google.file", key)
        if found is None or found["removed"]:
            raise Refuse(404, "notFound", f"File not found: {key}.")
        self.drive(asked, found["driveId"])
        return found

    def _create_file(self, asked: Asked) -> Mapping[str, Any]:
        if set(asked.body) - {"name", "mimeType", "parents", "appProperties", "description"}:
            raise Refuse(
                400, "invalid", "the sandbox makes files from name, kind, folder, properties, description"
            )
        parents = asked.body.get("parents", [])
        if len(parents) != 1:
            raise Refuse(400, "invalid", "a file lies in one folder")
        if not asked.query.get("supportsAllDrives"):
            raise Refuse(404, "notFound", f"File not found: {parents[0]}.")
        properties = asked.body.get("appProperties", {})
        if any(len((key + value).encode()) > 124 for key, value in properties.items()):
            raise Refuse(400, "invalid", "a property holds at most 124 bytes")
        inside = next((one for one in self.drives(asked.caller) if one["id"] == parents[0]), None)
        drive = self.drive(asked, inside["id"] if inside else self.file(asked, parents[0])["driveId"])
        return self.view(self.add(drive, asked.caller, asked.district, **{**asked.body, "parents": parents}))

    def add(self, drive: Document, by: str, district: District, **fields: Any) -> Document:
        """A new file, made by the account of that address."""
        person = self._directory.account(district, by) or {"name": by, "email": by, "id": by}
        now = self._wire.moment()
        file = {
            "id": self._wire.fresh_id("file", "1", 32),
            "name": fields.get("name", "Untitled"),
            "mimeType": fields.get("mimeType", "application/octet-stream"),
            "parents": fields["parents"],
            "driveId": drive["id"],
            "appProperties": fields.get("appProperties", {}),
            "description": fields.get("description", ""),
            "createdTime": now,
            "modifiedTime": now,
            "version": "1",
            "trashed": False,
            "removed": False,
            "by": {
                "displayName": person["name"],
                "emailAddress": person["email"],
                "permissionId": permission_id(by),
            },
        }
        self._store.put("google.file", file["id"], file)
        self.changes.note(file)
        return file

    def change(self, key: str, **fields: Any) -> Document:
        """Change a file, as a person would: rename it, put it into the bin (``trashed``), delete it (``removed``)."""
        file = self._store.get("google.file", key) or {}
        file.update(fields, modifiedTime=self._wire.moment(), version=str(int(file["version"]) + 1))
        self._store.put("google.file", key, file)
        self.changes.note(file)
        return file

    def _get_file(self, asked: Asked) -> Mapping[str, Any]:
        key = asked.path["fileId"]
        root = next((one for one in self.drives(asked.caller) if one["id"] == key), None)
        if root is not None and asked.query.get("supportsAllDrives"):  # the folder that everything lies in
            file = self._root(self.drive(asked, key))
        else:
            file = self.file(asked, key)
        role = self.role(asked.caller, self._store.get("google.drive", file["driveId"]) or {})
        may = {"canAddChildren": role in MAY_ADD, "canShare": role in MAY_SHARE}
        return {**self.view(file), "capabilities": may}

    def role(self, address: str, drive: Document) -> str:
        """The role this address has in a drive, empty for none."""
        return str(next((one["role"] for one in drive["permissions"] if one["emailAddress"] == address), ""))

    def _root(self, drive: Document) -> Document:
        who = {"displayName": "", "emailAddress": "", "permissionId": ""}
        made = drive["createdTime"]
        return {
            "id": drive["id"], "name": drive["name"], "mimeType": FOLDER, "parents": [], "driveId": drive["id"],
            "createdTime": made, "modifiedTime": made, "version": "1", "trashed": False, "appProperties": {}, "by": who,
        }  # fmt: skip

    def _update_file(self, asked: Asked) -> Mapping[str, Any]:
        if set(asked.body) != {"name"}:
            raise Refuse(400, "invalid", "the sandbox changes the name of a file only")
        return self.view(self.change(self.file(asked, asked.path["fileId"])["id"], name=asked.body["name"]))

    def _list_files(self, asked: Asked) -> Mapping[str, Any]:
        query = asked.query
        corpora = query.get("corpora", "user")
        if corpora not in ("drive", "allDrives"):
            raise Refuse(400, "invalid", "Invalid Value: corpora")
        if not (query.get("supportsAllDrives") and query.get("includeItemsFromAllDrives")):
            raise Refuse(403, "teamDrivesParentLimit", "shared drives need both flags")
        if (corpora == "drive") != ("driveId" in query):
            raise Refuse(400, "invalid", "driveId and corpora must fit")
        if query.get("orderBy", "createdTime") != "createdTime":
            raise Refuse(400, "invalid", "Invalid Value: orderBy")
        drives = [self.drive(asked, query["driveId"])] if corpora == "drive" else self.drives(asked.caller)
        seen = {one["id"] for one in drives if self._wire.visible(one)}
        rows = queries.matching(query.get("q", ""), [one for one in self.files() if one["driveId"] in seen])
        about = ["files", corpora, query.get("driveId"), query.get("q")]
        some, onward = self._wire.page(rows, query.get("pageSize", 100), query.get("pageToken"), about)
        found = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": [self.view(one) for one in some],
        }
        if onward:
            return {**found, "nextPageToken": onward}
        if corpora == "drive" and query.get("q", "trashed = false") == "trashed = false":
            self._wire.read_completely("library", query["driveId"])
        return found

    def view(self, file: Document) -> Mapping[str, Any]:
        names = (
            "id",
            "name",
            "mimeType",
            "parents",
            "driveId",
            "createdTime",
            "modifiedTime",
            "version",
            "trashed",
        )
        shown = {name: file[name] for name in names}
        link = f"{self._wire.base_url}/look/drive#{file['id']}"
        extra = {"appProperties": file["appProperties"]} if file["appProperties"] else {}
        author = {"kind": "drive#user", "me": False, **file["by"]}
        return {"kind": "drive#file", **shown, **extra, "webViewLink": link, "lastModifyingUser": author}


def _addresses(drive: Document) -> set[str]:
    return {one["emailAddress"] for one in drive["permissions"]}
