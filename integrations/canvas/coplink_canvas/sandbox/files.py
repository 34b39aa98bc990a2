"""The files of courses and groups of the pretended Canvas: listed, never made through the API here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.api import one_of, take, text
from coplink_canvas.sandbox.groups import MANAGE, bare
from coplink_canvas.sandbox.pages import VIEW, Pages

ORDERS = {"name": "display_name", "created_at": "created_at", "updated_at": "updated_at"}


class Files(Pages):
    """``/groups/:id/files`` and ``/courses/:id/files``."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.api("GET", "/groups/<int:group>/files", self._group_files)
        self.api("GET", "/courses/<int:course>/files", self._course_files)

    def add_file(self, home: str, number: int, name: str, who: int, **rest: Any) -> Document:
        """Somebody puts a file into a course or a group."""
        made: Document = {
            "id": 60000 + self.store.serial("canvas.files"),
            home: number,
            "display_name": name,
            "filename": name,
            "content-type": "application/pdf",
            "size": 1000,
            "locked": False,
            "hidden": False,
            "by": who,
            "created_at": self.now(),
            "made": self.clock(),
            **rest,
        }
        self.write_file(made)
        return made

    def write_file(self, file: Document, **fields: Any) -> None:
        """Change a file, whoever does it."""
        file.update({"updated_at": self.now(), "modified_at": self.now(), **fields})
        self.store.put("canvas.files", str(file["id"]), file)

    def _group_files(self, district: District, request: Request, group: int) -> Response:
        self.shown(self.group(district, group))
        self.need(district, MANAGE)
        return self._files(request, "group", group)

    def _course_files(self, district: District, request: Request, course: int) -> Response:
        self.course(district, course)
        self.need(district, VIEW)
        return self._files(request, "course", course)

    def _files(self, request: Request, home: str, number: int) -> Response:
        asked = take(
            request,
            search_term=text,
            include__=one_of("user"),
            sort=one_of(*ORDERS),
            order=one_of("asc", "desc"),
        )
        rows = [f for f in self.store.all("canvas.files") if f.get(home) == number and self.visible(f)]
        rows.sort(key=lambda file: (file[ORDERS[asked.get("sort", "name")]], file["id"]))
        if asked.get("order") == "desc":
            rows.reverse()
        return self.page(request, [self._file_row(f, "user" in asked.get("include__", ())) for f in rows])

    def _file_row(self, file: Document, user: bool) -> dict[str, Any]:
        shown = {name: value for name, value in bare(file).items() if name not in ("group", "course", "by")}
        shown["url"] = f"{self.base_url}/files/{file['id']}/download?verifier=secret"
        if user:
            person = self.person(file["by"])
            shown["user"] = {"id": file["by"], "display_name": person["name"]} if person else {}
        return shown
