"""Every call coplink makes to Canvas, in one table: what it needs, why it is made, and what stops without it.

The scope list of the developer key, the permissions of the service account's role and the words about a refusal are
read from here; a test compares it with the calls that are made. Scopes look as Canvas writes them,
``url:<VERB>|<path>`` (Canvas API documentation, "Developer Keys", November 2026). Needs no SDK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

When = tuple[str, frozenset[str]]

GROUP_PLACE: When = ("place", frozenset({"", "group"}))
PAGE_PLACE: When = ("place", frozenset({"page"}))
COURSE_CATALOGUE: When = ("catalogue", frozenset({"", "course"}))
COURSE_TOLD: When = ("announce", frozenset({"course"}))
MODULE_LINK: When = ("module", frozenset({"yes"}))


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of call. ``permission`` is the role permission it needs in Canvas' words, empty where seeing the course
    is enough; ``when`` (or ``also``) names the setting and the values with which it is made (None: always)."""

    method: str
    path: str
    permission: str
    reason: str
    without: str
    when: When | None = None
    literal: str = ""
    also: When | None = None

    @property
    def scope(self) -> str:
        """What a scoped developer key must allow."""
        return f"url:{self.method}|/api/v1{self.path}"

    @property
    def call(self) -> str:
        """The call as it is recorded: method and path without ids."""
        return f"{self.method} {self.literal or re.sub(r':[a-z_]+', ':id', self.path)}"

    def made(self, settings: Mapping[str, str]) -> bool:
        """Whether a connection with these settings makes such calls."""
        cases = [one for one in (self.when, self.also) if one is not None]
        return not cases or any(settings.get(name, "") in values for name, values in cases)


SEAT = "nobody is seated or unseated"
MEET = "meetings are not on the Canvas calendar"
PLACE = "no community gets a place in Canvas"
ABOUT = "the group has no page about the community"
KEEP = "a renamed or archived community keeps its old name in Canvas"
FILES = "what is made in Canvas is not in the library"
LINK = "the course's modules show no link to the community"
TELL = "what is said to everybody does not appear in Canvas"

_COURSES, _SETS, _GROUPS = "/courses/:course_id", "/group_categories/:group_category_id", "/groups/:group_id"
_MANAGE = "manage_groups_manage"

