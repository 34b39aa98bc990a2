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
from coplink_canvas.content import Content, Home
from coplink_canvas.listing import Row, number, text
from coplink_canvas.names import (
    CATEGORY,
    COURSE_PAGE,
    GROUP,
    LONGEST_NAME,
    Choices,
    fitted,
    steps,
)

NOTHING = "none"  # the remote id of a page or a link that the course does not allow
PAGE_TITLE = "About this community"
MODULE_NAME = "Communities"
TEACHER = "facilitator"


class CourseGroups:
    """Makes the group set, the group and the page in a Canvas course (or a page alone), and a link to it, each once."""

    def __init__(self, client: Client, choices: Choices) -> None:
        self._client, self._choices = client, choices
        self._content = Content(client)

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The group set, the group in it and the page in the group; or a page in the course; and a link if wanted."""
        return steps(self._choices, wish.parts)

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
            case "course_page":
                return self._course_page(wish)
            case "module":
                return self._link(wish)
        raise UnexpectedReply(say("Canvas has no such part of a space."), f"unknown step {step!r}")

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The group or page as it is called over there now; raises ``Gone`` when it was deleted."""
        if COURSE_PAGE in parts:
            course, page = pair(parts[COURSE_PAGE])
            row = self._course_page_now(course, page)
            return SpaceFacts(
                text(row, "title"), f"{self._client.base_url}/courses/{course}/pages/{text(row, 'url')}"
            )
        try:
            group = self._client.group(parts[GROUP])
        except Gone as error:
            raise group_gone(error) from error
        return SpaceFacts(text(group, "name"), f"{self._client.base_url}/groups/{parts[GROUP]}")

    def _course_page_now(self, course: str, page: str) -> Row:
        try:
            return self._content.page(Home("course", course), page)
        except Gone as error:
            raise Gone(say("The page in the Canvas course is not there any more."), error.detail) from error

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
        """The page, or ``NOTHING`` where the course forbids pages: a community can do without."""
        try:
            return self._about(wish, Home("group", group), PAGE_TITLE)
        except (PolicyForbids, PermissionMissing):
            return Made(NOTHING)

    def _course_page(self, wish: SpaceWish) -> Made:
        course = wish.asked.get("course", "")
        check_course(self._client, course)
        made = self._about(wish, Home("course", course), fitted(wish.name))
        return Made(f"{course}/{made.remote}", made.found)

    def _about(self, wish: SpaceWish, home: Home, title: str) -> Made:
        pages = self._content.pages_called(home, title)
        found = _marked(pages, lambda row: wish.marker in str(row.get("body") or ""), "page_id")
        if found:
            return Made(found, found=True)
        return Made(number(self._content.make_page(home, title, _body(wish)), "page_id"))

    def _link(self, wish: SpaceWish) -> Made:
        """The link in the module for communities, or ``NOTHING`` where the role may not change modules."""
        course = wish.asked.get("course", "")
        if not wish.home_url:
            return Made(NOTHING)
        check_course(self._client, course)
        try:
            modules = self._content.modules_called(course, MODULE_NAME)
            for row in modules:
                module = number(row, "id")
                for link in self._content.links(course, module):
                    if link.get("external_url") == wish.home_url:
                        return Made(f"{course}/{module}/{number(link, 'id')}", found=True)
            row = modules[0] if modules else self._content.make_module(course, MODULE_NAME)
            module = number(row, "id")
            made = self._content.make_link(course, module, fitted(wish.name), wish.home_url)
        except (PolicyForbids, PermissionMissing):
            return Made(NOTHING)
        return Made(f"{course}/{module}/{number(made, 'id')}")


def pair(remote: str) -> tuple[str, str]:
    """A course and what is in it, from the remote id of a part."""
    course, _, rest = remote.partition("/")
    return course, rest


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
