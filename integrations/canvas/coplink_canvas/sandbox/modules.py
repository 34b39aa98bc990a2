"""The modules of courses of the pretended Canvas, and the links in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.api import absent, invalid, one_of, take, text, yes_or_no
from coplink_canvas.sandbox.files import Files
from coplink_canvas.sandbox.groups import bare, check_name
from coplink_canvas.sandbox.pages import VIEW

ADD, EDIT, REMOVE = "manage_course_content_add", "manage_course_content_edit", "manage_course_content_delete"


class Modules(Files):
    """``/courses/:id/modules`` and the links in them."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        modules = "/courses/<int:course>/modules"
        self.api("GET", modules, self._modules)
        self.api("POST", modules, self._make_module)
        self.api("GET", f"{modules}/<int:module>/items", self._links)
        self.api("POST", f"{modules}/<int:module>/items", self._make_link)
        self.api("PUT", f"{modules}/<int:module>/items/<int:link>", self._change_link)
        self.api("DELETE", f"{modules}/<int:module>/items/<int:link>", self._drop_link)

    def _modules(self, district: District, request: Request, course: int) -> Response:
        asked = take(request, search_term=text)
        self.course(district, course)
        self.need(district, VIEW, ADD)
        term = asked.get("search_term", "").lower()
        rows = [m for m in self.store.all("canvas.modules") if m["course"] == course and self.visible(m)]
        return self.page(request, [_shown(m) for m in rows if term in m["name"].lower()])

    def _make_module(self, district: District, request: Request, course: int) -> Any:
        asked = take(request, module__name=text)
        self.going_on(district, course)
        self.need(district, ADD)
        check_name(asked.get("module__name", ""))
        made = {
            "id": 6000 + self.store.serial("canvas.modules"),
            "course": course,
            "name": asked["module__name"],
            "published": False,
            "made": self.clock(),
        }
        self.store.put("canvas.modules", str(made["id"]), made)
        return _shown(made)

    def _links(self, district: District, request: Request, course: int, module: int) -> Response:
        take(request, search_term=text)
        self.shown(self._module(district, course, module))
        self.need(district, VIEW, EDIT)
        rows = [
            one for one in self.store.all("canvas.links") if one["module_id"] == module and self.visible(one)
        ]
        return self.page(request, [bare(one) for one in rows])

    def _make_link(self, district: District, request: Request, course: int, module: int) -> Any:
        asked = take(
            request,
            module_item__title=text,
            module_item__type=one_of("ExternalUrl"),
            module_item__external_url=text,
            module_item__new_tab=yes_or_no,
        )
        self._module(district, course, module)
        self.going_on(district, course)
        self.need(district, EDIT)
        if not asked.get("module_item__external_url", "").startswith(("https://", "http://")):
            raise invalid("url", "is not a valid URL")
        check_name(asked.get("module_item__title", ""))
        made = {
            "id": 6500 + self.store.serial("canvas.links"),
            "module_id": module,
            "title": asked["module_item__title"],
            "type": "ExternalUrl",
            "external_url": asked["module_item__external_url"],
            "new_tab": asked.get("module_item__new_tab", False),
            "published": False,
            "made": self.clock(),
        }
        self.store.put("canvas.links", str(made["id"]), made)
        return bare(made)

    def _change_link(self, district: District, request: Request, course: int, module: int, link: int) -> Any:
        asked = take(request, module_item__title=text)
        found = self._link(district, course, module, link, EDIT)
        check_name(asked.get("module_item__title", ""))
        found["title"] = asked["module_item__title"]
        self.store.put("canvas.links", str(link), found)
        return bare(found)

    def _drop_link(self, district: District, request: Request, course: int, module: int, link: int) -> Any:
        take(request)
        found = self._link(district, course, module, link, REMOVE)
        self.store.drop("canvas.links", str(link))
        return bare(found)

    def _link(self, district: District, course: int, module: int, link: int, permission: str) -> Document:
        self._module(district, course, module)
        self.going_on(district, course)
        self.need(district, permission)
        found = self.store.get("canvas.links", str(link))
        if found is None or found["module_id"] != module:
            raise absent()
        return found

    def _module(self, district: District, course: int, module: int) -> Document:
        self.course(district, course)
        found = self.store.get("canvas.modules", str(module))
        if found is None or found["course"] != course:
            raise absent()
        return found


def _shown(module: Document) -> dict[str, Any]:
    return {name: value for name, value in bare(module).items() if name != "course"}
