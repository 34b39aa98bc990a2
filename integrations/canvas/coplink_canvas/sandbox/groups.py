"""Group sets, groups and memberships of the pretended Canvas.

True to Canvas: a person sits in at most one group of a set, names of sets are unique in a course, memberships of course
groups are accepted at once, and only people of the course can be seated.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import District, Region
from coplink.sandbox.store import Document, Store
from coplink_canvas.sandbox.api import absent, forbidden, invalid, number, one_of, take, text, yes_or_no
from coplink_canvas.sandbox.courses import Courses

MARKER = re.compile(r"coplink:[0-9a-f]{32}")
LONGEST = 255
RESERVED = ("student groups", "imported groups")
MANAGE = "manage_groups_manage"
ANY = ("manage_groups_add", "manage_groups_manage")


class Groups(Courses):
    """``/group_categories``, ``/groups`` and what is below them."""

    def __init__(self, region: Region, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(region, store, clock)
        self.api("GET", "/courses/<int:course>/group_categories", self._categories)
        self.api("POST", "/courses/<int:course>/group_categories", self._make_category)
        self.api("GET", "/group_categories/<int:category>/groups", self._category_groups)
        self.api("POST", "/group_categories/<int:category>/groups", self._make_group)
        self.api("PUT", "/group_categories/<int:category>", self._rename_category)
        self.api("GET", "/groups/<int:group>", self._show_group)
        self.api("PUT", "/groups/<int:group>", self._change_group)
        self.api("GET", "/groups/<int:group>/memberships", self._memberships)
        self.api("POST", "/groups/<int:group>/memberships", self._seat)
        self.api("GET", "/groups/<int:group>/users/<int:user>", self._membership)
        self.api("PUT", "/groups/<int:group>/users/<int:user>", self._change)
        self.api("DELETE", "/groups/<int:group>/users/<int:user>", self._leave)
        self.replacements = 0  # how often the whole list of members was replaced

    def group(self, district: District, group: int | str) -> Document:
        """A group that this district's token reaches."""
        document = self.store.get("canvas.groups", str(group))
        if document is None:
            raise absent()
        self.course(district, document["course_id"])
        return document

    def sitting(self, group: int | str) -> list[Document]:
        """The memberships of a group."""
        return [m for m in self.store.all("canvas.memberships") if m["group_id"] == int(group)]

    # --- group sets and groups --------------------------------------------------------------------------------------

    def _categories(self, district: District, request: Request, course: int) -> Response:
        take(request)
        self.course(district, course)
        self.need(district, *ANY)
        rows = [
            c for c in self.store.all("canvas.categories") if c["course_id"] == course and self.visible(c)
        ]
        return self.page(request, [bare(c) for c in rows])

    def _make_category(self, district: District, request: Request, course: int) -> Any:
        asked = take(request, name=text)
        self.going_on(district, course)
        self.need(district, "manage_groups_add")
        name = asked.get("name", "")
        check_name(name)
        if name.lower() in RESERVED:
            raise invalid("name", f"{name} is a reserved name.")
        if any(c["course_id"] == course and c["name"] == name for c in self.store.all("canvas.categories")):
            raise invalid("name", f"{name} is already in use.")
        made = {
            "id": 500 + self.store.serial("canvas.categories"),
            "name": name,
            "role": None,
            "self_signup": None,
            "context_type": "Course",
            "course_id": course,
            "made": self.clock(),
        }
        self.store.put("canvas.categories", str(made["id"]), made)
        return bare(made)

    def _category_groups(self, district: District, request: Request, category: int) -> Response:
        take(request)
        found = self.shown(self.store.get("canvas.categories", str(category)))
        self.course(district, found["course_id"])
        self.need(district, *ANY)
        rows = [
            g
            for g in self.store.all("canvas.groups")
            if g["group_category_id"] == category and self.visible(g)
        ]
        return self.page(request, [self._group_row(g) for g in rows])

    def _make_group(self, district: District, request: Request, category: int) -> Any:
        levels = one_of("invitation_only", "parent_context_auto_join", "parent_context_request")
        asked = take(request, name=text, description=text, join_level=levels, is_public=yes_or_no)
        found = self.store.get("canvas.categories", str(category))
        if found is None:
            raise absent()
        self.going_on(district, found["course_id"])
        self.need(district, "manage_groups_add")
        check_name(asked.get("name", ""))
        made = {
            "id": 700 + self.store.serial("canvas.groups"),
            "name": asked["name"],
            "description": asked.get("description"),
            "is_public": False,  # only groups of an account can be public; Canvas says nothing and leaves it
            "join_level": asked.get("join_level", "invitation_only"),
            "context_type": "Course",
            "course_id": found["course_id"],
            "role": None,
            "group_category_id": category,
            "made": self.clock(),
        }
        self.store.put("canvas.groups", str(made["id"]), made)
        return self._group_row(made)

    def _rename_category(self, district: District, request: Request, category: int) -> Any:
        asked = take(request, name=text)
        found = self.store.get("canvas.categories", str(category))
        if found is None:
            raise absent()
        self.going_on(district, found["course_id"])
        self.need(district, MANAGE)
        name = asked.get("name", "")
        check_name(name)
        others = [c for c in self.store.all("canvas.categories") if c["course_id"] == found["course_id"]]
        if any(c["name"] == name and c["id"] != category for c in others):
            raise invalid("name", f"{name} is already in use.")
        found["name"] = name
        self.store.put("canvas.categories", str(category), found)
        return bare(found)

    def _change_group(self, district: District, request: Request, group: int) -> Any:
        asked = take(request, name=text, description=text, members__=number)
        found = self.group(district, group)
        self.going_on(district, found["course_id"])
        self.need(district, MANAGE)
        if "name" in asked:
            check_name(asked["name"])
        found.update({name: asked[name] for name in ("name", "description") if name in asked})
        self.store.put("canvas.groups", str(group), found)
        if "members__" in asked:
            self.replacements += 1
            self._replace(found, asked["members__"])
        return self._group_row(found)

    def _replace(self, group: Document, users: list[int]) -> None:
        """The whole list anew: whoever is not named loses the seat, a moderator's flag goes with it."""
        for seat in self.sitting(group["id"]):
            if seat["user_id"] not in users:
                self.store.drop("canvas.memberships", f"{group['id']}/{seat['user_id']}")
        for user in users:
            if self.enrolled(group["course_id"], user):
                self._new_seat(group["id"], user)

    def _show_group(self, district: District, request: Request, group: int) -> Any:
        take(request, include__=one_of("permissions", "tabs"))
        found = self.shown(self.group(district, group))
        self.need(district, *ANY)
        return self._group_row(found)

    def _group_row(self, group: Document) -> dict[str, Any]:
        return {**bare(group), "members_count": len(self.sitting(group["id"]))}

    # --- memberships ------------------------------------------------------------------------------------------------

    def _memberships(self, district: District, request: Request, group: int) -> Response:
        asked = take(request, filter_states__=one_of("accepted", "invited", "requested"))
        self.shown(self.group(district, group))
        self.need(district, MANAGE)
        states = asked.get("filter_states__", ["accepted", "invited", "requested"])
        rows = [m for m in self.sitting(group) if m["workflow_state"] in states and self.visible(m)]
        done = ("space", str(group)) if "accepted" in states else None
        return self.page(request, [bare(m) for m in rows], done)

    def _seat(self, district: District, request: Request, group: int) -> Any:
        asked = take(request, user_id=number)
        found = self.group(district, group)
        user = asked["user_id"]
        if self.person(user) is None and user != self.service_account(district):
            raise absent()
        self.going_on(district, found["course_id"])
        self.need(district, MANAGE)
        if not self.enrolled(found["course_id"], user):
            raise forbidden(role=False)
        there = self.store.get("canvas.memberships", f"{group}/{user}")
        if there is not None:
            return {**bare(there), "just_created": False}
        siblings = [
            g["id"]
            for g in self.store.all("canvas.groups")
            if g["group_category_id"] == found["group_category_id"]
        ]
        for sibling in siblings:  # one group of a set for each person: the new one wins, silently
            self.store.drop("canvas.memberships", f"{sibling}/{user}")
        return {**bare(self._new_seat(group, user)), "just_created": True}

    def sit(self, group: int | str, user: str, moderator: bool) -> None:
        """Let somebody sit in a group, whoever put them there."""
        seat = self._new_seat(int(group), int(user))
        if moderator:
            self.store.put("canvas.memberships", f"{group}/{user}", {**seat, "moderator": True})

    def _new_seat(self, group: int, user: int) -> Document:
        made = {
            "id": 30000 + self.store.serial("canvas.memberships"),
            "group_id": group,
            "user_id": user,
            "workflow_state": "accepted",
            "moderator": False,
            "made": self.clock(),
        }
        self.store.put("canvas.memberships", f"{group}/{user}", made)
        return made

    def _membership(self, district: District, request: Request, group: int, user: int) -> Any:
        take(request)
        self.shown(self.group(district, group))
        self.need(district, MANAGE)
        return bare(self.shown(self.store.get("canvas.memberships", f"{group}/{user}")))

    def _change(self, district: District, request: Request, group: int, user: int) -> Any:
        asked = take(request, workflow_state=one_of("accepted"), moderator=yes_or_no)
        there = self._writable(district, group, user)
        there.update(asked)
        self.store.put("canvas.memberships", f"{group}/{user}", there)
        return bare(there)

    def _leave(self, district: District, request: Request, group: int, user: int) -> Any:
        take(request)
        self._writable(district, group, user)
        self.store.drop("canvas.memberships", f"{group}/{user}")
        return {"ok": True}

    def _writable(self, district: District, group: int, user: int) -> Document:
        found = self.group(district, group)
        there = self.store.get("canvas.memberships", f"{group}/{user}")
        if there is None:
            raise absent()
        self.going_on(district, found["course_id"])
        self.need(district, MANAGE)
        return there


def check_name(name: str) -> None:
    """Refuse a name that is empty or too long."""
    if not name.strip():
        raise invalid("name", "Name is required")
    if len(name) > LONGEST:
        raise invalid("name", "Enter a shorter name")


def bare(document: Document) -> dict[str, Any]:
    """A document without what only the sandbox knows."""
    return {name: value for name, value in document.items() if name != "made"}
