"""What is said to everybody, as an announcement in the group; in the course, if allowed, where there is only a page.

An invitation is for those who are not in the group yet: where courses may be told, it stands in the course.

Canvas takes no create key: the mark stands in the address of the link under the words, which Canvas' clean-up of HTML
leaves alone. Announcements are listed newest first (open source Canvas, November 2026), and one that may have been made
before is among the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape

from coplink.core.announcing import Announcement
from coplink.core.words import say
from coplink.ports.announcements import PostLink
from coplink.ports.errors import Ambiguous, Gone, OutcomeUnknown, PermissionMissing, UnexpectedReply
from coplink_canvas.client import Client
from coplink_canvas.content import Home
from coplink_canvas.listing import Row, number
from coplink_canvas.names import COURSE_PAGE, GROUP, Choices, fitted
from coplink_canvas.spaces import TEACHER, check_course, group_gone, pair

MOST_PAGES = 20


class CanvasAnnouncements:
    """An announcement in a group reaches its members; one in a course reaches everybody in the course."""

    def __init__(self, client: Client, choices: Choices) -> None:
        self._client, self._choices = client, choices

    def post(self, parts: Mapping[str, str], announcement: Announcement, key: str) -> PostLink:
        """Look for the mark first, then announce it."""
        if COURSE_PAGE in parts and not self._choices.tells_course:
            return PostLink(
                "",
                silent=say(
                    "There is only a page in the Canvas course, and everybody in the course would be told."
                    " An administrator can allow that in the connection’s settings."
                ),
            )
        home = self._home(parts, announcement.inviting)
        mark = hashlib.sha256(f"{home.path} {key}".encode()).hexdigest()[:24]
        try:
            there = self._marked(home, mark)
            if there is not None:
                return PostLink(there, self._address(home, there), found=True)
            row = self._client.send(
                "POST",
                f"{home.path}/discussion_topics",
                title=fitted(announcement.title),
                message=message(announcement, mark),
                is_announcement=True,
            )
        except PermissionMissing:
            self._ended(home)
            raise
        except Gone as error:
            if home.kind == "group":
                raise group_gone(error) from error
            raise Gone(say("The Canvas course is not there any more."), error.detail) from error
        try:
            made = number(row, "id")
        except UnexpectedReply as error:  # an answer without an id leaves open whether it was made
            raise OutcomeUnknown(error.detail) from error
        return PostLink(made, self._address(home, made))

    def _home(self, parts: Mapping[str, str], inviting: bool) -> Home:
        if COURSE_PAGE in parts:
            return Home("course", pair(parts[COURSE_PAGE])[0])
        if inviting and self._choices.tells_course:
            try:
                return Home("course", number(self._client.group(parts[GROUP]), "course_id"))
            except Gone as error:
                raise group_gone(error) from error
        return Home("group", parts[GROUP])

    def _marked(self, home: Home, mark: str) -> str | None:
        """The announcement that bears our mark, among the newest."""
        for page in range(1, MOST_PAGES + 1):
            rows, more, _ = self._client.one_page(
                f"{home.path}/discussion_topics", page, only_announcements=True
            )
            found = sorted({number(row, "id") for row in rows if _bears(row, mark)}, key=int)
            if len(found) > 1:
                raise Ambiguous(
                    say(
                        "More than one announcement in Canvas carries the same mark; delete all but one of them."
                    ),
                    TEACHER,
                    found,
                )
            if found or not more:
                return found[0] if found else None
        return None

    def _ended(self, home: Home) -> None:
        """Canvas refuses in the same words where a course has ended: that is said instead."""
        course = home.id if home.kind == "course" else str(self._client.group(home.id).get("course_id", ""))
        check_course(self._client, course)

    def _address(self, home: Home, topic: str) -> str:
        return f"{self._client.base_url}/{home.path}/discussion_topics/{topic}"


def message(announcement: Announcement, mark: str) -> str:
    """The words as HTML: paragraphs, who says it, and the link with our mark."""
    paragraphs = "".join(
        f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in announcement.text.split("\n\n")
    )
    address = escape(f"{announcement.link.partition('#')[0]}#said-{mark}")
    by = f"{escape(announcement.by)} · " if announcement.by else ""
    return f'{paragraphs}<p>{by}<a href="{address}">Open the community</a></p>'


def _bears(row: Row, mark: str) -> bool:
    return f"#said-{mark}" in str(row.get("message") or "")