OPERATIONS = (
    Operation("GET", "/users/:id", "", "finds out who the service account is", PLACE, None, "/users/self"),
    Operation(
        "GET", "/courses/:id", "", "looks whether the chosen course is there and still going on", PLACE
    ),
    Operation(
        "GET",
        f"{_COURSES}/users/:id",
        "read_roster",
        "asks whether somebody whom Canvas refused is in the course at all",
        "a refused seat is shown without its reason",
        GROUP_PLACE,
    ),
    # --- the group set and the group
    Operation(
        "GET",
        f"{_COURSES}/group_categories",
        "manage_groups_add",
        "finds its own group set again",
        PLACE,
        GROUP_PLACE,
    ),
    Operation(
        "POST", f"{_COURSES}/group_categories", "manage_groups_add", "makes the group set", PLACE, GROUP_PLACE
    ),
    Operation("PUT", _SETS, _MANAGE, "renames the group set with the community", KEEP, GROUP_PLACE),
    Operation("GET", f"{_SETS}/groups", "manage_groups_add", "finds its own group again", PLACE, GROUP_PLACE),
    Operation("POST", f"{_SETS}/groups", "manage_groups_add", "makes the group", PLACE, GROUP_PLACE),
    Operation("GET", _GROUPS, _MANAGE, "looks whether the group is still there", PLACE, GROUP_PLACE),
    Operation("PUT", _GROUPS, _MANAGE, "renames the group with the community", KEEP, GROUP_PLACE),
    # --- who sits there
    Operation("GET", f"{_GROUPS}/memberships", _MANAGE, "reads who sits in the group", SEAT, GROUP_PLACE),
    Operation("POST", f"{_GROUPS}/memberships", _MANAGE, "seats a member", SEAT, GROUP_PLACE),
    Operation("GET", f"{_GROUPS}/users/:user_id", _MANAGE, "looks at one seat", SEAT, GROUP_PLACE),
    Operation(
        "PUT",
        f"{_GROUPS}/users/:user_id",
        _MANAGE,
        "makes somebody a moderator, or a member again",
        SEAT,
        GROUP_PLACE,
    ),
    Operation("DELETE", f"{_GROUPS}/users/:user_id", _MANAGE, "takes a seat away", SEAT, GROUP_PLACE),
    # --- the page about the community
    Operation(
        "GET",
        f"{_GROUPS}/pages",
        _MANAGE,
        "finds its own page again; lists pages for the library",
        ABOUT,
        GROUP_PLACE,
    ),
    Operation(
        "GET", f"{_GROUPS}/pages/:url_or_id", _MANAGE, "tells its own page by its mark", ABOUT, GROUP_PLACE
    ),
    Operation("POST", f"{_GROUPS}/pages", _MANAGE, "makes the page about the community", ABOUT, GROUP_PLACE),
    # --- meetings
    Operation("GET", "/calendar_events", _MANAGE, "reads the group's calendar", MEET, GROUP_PLACE),
    Operation(
        "POST", "/calendar_events", _MANAGE, "puts a meeting on the group's calendar", MEET, GROUP_PLACE
    ),
    Operation(
        "GET",
        "/calendar_events/:id",
        _MANAGE,
        "looks whether a meeting was deleted by a person",
        MEET,
        GROUP_PLACE,
    ),
    Operation("PUT", "/calendar_events/:id", _MANAGE, "moves a meeting", MEET, GROUP_PLACE),
    Operation("DELETE", "/calendar_events/:id", _MANAGE, "takes a cancelled meeting off", MEET, GROUP_PLACE),
    # --- what is said to everybody
    Operation(
        "GET",
        f"{_GROUPS}/discussion_topics",
        _MANAGE,
        "looks whether an announcement was made by an earlier try",
        TELL,
        GROUP_PLACE,
    ),
    Operation("POST", f"{_GROUPS}/discussion_topics", _MANAGE, "announces in the group", TELL, GROUP_PLACE),
    Operation(
        "GET",
        f"{_COURSES}/discussion_topics",
        "read_announcements",
        "looks whether an announcement was made by an earlier try",
        TELL,
        COURSE_TOLD,
    ),
    Operation(
        "POST",
        f"{_COURSES}/discussion_topics",
        "moderate_forum",
        "announces in the course",
        TELL,
        COURSE_TOLD,
    ),
    # --- after it was made
    Operation(
        "PUT", f"{_GROUPS}/pages/:url_or_id", _MANAGE, "says on its own page that it rests", KEEP, GROUP_PLACE
    ),
    Operation(
        "DELETE",
        f"{_GROUPS}/pages/:url_or_id",
        _MANAGE,
        "takes its own page away when asked",
        KEEP,
        GROUP_PLACE,
    ),
    # --- a page in the course instead of a group
    Operation(
        "GET",
        f"{_COURSES}/pages",
        "read_course_content",
        "lists published pages for the library; finds its own page again",
        FILES,
        COURSE_CATALOGUE,
        also=PAGE_PLACE,
    ),
    Operation(
        "GET",
        f"{_COURSES}/pages/:url_or_id",
        "manage_wiki_update",
        "tells its own page by its mark",
        PLACE,
        PAGE_PLACE,
    ),
    Operation(
        "POST", f"{_COURSES}/pages", "manage_wiki_create", "makes a community's page", PLACE, PAGE_PLACE
    ),
    Operation(
        "PUT",
        f"{_COURSES}/pages/:url_or_id",
        "manage_wiki_update",
        "renames a community's page, and says on it that it rests",
        KEEP,
        PAGE_PLACE,
    ),
    Operation(
        "DELETE",
        f"{_COURSES}/pages/:url_or_id",
        "manage_wiki_delete",
        "takes its own page away when asked",
        KEEP,
        PAGE_PLACE,
    ),
    # --- the library
    Operation(
        "GET", f"{_GROUPS}/files", _MANAGE, "lists the group's files for the library", FILES, GROUP_PLACE
    ),
    Operation(
        "GET",
        f"{_COURSES}/files",
        "read_course_content",
        "lists published files for the library",
        FILES,
        COURSE_CATALOGUE,
    ),
    # --- a link in the modules
    Operation(
        "GET",
        f"{_COURSES}/modules",
        "manage_course_content_add",
        "finds the module for links again",
        LINK,
        MODULE_LINK,
    ),
    Operation(
        "POST",
        f"{_COURSES}/modules",
        "manage_course_content_add",
        "makes the module for links",
        LINK,
        MODULE_LINK,
    ),
    Operation(
        "GET",
        f"{_COURSES}/modules/:module_id/items",
        "manage_course_content_edit",
        "finds its link again",
        LINK,
        MODULE_LINK,
    ),
    Operation(
        "POST",
        f"{_COURSES}/modules/:module_id/items",
        "manage_course_content_edit",
        "makes the link",
        LINK,
        MODULE_LINK,
    ),
    Operation(
        "PUT",
        f"{_COURSES}/modules/:module_id/items/:id",
        "manage_course_content_edit",
        "renames the link with the community",
        KEEP,
        MODULE_LINK,
    ),
    Operation(
        "DELETE",
        f"{_COURSES}/modules/:module_id/items/:id",
        "manage_course_content_delete",
        "takes its link away when asked",
        LINK,
        MODULE_LINK,
    ),
)

BY_CALL: Mapping[str, Operation] = {operation.call: operation for operation in OPERATIONS}


def scopes(settings: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The scopes of a developer key for these settings; all there are without settings."""
    made = (one for one in OPERATIONS if settings is None or one.made(settings))
    return tuple(dict.fromkeys(one.scope for one in made))


def permission(call: str) -> tuple[str, ...]:
    """The role permission that a recorded call needs, in Canvas' words; none for one that needs none."""
    found = BY_CALL.get(call)
    return (found.permission,) if found is not None and found.permission else ()


def scope(call: str) -> tuple[str, ...]:
    """The scope that a recorded call needs."""
    found = BY_CALL.get(call)
    return (found.scope,) if found is not None else ()
