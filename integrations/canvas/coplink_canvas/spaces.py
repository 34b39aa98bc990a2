"""A community's place in Canvas: a group set of its own in the chosen course, the group, and a page about it.

A set of its own, because in Canvas a person sits in at most one group of a set: seating somebody in a second community
of a shared set would silently take them out of the first (``ensure_mutually_exclusive_membership`` in open source
Canvas, November 2026). A set has no description, so its name ends in a short form of our marker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape

from coplink.core.words import say
from coplink.ports.errors import (
    Ambiguous,
    Gone,
    Misconfigured,
    NotReadyYet,
    PermissionMissing,
    PolicyForbids,
    UnexpectedReply,
)
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_canvas import ADMIN
from coplink_canvas.client import Client
from coplink_canvas.listing import Row, number, text
from coplink_canvas.names import LONGEST_NAME, fitted

CATEGORY, GROUP, PAGE = "category", "group", "page"
NO_PAGE = "none"  # the remote id of a page that the course does not allow
PAGE_TITLE = "About this community"
TEACHER = "facilitator"


class CourseGroups:
    """Makes the group set, the group and the page in a Canvas course, each once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The group set, the group in it, and the page in the group."""
        return (CATEGORY, GROUP, PAGE)

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """Make this part or find it by our marker; Canvas takes no create key, so it always looks first."""
        match step:
            case "category":
                return self._category(wish)
            case "group":
                with _earlier():
                    return self._group(wish, parts[CATEGORY])
            case "page":
                with _earlier():
                    return self._page(wish, parts[GROUP])
        raise UnexpectedReply(say("Canvas has no such part of a space."), f"unknown step {step!r}")

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The group as it is called over there now; raises ``Gone`` when it was deleted."""
        try:
            group = self._client.group(parts[GROUP])
        except Gone as error:
            raise group_gone(error) from error
        return SpaceFacts(text(group, "name"), f"{self._client.base_url}/groups/{parts[GROUP]}")

    # --- the parts --------------------------------------------------------------------------------------------------

    def _category(self, wish: SpaceWish) -> Made:
        course = wish.asked.get("course", "")
        check_course(self._client, course)
        tag = short(wish.marker)
        found = _marked(
            self._client.categories(course).rows, lambda row: text(row, "name").endswith(f"({tag})")
        )
        if found:
            return Made(found, found=True)
        name = f"{fitted(wish.name, LONGEST_NAME - len(tag) - 3)} ({tag})"
        return Made(number(self._client.make_category(course, name), "id"))

    def _group(self, wish: SpaceWish, category: str) -> Made:
        found = _marked(
            self._client.groups(category).rows, lambda row: wish.marker in str(row.get("description") or "")
        )
        if found:
            return Made(found, found=True)
        about = "\n\n".join(text for text in (wish.about.strip(), wish.home_url, wish.marker) if text)
        return Made(number(self._client.make_group(category, fitted(wish.name), about), "id"))

    def _page(self, wish: SpaceWish, group: str) -> Made:
        """The page, or ``NO_PAGE`` where the course forbids pages: a community can do without."""
        try:
            pages = self._client.pages(group, PAGE_TITLE).rows
            found = _marked(pages, lambda row: wish.marker in str(row.get("body") or ""), "page_id")
            if found:
                return Made(found, found=True)
            return Made(number(self._client.make_page(group, PAGE_TITLE, _body(wish)), "page_id"))
        except (PolicyForbids, PermissionMissing):
            return Made(NO_PAGE)


def check_course(client: Client, course: str) -> None:
    """Raises ``Misconfigured`` unless the course is there and still going on."""
    if not re.fullmatch(r"\d{1,19}", course):
        raise Misconfigured(say("Choose a Canvas course: its id is the number in its address."), TEACHER)
    try:
        facts = client.course(course)
    except (Gone, PermissionMissing) as error:
        raise Misconfigured(
            say(
                "The Canvas course {course} is not there, or the service account is not let into it.",
                course=course,
            ),
            ADMIN,
            error.detail,
        ) from error
    if facts.get("concluded") is True or facts.get("workflow_state") in ("completed", "deleted"):
        raise course_over(course)


def course_over(course: str) -> Misconfigured:
    """The course has ended, and with it every group in it is read-only."""
    return Misconfigured(
        say(
            "The Canvas course {course} has ended. Its teacher or an administrator can open it again.",
            course=course,
        ),
        ADMIN,
        f"course {course} concluded",
    )


def group_gone(error: Gone) -> Gone:
    """The group is not there: said about the group."""
    return Gone(say("The group in Canvas is not there any more."), error.detail)


def short(marker: str) -> str:
    """The marker as people meet it in the name of a group set: its first twelve digits."""
    name, _, digits = marker.partition(":")
    return f"{name} {digits[:12]}"


@contextmanager
def _earlier() -> Iterator[None]:
    """What was made in an earlier step and is not there is not visible yet, or was deleted meanwhile: look again."""
    try:
        yield
    except Gone as error:
        raise NotReadyYet(say("Canvas does not show what was just made there yet."), error.detail) from error


def _marked(rows: Sequence[Row], ours: Callable[[Row], bool], key: str = "id") -> str | None:
    """The id of the one row that carries our marker."""
    ids = sorted({number(row, key) for row in rows if ours(row)}, key=int)
    if len(ids) > 1:
        raise Ambiguous(
            say(
                "More than one thing in Canvas carries the mark of this community; delete all but one of them."
            ),
            TEACHER,
            ids,
        )
    return ids[0] if ids else None


def _body(wish: SpaceWish) -> str:
    about = f"<p>{escape(wish.about.strip())}</p>" if wish.about.strip() else ""
    link = f'<p><a href="{escape(wish.home_url)}">Open the community</a></p>' if wish.home_url else ""
    return f"{about}{link}<p><small>{escape(wish.marker)}</small></p>"
