"""The pages of groups of the pretended Canvas, and what Canvas makes of HTML."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink.sandbox.wire import Refuse
from coplink_canvas.sandbox.api import one_of, take, text, yes_or_no
from coplink_canvas.sandbox.groups import MANAGE, Groups, bare, check_name


class Pages(Groups):
    """``/groups/:id/pages``."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.api("GET", "/groups/<int:group>/pages", self._pages)
        self.api("POST", "/groups/<int:group>/pages", self._make_page)

    def _pages(self, district: District, request: Request, group: int) -> Response:
        asked = take(request, search_term=text, include__=one_of("body"))
        found = self.shown(self.group(district, group))
        self._pages_allowed(district, found)
        term = asked.get("search_term", "").lower()
        rows = [
            p for p in self.store.all("canvas.pages") if p["group"] == group and term in p["title"].lower()
        ]
        rows = [bare(p) for p in rows if self.visible(p)]
        if "body" not in asked.get("include__", ()):
            rows = [{name: value for name, value in row.items() if name != "body"} for row in rows]
        return self.page(request, rows)

    def _make_page(self, district: District, request: Request, group: int) -> Any:
        asked = take(request, wiki_page__title=text, wiki_page__body=text, wiki_page__published=yes_or_no)
        found = self.group(district, group)
        self.going_on(district, found["course_id"])
        self._pages_allowed(district, found)
        title = asked.get("wiki_page__title", "")
        check_name(title)
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        taken = {p["url"] for p in self.store.all("canvas.pages") if p["group"] == group}
        url = next(
            u for n in range(1, len(taken) + 2) if (u := slug if n == 1 else f"{slug}-{n}") not in taken
        )
        made = {
            "page_id": 4000 + self.store.serial("canvas.pages"),
            "group": group,
            "url": url,
            "title": title,
            "body": tidy(asked.get("wiki_page__body", "")),
            "published": asked.get("wiki_page__published", False),
            "created_at": self.now(),
            "updated_at": self.now(),
            "made": self.clock(),
        }
        self.store.put("canvas.pages", str(made["page_id"]), made)
        return bare(made)

    def _pages_allowed(self, district: District, group: Document) -> None:
        self.need(district, MANAGE)
        if not self.course(district, group["course_id"])["pages"]:
            raise Refuse(404, "switched_off", "That page has been disabled for this course")


def tidy(html: str) -> str:
    """Canvas cleans up what it is given: scripts and comments go, and what comes back is not byte for byte the same."""
    html = re.sub(r"(?is)<script.*?</script>|<!--.*?-->", "", html)
    return html.replace("<p>", '<p dir="ltr">')
