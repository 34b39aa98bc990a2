"""What happens to a place in Canvas after it was made: renamed, put to rest as far as Canvas can, woken, let go.

Canvas has no archive for a group: its name and the page about it say that the community rests. A rename reaches the
group set, the group and the link; where an answer is lost the others are written all the same, and the next go finds
everything as wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from coplink.core.words import Said, say
from coplink.ports.clock import Clock
from coplink.ports.errors import Gone, OutcomeUnknown, PermissionMissing, PolicyForbids
from coplink.ports.upkeep import Kept, Left, UpkeepFacts
from coplink_canvas import marks
from coplink_canvas.client import Client
from coplink_canvas.content import Content, Home
from coplink_canvas.listing import Row, number, text
from coplink_canvas.names import CATEGORY, COURSE_PAGE, GROUP, LONGEST_NAME, MODULE, PAGE, fitted
from coplink_canvas.spaces import NOTHING, PAGE_TITLE, CourseGroups, group_gone, pair

RESTS = " (archived)"
NOTE = "<p><strong>This community is archived.</strong></p>"
_NOTE = re.compile(r"<p[^>]*><strong>This community is archived\.</strong></p>")
_TAG = re.compile(r" \(\w+ [0-9a-f]{12}\)$")
_MARKER = re.compile(r"coplink:[0-9a-f]+")


class CanvasUpkeep:
    """Keeps a group (or a page in a course) as its community wants it."""

    def __init__(self, client: Client, spaces: CourseGroups, clock: Clock) -> None:
        self._client, self._spaces, self._clock = client, spaces, clock
        self._content = Content(client)

    def read(self, parts: Mapping[str, str]) -> UpkeepFacts:
        """Its name over there; one that says so rests."""
        name = self._spaces.describe(parts).name
        return UpkeepFacts(name, name.endswith(RESTS))

    def rename(self, parts: Mapping[str, str], name: str) -> str:
        """Call group set, group and link so; one that rests keeps saying so."""
        facts = self.read(parts)
        return self._call(parts, facts.name, _named(name, facts.archived))

    def archive(self, parts: Mapping[str, str]) -> Kept:
        """Say in its name and on its page that it rests; whoever sits there can still write."""
        facts = self.read(parts)
        self._call(parts, facts.name, _named(facts.name.removesuffix(RESTS), archived=True))
        self._note(parts, archived=True)
        if COURSE_PAGE in parts:
            return Kept(True, say("The page in the course says that the community is archived."))
        return Kept(
            False,
            say(
                "Canvas cannot close a group: its name and its page now say that the community is archived,"
                " and its members can still write there."
            ),
        )

    def restore(self, parts: Mapping[str, str]) -> Kept:
        """Take back what said so."""
        facts = self.read(parts)
        self._call(parts, facts.name, facts.name.removesuffix(RESTS))
        self._note(parts, archived=False)
        return Kept(True, say("The name in Canvas is as it was before."))

    def let_go(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        """What stays. With ``take_away`` the page about the community goes if nobody else wrote on it, coming meetings
        that nobody moved, and the link in the modules."""
        left: list[Left] = []
        if COURSE_PAGE in parts:
            home, page = self._page_of(parts)
            if not self._page_goes(home, page, take_away):
                with suppress(Gone):
                    facts = self._spaces.describe(parts)
                    how = say("A teacher can delete the page under Pages in the course.")
                    left.append(Left(facts.name, facts.link, how))
        else:
            facts = self._spaces.describe(parts)
            left.append(Left(facts.name, facts.link, say("A teacher can delete the group set under People.")))
            left += self._about(parts, facts.link, take_away)
            if take_away:
                self._meetings_go(parts[GROUP])
        return (*left, *self._link_left(parts, take_away))

    # --- names -----------------------------------------------------------------------------------------------------

    def _call(self, parts: Mapping[str, str], before: str, name: str) -> str:
        """Write the name wherever it is another one; what is in doubt is said at the end."""
        writes: list[Callable[[], object]] = []
        if COURSE_PAGE in parts:
            home, page = self._page_of(parts)
            if before != name:
                writes.append(lambda: self._content.change_page(home, page, title=name))
        else:
            writes += self._set_write(parts, name)
            if before != name:
                writes.append(lambda: self._client.rename_group(parts[GROUP], name))
        link = parts.get(MODULE, NOTHING)
        if link != NOTHING:
            writes += self._link_write(link, name)
        doubt: OutcomeUnknown | None = None
        for write in writes:
            try:
                write()
            except OutcomeUnknown as error:
                doubt = error
        if doubt is not None:
            raise doubt
        return name

    def _set_write(self, parts: Mapping[str, str], name: str) -> list[Callable[[], object]]:
        """The group set keeps our tag at the end of its name; one that a person renamed is theirs."""
        try:
            course = number(self._client.group(parts[GROUP]), "course_id")
        except Gone as error:
            raise group_gone(error) from error
        sets = self._client.categories(course).rows
        now = next((text(row, "name") for row in sets if number(row, "id") == parts[CATEGORY]), "")
        tag = _TAG.search(now)
        if tag is None:
            return []
        wanted = fitted(name, LONGEST_NAME - len(tag[0])) + tag[0]
        return [lambda: self._client.rename_category(parts[CATEGORY], wanted)] if now != wanted else []

    def _link_write(self, remote: str, name: str) -> list[Callable[[], object]]:
        course, module, link = remote.split("/")
        row = self._link_there(course, module, link)
        if row is None or row.get("title") == name:
            return []
        return [lambda: self._content.rename_link(course, module, link, name)]

    def _link_there(self, course: str, module: str, link: str) -> Row | None:
        try:
            return next(
                (row for row in self._content.links(course, module) if number(row, "id") == link), None
            )
        except (Gone, PermissionMissing):
            return None

    # --- the page --------------------------------------------------------------------------------------------------

    def _page_of(self, parts: Mapping[str, str]) -> tuple[Home, str]:
        if COURSE_PAGE in parts:
            course, page = pair(parts[COURSE_PAGE])
            return Home("course", course), page
        return Home("group", parts[GROUP]), parts.get(PAGE, NOTHING)

    def _page_there(self, home: Home, page: str) -> Row | None:
        if page == NOTHING:
            return None
        try:
            return self._content.page(home, page)
        except (Gone, PolicyForbids, PermissionMissing):
            return None

    def _note(self, parts: Mapping[str, str], archived: bool) -> None:
        home, page = self._page_of(parts)
        row = self._page_there(home, page)
        if row is None:
            return
        body = str(row.get("body") or "")
        if archived != bool(_NOTE.search(body)):
            self._content.change_page(home, page, body=NOTE + body if archived else _NOTE.sub("", body))

    def _page_goes(self, home: Home, page: str, take_away: bool) -> bool:
        """Whether the page is gone now: one on which somebody else wrote last stays."""
        row = self._page_there(home, page)
        if row is None:
            return True
        editor = row.get("last_edited_by")
        ours = isinstance(editor, dict) and str(editor.get("id")) == self._client.me()
        if not (take_away and ours and _MARKER.search(str(row.get("body") or ""))):
            return False
        with suppress(Gone):
            self._content.drop_page(home, page)
        return True

    def _about(self, parts: Mapping[str, str], link: str, take_away: bool) -> list[Left]:
        if self._page_goes(*self._page_of(parts), take_away):
            return []
        how = say("Any member of the group can delete the page.")
        return [Left(PAGE_TITLE, f"{link}/pages", how)]

    # --- meetings and the link -------------------------------------------------------------------------------------

    def _meetings_go(self, group: str) -> None:
        now = self._clock.now()
        for row in self._client.events(group).rows:
            mark = marks.read(row.get("description"))
            starts = marks.start_of(row)
            if mark is not None and starts == mark.starts and starts is not None and starts > now:
                with suppress(Gone):
                    self._client.drop_event(number(row, "id"))

    def _link_left(self, parts: Mapping[str, str], take_away: bool) -> tuple[Left, ...]:
        remote = parts.get(MODULE, NOTHING)
        if remote == NOTHING:
            return ()
        course, module, link = remote.split("/")
        row = self._link_there(course, module, link)
        if row is None:
            return ()
        if take_away:
            with suppress(Gone):
                self._content.drop_link(course, module, link)
                return ()
        how: Said = say("A teacher can remove the link under Modules.")
        return (Left(str(row.get("title") or ""), f"{self._client.base_url}/courses/{course}/modules", how),)


def _named(name: str, archived: bool) -> str:
    if not archived:
        return fitted(name)
    return fitted(name, LONGEST_NAME - len(RESTS)) + RESTS
