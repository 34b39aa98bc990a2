"""Files of channels: each has a drive of its own; changes by token, tombstones, tokens that are forgotten (410)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import Resident
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.channels import Channels
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.teams import CHANNEL

FILE, EPOCH = "teams.file", "teams.epoch"
PERMISSION = "Files.Read.All"


class Drives:
    """``filesFolder`` and ``delta``; ``changed`` is told the drive whenever a file changes; SharePoint makes
    folders ``folders_late`` seconds after the channel is there.
    """

    def __init__(self, wire: GraphWire, channels: Channels) -> None:
        self._wire, self._channels = wire, channels
        self.changed: Callable[[str], None] = lambda drive: None
        self.folders_late = 0.0
        wire.api("GET", "/teams/<team>/channels/<channel>/filesFolder", self.folder, PERMISSION)
        for path in ("/drives/<drive>/items/root/delta", "/drives/<drive>/root/delta"):
            for call in ("", "()"):
                wire.api("GET", path + call, self.delta, PERMISSION, ("token", "$top"))
        wire.route("POST", "/_sandbox/expire", self.expire, counted=False)

    # --- for people -----------------------------------------------------------------------------------------------

    def add(self, channel: str, name: str, person: Resident) -> Document:
        """Somebody makes a file in a channel's folder."""
        wire = self._wire
        with wire.store.change():
            root, folder = self._provisioned(channel)
            file: Document = {
                "id": f"01{secrets.token_hex(16).upper()}", "drive": root["drive"], "parent": folder["id"],
                "name": name,
                "author": person.entra_id, "author_name": person.name, "at": wire.clock(), "deleted": False,
                "what": "file", "version": 1, "n": wire.store.serial(FILE),
            }  # fmt: skip
            wire.store.put(FILE, file["id"], file)
        self.changed(root["drive"])
        return file

    def touch(self, file_id: str, **changes: object) -> Document:
        """Rename, edit or delete a file."""
        with self._wire.store.change():
            kept = self._wire.document(FILE, file_id)
            kept = {**kept, **changes, "version": kept["version"] + 1, "n": self._wire.store.serial(FILE)}
            kept["changed"] = self._wire.clock()
            self._wire.store.put(FILE, file_id, kept)
        self.changed(kept["drive"])
        return kept

    def of(self, channel: str) -> list[Document]:
        """The files of a channel that are there."""
        drive = _drive(channel)
        return [
            f
            for f in self._wire.store.all(FILE)
            if f["drive"] == drive and f["what"] == "file" and not f["deleted"]
        ]

    # --- routes ---------------------------------------------------------------------------------------------------

    def folder(self, request: Request, team: str, channel: str) -> Response:
        """The channel's folder; 404 until SharePoint has made it."""
        kept = self._channels.known(team, channel)
        if not self._wire.visible(kept["since"] + self.folders_late):
            raise Refuse(
                404, "NotFound", "Folder location for this channel is not ready yet, please try again later."
            )
        with self._wire.store.change():
            _, folder = self._provisioned(channel)
        return self._wire.json(self._shown(folder))

    def delta(self, request: Request, drive: str) -> Response:
        """Changes after a token, oldest first; an entry appears once, in its latest state."""
        wire = self._wire
        entries = sorted((f for f in wire.store.all(FILE) if f["drive"] == drive), key=lambda f: int(f["n"]))
        if not entries:
            raise Refuse(404, "itemNotFound", "The drive was not found")
        epoch = (wire.store.get(EPOCH, drive) or {"n": 0})["n"]
        token = request.args.get("token", "")
        began, since = (int(part) for part in (token.split(".") if token else (str(epoch), "-1")))
        if began != epoch:
            headers = {"Location": self._link(drive, "")}
            raise Refuse(410, "resyncRequired/resyncChangesApplyDifferences", "Resync required", headers)
        due = [f for f in entries if f["n"] > since]
        size = min(int(request.args.get("$top", wire.page_size)), wire.page_size)
        body: Document = {"value": [self._shown(f) for f in due[:size]]}
        if len(due) > size:
            body["@odata.nextLink"] = self._link(drive, f"{epoch}.{due[size - 1]['n']}")
        else:
            body["@odata.deltaLink"] = self._link(drive, f"{epoch}.{entries[-1]['n']}")
            wire.read_completely("library", drive)
        return wire.json(body)

    def expire(self, request: Request) -> Response:
        """Forget every token given out so far."""
        for drive in {f["drive"] for f in self._wire.store.all(FILE)}:
            self._wire.store.put(EPOCH, drive, {"n": self._wire.store.serial(EPOCH)})
        return Response(status=204)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _provisioned(self, channel: str) -> tuple[Document, Document]:
        wire, drive = self._wire, _drive(channel)
        root_id, folder_id = f"01ROOT{drive[-8:]}", f"01DIR{drive[-8:]}"
        if (root := wire.store.get(FILE, root_id)) and (folder := wire.store.get(FILE, folder_id)):
            return root, folder
        name = wire.document(CHANNEL, channel)["name"]
        made: list[Document] = []
        for entry, title, parent, what in (
            (root_id, "root", "", "root"),
            (folder_id, name, root_id, "folder"),
        ):
            kept: Document = {
                "id": entry, "drive": drive, "parent": parent, "name": title, "what": what, "at": wire.clock(),
                "author": None, "author_name": None, "deleted": False, "version": 1, "n": wire.store.serial(FILE),
            }  # fmt: skip
            wire.store.put(FILE, entry, kept)
            made.append(kept)
        return made[0], made[1]

    def _link(self, drive: str, token: str) -> str:
        link = f"{self._wire.base_url}/v1.0/drives/{drive}/root/delta()"
        return f"{link}?token={token}" if token else link

    def _shown(self, f: Document) -> Document:
        wire = self._wire
        shown: Document = {"id": f["id"], "parentReference": {"driveId": f["drive"], "id": f["parent"]}}
        if f["deleted"]:
            return shown | {"deleted": {"state": "deleted"}}
        shown |= {
            "name": f["name"],
            "eTag": f'"{{{f["id"]}}},{f["version"]}"',
            "cTag": f'"c:{{{f["id"]}}},{f["version"]}"',
            "createdDateTime": wire.stamp(f["at"]),
            "lastModifiedDateTime": wire.stamp(f.get("changed", f["at"])),
            "webUrl": f"{wire.base_url}/look/team?file={f['id']}",
        }
        if f["what"] == "root":
            return shown | {
                "root": {},
                "folder": {"childCount": 1},
                "parentReference": {"driveId": f["drive"]},
            }
        if f["what"] == "folder":
            return shown | {"folder": {"childCount": 0}}
        person = {"user": {"id": f["author"], "displayName": f["author_name"]}}
        return shown | {
            "file": {"mimeType": _kind(f["name"])},
            "size": 1024,
            "createdBy": person,
            "lastModifiedBy": person,
        }


def _drive(channel: str) -> str:
    return f"b!{channel.removeprefix('19:').partition('@')[0]}"


def _kind(name: str) -> str:
    kinds = {
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pdf": "application/pdf",
    }
    return kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream")
