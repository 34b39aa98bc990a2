"""What changed in a shared drive, page by page; tokens of an older age are forgotten with 410."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.channels import Channels
from coplink_google.sandbox.frame import Asked, Frame

if TYPE_CHECKING:
    from coplink_google.sandbox.drive import Drive


class Changes:
    """A log of file changes; a token is an age and the number of the last change before it."""

    def __init__(self, wire: Frame, drive: Drive) -> None:
        self._wire, self._store, self._drive = wire, wire.store, drive
        wire.api("drive.changes.getStartPageToken", self._start)
        wire.api("drive.changes.list", self._list)
        self.channels = Channels(wire)
        wire.api("drive.changes.watch", self._watch)

    def note(self, file: Document) -> None:
        """Remember that a file changed."""
        number = self._store.serial("google.change")
        change = {"n": number, "file": file["id"], "drive": file["driveId"], "time": self._wire.moment()}
        self._store.put("google.change", str(number), change)
        self.channels.changed(file["driveId"])

    def forget(self) -> None:
        """Every token given so far is too old from now on."""
        self._store.put("google.age", "changes", {"age": self._age() + 1})

    def _age(self) -> int:
        return int((self._store.get("google.age", "changes") or {"age": 1})["age"])

    def _last(self) -> int:
        return max((int(key) for key in self._store.keys("google.change")), default=0)

    def _start(self, asked: Asked) -> Mapping[str, Any]:
        self._checked(asked)
        return {"kind": "drive#startPageToken", "startPageToken": f"{self._age()}~{self._last()}"}

    def _list(self, asked: Asked) -> Mapping[str, Any]:
        drive = self._checked(asked)
        if not asked.query.get("includeItemsFromAllDrives"):
            raise Refuse(403, "teamDrivesParentLimit", "shared drives need both flags")
        age, _, number = asked.query["pageToken"].partition("~")
        if not age.isdigit() or not number.isdigit() or int(number) > self._last():
            raise Refuse(400, "invalid", "Invalid Value: pageToken")
        if int(age) != self._age():
            raise Refuse(410, "gone", "The page token is too old.")
        rows = [
            one
            for one in self._store.all("google.change")
            if one["n"] > int(number) and one["drive"] == drive
        ]
        size = min(asked.query.get("pageSize", 100), self._wire.most_per_page)
        some, more = rows[:size], len(rows) > size
        latest = {one["file"]: one for one in some}  # a file changed twice within a page is told once
        found = {"kind": "drive#changeList", "changes": [self._view(one) for one in latest.values()]}
        if more:
            return {**found, "nextPageToken": f"{age}~{some[-1]['n']}"}
        self._wire.read_completely("library", drive)
        return {**found, "newStartPageToken": f"{self._age()}~{self._last()}"}

    def _watch(self, asked: Asked) -> Mapping[str, Any]:
        return self.channels.open(asked, self._checked(asked))

    def _checked(self, asked: Asked) -> str:
        if not asked.query.get("supportsAllDrives") or "driveId" not in asked.query:
            raise Refuse(404, "notFound", "Shared drive not found")
        return str(self._drive.drive(asked, asked.query["driveId"])["id"])

    def _view(self, change: Document) -> Mapping[str, Any]:
        file = self._store.get("google.file", change["file"]) or {}
        about = {"kind": "drive#change", "changeType": "file", "type": "file", "time": change["time"]}
        found = {**about, "fileId": change["file"], "removed": bool(file["removed"])}
        return found if file["removed"] else {**found, "file": self._drive.view(file)}
