"""The pages of courses and groups of the pretended Canvas, and what Canvas makes of HTML."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse
from coplink_canvas.sandbox.api import absent, one_of, take, text, yes_or_no
from coplink_canvas.sandbox.groups import MANAGE, Groups, bare, check_name

VIEW, WRITE, CHANGE, DELETE = (
    "read_course_content",
    "manage_wiki_create",
    "manage_wiki_update",
    "manage_wiki_delete",
)
ORDERS = {"title": "title", "created_at": "created_at", "updated_at": "updated_at"}


class Pages(Groups):
    """``/groups/:id/pages`` and ``/courses/:id/pages``."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        for home in ("groups/<int:group>", "courses/<int:course>"):
            self.api("GET", f"/{home}/pages", self._pages)
            self.api("POST", f"/{home}/pages", self._make_page)
            self.api("GET", f"/{home}/pages/<page>", self._show_page)
            self.api("PUT", f"/{home}/pages/<page>", self._change_page)
            self.api("DELETE", f"/{home}/pages/<page>", self._drop_page)

    def pages_in(self, home: str, number: int) -> list[Document]:
        """The pages of a group or a course."""
        return [page for page in self.store.all("canvas.pages") if page.get(home) == number]

    def write_page(self, page: Document, who: int | None, **fields: Any) -> None:
        """Change a page, whoever does it."""
        person = self.person(who) if who is not None else None
        edited = (
            {"id": who, "display_name": (person or {"name": "coplink"})["name"]} if who is not None else None
        )
        page.update(fields, updated_at=self.now(), last_edited_by=edited)
        self.store.put("canvas.pages", str(page["page_id"]), page)

    def add_page(
        self, home: str, number: int, title: str, body: str, who: int, published: bool = True
    ) -> Document:
        """A new page in a group or a course, whoever makes it."""
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        taken = {p["url"] for p in self.pages_in(home, number)}
        url = next(
            u for n in range(1, len(taken) + 2) if (u := slug if n == 1 else f"{slug}-{n}") not in taken
        )
        made: Document = {
            "page_id": 4000 + self.store.serial("canvas.pages"),
            home: number,
            "url": url,
            "title": title,
            "published": published,
            "created_at": self.now(),
            "made": self.clock(),
        }
        self.write_page(made, who, body=tidy(body))
        return made

    # --- routes -----------------------------------------------------------------------------------------------------

    def _pages(self, district: District, request: Request, **ids: int) -> Response:
        asked = take(
            request,
            search_term=text,
            include__=one_of("body"),
            sort=one_of(*ORDERS),
            order=one_of("asc", "desc"),
            published=yes_or_no,
        )
        home, number = self._page_home(district, ids, VIEW, CHANGE)
        term = asked.get("search_term", "").lower()
        rows = [p for p in self.pages_in(home, number) if term in p["title"].lower() and self.visible(p)]
        if "published" in asked:
            rows = [p for p in rows if p["published"] is asked["published"]]
        rows.sort(key=lambda page: (page[ORDERS[asked.get("sort", "title")]], page["page_id"]))
        if asked.get("order") == "desc":
            rows.reverse()
        shown = [self._page_row(p) for p in rows]
        if "body" not in asked.get("include__", ()):
            shown = [{name: value for name, value in row.items() if name != "body"} for row in shown]
        return self.page(request, shown)

    def _make_page(self, district: District, request: Request, **ids: int) -> Any:
        asked = take(
            request,
            wiki_page__title=text,
            wiki_page__body=text,
            wiki_page__published=yes_or_no,
            wiki_page__editing_roles=one_of("teachers", "members"),
        )
        home, number = self._page_home(district, ids, WRITE, write=True)
        title = asked.get("wiki_page__title", "")
        check_name(title)
        body, published = asked.get("wiki_page__body", ""), asked.get("wiki_page__published", False)
        return self._page_row(
            self.add_page(home, number, title, body, self.service_account(district), published=published)
        )

    def _show_page(self, district: District, request: Request, page: str, **ids: int) -> Any:
        take(request)
        home, number = self._page_home(district, ids, VIEW, CHANGE)
        return self._page_row(self.shown(self._the_page(home, number, page)))

    def _change_page(self, district: District, request: Request, page: str, **ids: int) -> Any:
        asked = take(request, wiki_page__title=text, wiki_page__body=text)
        home, number = self._page_home(district, ids, CHANGE, write=True)
        found = self._the_page(home, number, page)
        fields: dict[str, Any] = {}
        if "wiki_page__title" in asked:
            check_name(asked["wiki_page__title"])
            fields["title"] = asked["wiki_page__title"]
        if "wiki_page__body" in asked:
            fields["body"] = tidy(asked["wiki_page__body"])
        self.write_page(found, self.service_account(district), **fields)
        return self._page_row(found)

    def _drop_page(self, district: District, request: Request, page: str, **ids: int) -> Any:
        take(request)
        home, number = self._page_home(district, ids, DELETE, write=True)
        found = self._the_page(home, number, page)
        self.store.drop("canvas.pages", str(found["page_id"]))
        return {**self._page_row(found), "published": False}

    def _the_page(self, home: str, number: int, page: str) -> Document:
        """By the end of its address, or by ``page_id:<number>``."""
        kind, _, wanted = page.rpartition(":")
        name = "page_id" if kind == "page_id" else "url"
        found = next((p for p in self.pages_in(home, number) if str(p[name]) == wanted), None)
        if found is None:
            raise absent()
        return found

    def _page_home(
        self, district: District, ids: dict[str, int], *permissions: str, write: bool = False
    ) -> tuple[str, int]:
        """Whose pages are asked for, if this account may."""
        home = "group" if "group" in ids else "course"
        found = self.shown(self.group(district, ids["group"])) if home == "group" else None
        course = found["course_id"] if found else ids["course"]
        if write:
            self.going_on(district, course)
        self.need(district, *((MANAGE,) if home == "group" else permissions))
        if not self.course(district, course)["pages"]:
            raise Refuse(404, "switched_off", "That page has been disabled for this course")
        return home, ids[home]

    def _page_row(self, page: Document) -> dict[str, Any]:
        home = "group" if "group" in page else "course"
        shown = {name: value for name, value in bare(page).items() if name not in ("group", "course")}
        return {**shown, "html_url": f"{self.base_url}/{home}s/{page[home]}/pages/{page['url']}"}


def tidy(html: str) -> str:
    """Canvas cleans up what it is given: scripts and comments go, and what comes back is not byte for byte the same."""
    html = re.sub(r"(?is)<script.*?</script>|<!--.*?-->", "", html)
    return html.replace("<p>", '<p dir="ltr">')
